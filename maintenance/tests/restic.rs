//! What restic's `forget` keeps, our policy keeps.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use fermiac_harness::Folder;
use fermiac_maintenance::retention::{Candidate, Policy, Standing, keep};

/// Every eleventh day or so over more than a year, at hours that go round, and some close together: the ends of weeks,
/// months and years are all met.
fn instants() -> Vec<DateTime<Utc>> {
    let first = NaiveDate::from_ymd_opt(2024, 11, 27).unwrap().and_hms_opt(0, 30, 0).unwrap().and_utc();
    let spread = (0..32).map(|step| first + TimeDelta::hours(step * 11 * 24 + step * 7));
    let last = first + TimeDelta::hours(31 * 11 * 24 + 31 * 7);
    spread.chain((1..=4).map(|step| last + TimeDelta::hours(step * 10))).collect()
}

#[test]
fn the_policy_keeps_what_restic_keeps() {
    if Command::new("restic").arg("version").output().is_err() {
        eprintln!(
            "SKIPPED: restic is not installed, the policy is NOT compared with it (apt-get install restic)"
        );
        return;
    }
    let folder = Folder::new("restic");
    restic(folder.path(), &["init"]);
    std::fs::write(folder.path().join("file"), "content").unwrap();
    let instants = instants();
    for instant in &instants {
        let time = instant.format("%Y-%m-%d %H:%M:%S").to_string();
        restic(folder.path(), &["backup", "--time", &time, "file"]);
    }
    let policies = [(30, 4, 12), (0, 4, 0), (0, 0, 12), (7, 0, 0), (1, 52, 2), (45, 2, 24)];
    for (days, weekly, monthly) in policies {
        let policy = Policy { days, weekly, monthly };
        assert_eq!(ours(&instants, &policy), theirs(folder.path(), &policy), "{policy:?}");
    }
}

fn ours(instants: &[DateTime<Utc>], policy: &Policy) -> BTreeSet<String> {
    let candidate = |instant: &DateTime<Utc>| Candidate {
        label: instant.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        taken_at: *instant,
        standing: Standing::Verified,
        is_pinned: false,
        is_held: false,
        needs: None,
    };
    keep(&instants.iter().map(candidate).collect::<Vec<_>>(), policy).into_keys().collect()
}

fn theirs(folder: &Path, policy: &Policy) -> BTreeSet<String> {
    let within = format!("{}d", policy.days);
    let (weekly, monthly) = (policy.weekly.to_string(), policy.monthly.to_string());
    let mut words = vec!["forget", "--dry-run", "--json"];
    for (option, count) in
        [("--keep-within", &within), ("--keep-weekly", &weekly), ("--keep-monthly", &monthly)]
    {
        if !matches!(count.as_str(), "0" | "0d") {
            words.extend([option, count]);
        }
    }
    let said: serde_json::Value = serde_json::from_slice(&restic(folder, &words).stdout).unwrap();
    let kept = said[0]["keep"].as_array().unwrap().iter();
    kept.map(|snapshot| snapshot["time"].as_str().unwrap().to_owned()).collect()
}

fn restic(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new("restic");
    command.args(["--repo", "repository", "--no-cache"]).args(words).current_dir(folder);
    let output = command.env("RESTIC_PASSWORD", "word").env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
