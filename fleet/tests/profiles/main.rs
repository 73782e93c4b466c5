//! The profiles that come with the program, and those of the five platforms that it was made for: what each does by the
//! clock over a year is what its document says.

#![expect(clippy::unwrap_used, reason = "in a test, an error is a failure")]

mod year;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Timelike, Weekday};
use fermiac_fleet::profile::{Environment, Profile, Variables};
use fermiac_fleet::schedule::{Fate, Work};
use year::year;

/// Of the year that is simulated: it begins on a Saturday and has a leap day.
const DAYS: usize = 366;
const HOURS: usize = DAYS * 24;
const FIVE_MINUTES: usize = HOURS * 12;
const WORKDAYS: usize = 260;
const SUNDAYS: usize = 53;
const MONTHS: usize = 12;

fn folder(platform: &str) -> PathBuf {
    let environments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../environments");
    if platform.is_empty() { environments } else { environments.join("examples").join(platform) }
}

fn load(platform: &str, environment: Environment) -> Profile {
    let mut variables = Variables::new();
    if environment.is_exposed() {
        let needed = [
            ("DATABASE_URL", "postgres://fermiac:long-and-random@db/fermiac"),
            ("REDIS_URL", "rediss://redis:6379/0"),
            ("FERMIAC_BLOBS_URL", "s3://fermiac-data/blobs"),
            ("FERMIAC_BLOBS_ACCESS_KEY", "fermiac"),
            ("FERMIAC_BLOBS_SECRET_KEY", "of-the-bucket"),
            ("SECRET_KEY", "3d6f0a5b9c8e7d1f2a4b6c8d0e1f3a5b7c9d1e3f5a7b9c1d3e5f7a9b1c3d5e7f"),
        ];
        variables.extend(needed.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }
    Profile::load(Some(environment.name()), Some(&folder(platform)), &variables).unwrap()
}

/// What an environment does in a year, by schedule; nothing is late or missed.
fn emitted(platform: &str, environment: Environment) -> BTreeMap<String, usize> {
    let year = year(&load(platform, environment).timetable);
    assert!(year.ticks.values().flatten().all(|(_, fate)| *fate == Fate::Emitted), "{platform}");
    year.ticks.into_iter().map(|(name, ticks)| (name, ticks.len())).collect()
}

fn expected(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn development_has_no_backup_and_no_cleanup() {
    assert_eq!(emitted("", Environment::Development), expected(&[("smoke", HOURS)]));
    assert_eq!(emitted("", Environment::Testing), expected(&[]));
}

#[test]
fn staging_has_daily_backups_and_cleans_up_after_a_week() {
    let counts = [
        ("backup", DAYS),
        ("cleanup", 4 * DAYS),
        ("evening", WORKDAYS),
        ("morning", WORKDAYS),
        ("resources", FIVE_MINUTES),
        ("smoke", HOURS),
    ];
    assert_eq!(emitted("", Environment::Staging), expected(&counts));
    assert_eq!(days_kept("", Environment::Staging), 7);
    assert_eq!(
        workers_wanted("", Environment::Staging),
        [("evening".to_owned(), 0), ("morning".to_owned(), 1)]
    );
}

#[test]
fn production_has_a_backup_every_six_hours_and_a_drill_every_month() {
    let counts = [
        ("backup_full", DAYS),
        ("backup_incremental", 3 * DAYS),
        ("cleanup", DAYS),
        ("resources", FIVE_MINUTES),
        ("restore_drill", MONTHS),
        ("smoke", FIVE_MINUTES),
    ];
    assert_eq!(emitted("", Environment::Production), expected(&counts));
    assert_eq!(days_kept("", Environment::Production), 30);
    let profile = load("", Environment::Production);
    let keys: Vec<_> = ["backup_full", "backup_incremental"]
        .map(|name| profile.timetable.named(name).unwrap().concurrency_key().unwrap().to_owned())
        .into();
    assert_eq!(keys, ["backup", "backup"]);
}

#[test]
fn best_practices_backs_up_daily_in_staging_and_every_six_hours_in_production() {
    let platform = "monte_carlo_best_practices";
    assert_eq!(emitted(platform, Environment::Development), expected(&[("smoke", HOURS)]));
    let staging = [("backup", DAYS), ("cleanup", DAYS), ("smoke", DAYS)];
    assert_eq!(emitted(platform, Environment::Staging), expected(&staging));
    let production = [("backup", 4 * DAYS), ("cleanup", DAYS), ("smoke", FIVE_MINUTES)];
    assert_eq!(emitted(platform, Environment::Production), expected(&production));
    assert_eq!(days_kept(platform, Environment::Staging), 7);
    assert_eq!(days_kept(platform, Environment::Production), 30);
    let backups = year(&load(platform, Environment::Production).timetable).ticks.remove("backup").unwrap();
    assert!(backups.iter().all(|(tick, _)| tick.hour() % 6 == 0 && tick.minute() == 0));
    let fractions = [Environment::Development, Environment::Staging, Environment::Production]
        .map(|environment| load(platform, environment).gpu.memory_fraction);
    assert_eq!(fractions, [0.4, 0.6, 0.8]);
}

#[test]
fn phase_2_cleans_up_every_six_hours_after_a_week_and_watches_its_memory() {
    let platform = "monte_carlo_phase_2";
    assert_eq!(emitted(platform, Environment::Development), expected(&[]));
    let production =
        [("backup", DAYS), ("cleanup", 4 * DAYS), ("resources", FIVE_MINUTES), ("smoke", FIVE_MINUTES)];
    assert_eq!(emitted(platform, Environment::Production), expected(&production));
    let staging = production.map(|(name, count)| (name, if name == "smoke" { HOURS } else { count }));
    assert_eq!(emitted(platform, Environment::Staging), expected(&staging));
    assert_eq!(days_kept(platform, Environment::Production), 7);
    let profile = load(platform, Environment::Production);
    assert_eq!(profile.timetable.named("resources").unwrap().arguments["alert_percent"], 80);
    assert_eq!(profile.http.upload_max_bytes, 500 << 20);
}

#[test]
fn stratcap_backs_up_daily_deletes_inside_its_window_and_sleeps_outside_production() {
    let platform = "stratcap";
    assert_eq!(emitted(platform, Environment::Development), expected(&[]));
    let sleeps = [("evening", WORKDAYS), ("morning", WORKDAYS)];
    assert_eq!(emitted(platform, Environment::Testing), expected(&sleeps));
    let staging = [&sleeps[..], &[("smoke", HOURS)]].concat();
    assert_eq!(emitted(platform, Environment::Staging), expected(&staging));
    let production = [("backup", DAYS), ("cleanup", SUNDAYS), ("smoke", FIVE_MINUTES)];
    assert_eq!(emitted(platform, Environment::Production), expected(&production));
    for environment in [Environment::Testing, Environment::Staging] {
        let wanted = workers_wanted(platform, environment);
        assert!(wanted[0] == ("evening".to_owned(), 0) && wanted[1].1 > 0, "{wanted:?}");
    }
    let cleanups = year(&load(platform, Environment::Production).timetable).ticks.remove("cleanup").unwrap();
    assert!(cleanups.iter().all(|(tick, _)| tick.weekday() == Weekday::Sun && (2..6).contains(&tick.hour())));
}

#[test]
fn mapleai_backs_up_daily_and_tests_a_restore_every_month() {
    let platform = "mapleai";
    assert_eq!(emitted(platform, Environment::Development), expected(&[]));
    assert_eq!(emitted(platform, Environment::Staging), expected(&[("smoke", HOURS)]));
    let production =
        [("backup", DAYS), ("cleanup", DAYS), ("restore_drill", MONTHS), ("smoke", FIVE_MINUTES)];
    assert_eq!(emitted(platform, Environment::Production), expected(&production));
    assert_eq!(days_kept(platform, Environment::Production), 30);
}

#[test]
fn atlas_investor_backs_up_daily_and_tests_a_restore_every_month() {
    let platform = "atlas_investor";
    assert_eq!(emitted(platform, Environment::Development), expected(&[]));
    let staging = [("resources", FIVE_MINUTES), ("smoke", HOURS)];
    assert_eq!(emitted(platform, Environment::Staging), expected(&staging));
    let production = [
        ("backup", DAYS),
        ("cleanup", DAYS),
        ("resources", FIVE_MINUTES),
        ("restore_drill", MONTHS),
        ("smoke", FIVE_MINUTES),
    ];
    assert_eq!(emitted(platform, Environment::Production), expected(&production));
}

#[test]
fn no_example_is_left_out() {
    let examples = std::fs::read_dir(folder("").join("examples")).unwrap();
    let mut platforms: Vec<String> =
        examples.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    platforms.sort();
    let tested =
        ["atlas_investor", "mapleai", "monte_carlo_best_practices", "monte_carlo_phase_2", "stratcap"];
    assert_eq!(platforms, tested);
}

/// After how many days uploads and results go.
fn days_kept(platform: &str, environment: Environment) -> u64 {
    let cleanup = load(platform, environment).timetable.named("cleanup").unwrap().arguments.clone();
    assert_eq!(cleanup["uploads_days"], cleanup["results_days"]);
    cleanup["uploads_days"].as_u64().unwrap()
}

fn workers_wanted(platform: &str, environment: Environment) -> Vec<(String, u32)> {
    let schedules = load(platform, environment).timetable.schedules;
    let wanted = schedules.into_iter().filter_map(|schedule| match schedule.work {
        Work::Scale { workers, .. } => Some((schedule.name, workers)),
        Work::Job(_) => None,
    });
    wanted.collect()
}
