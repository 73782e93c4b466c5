use chrono::TimeDelta;

use crate::job::{Kind, Label};
use crate::profile::{Profile, Variables};
use crate::schedule::{CatchUp, Overlap, Work};

/// What a file of this text gives, or every mistake in it.
fn load(text: &str) -> Result<Profile, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("testing.toml"), text).unwrap();
    let loaded = Profile::load(Some("testing"), Some(folder.path()), &Variables::new());
    let place = format!("{}/", folder.path().display());
    loaded.map_err(|errors| errors.mistakes.iter().map(|mistake| mistake.replace(&place, "")).collect())
}

const GOOD: &str = r#"
[[schedules]]
name = "nightly"
kind = "backup"
cron = "0  0 * * *"
jitter = "90s"
arguments = { type = "full", tables = ["a", "b"], nested = { deep = 1.5, yes = true } }

[[schedules]]
name = "evening"
kind = "scale"
cron = "0 20 * * MON-FRI"
overlap = "allow"
catch_up = "12h"
start_deadline = "10m"
arguments = { workers = 0, label = "gpu" }

[[maintenance_windows]]
name = "sunday"
opens = "0 2 * * SUN"
length = "2h"
"#;

#[test]
fn a_schedule_says_its_cron_and_the_rest_follows_from_its_kind() {
    let timetable = load(GOOD).unwrap().timetable;
    let nightly = timetable.named("nightly").unwrap();
    assert_eq!((nightly.work, nightly.cron.as_str()), (Work::Job(Kind::Backup), "0 0 * * *"));
    assert_eq!((nightly.catch_up, nightly.timeout), (CatchUp::Interval, TimeDelta::hours(6)));
    assert_eq!(nightly.overlap, Overlap::Forbid { key: "nightly".to_owned() });
    assert_eq!((nightly.jitter, nightly.start_deadline), (TimeDelta::seconds(90), TimeDelta::minutes(5)));
    assert_eq!(nightly.arguments["nested"]["deep"], 1.5);
    let evening = timetable.named("evening").unwrap();
    assert_eq!(evening.work, Work::Scale { label: Label::Gpu, workers: 0 });
    assert_eq!(
        (evening.catch_up, &evening.overlap),
        (CatchUp::Within(TimeDelta::hours(12)), &Overlap::Allow)
    );
    assert_eq!(timetable.windows.0[0].length, TimeDelta::hours(2));
}

#[test]
fn a_timetable_that_is_printed_is_read_again() {
    let profile = load(GOOD).unwrap();
    assert_eq!(load(&profile.redacted()).unwrap().timetable, profile.timetable);
}

#[test]
fn every_mistake_of_a_timetable_is_told_at_once_by_name() {
    let told = load(
        r#"
[[schedules]]
name = "one"
kind = "bakup"
cron = "0 0 * *"
catch_up = "always"
start_deadline = "5"
overlap = "perhaps"
jitter = 5
cronn = "x"
[[schedules]]
name = "two"
kind = "scale"
cron = "0 0 * * *"
arguments = { workers = -1 }
[[schedules]]
name = "two"
kind = "retention"
cron = "0 0 30 2 *"
timeout = "0s"
[[schedules]]
name = "Two words"
kind = "retention"
cron = "0 0 * * *"
arguments = { results_days = 7 }
[[schedules]]
kind = "slice"
[[maintenance_windows]]
name = "sunday"
length = "0s"
"#,
    );
    let begins = [
        r#"schedules "one": kind: "bakup" is none of probe, backup, restore_drill, retention, smoke_test, resource_watch, scale"#,
        r#"schedules "one": cron: "0 0 * *" has 4 fields"#,
        r#"schedules "one": catch_up: "always" is none of skip, newest, interval"#,
        r#"schedules "one": start_deadline: "5" is no span of time"#,
        r#"schedules "one": overlap: "perhaps" is none of forbid, allow"#,
        r#"schedules "one": jitter: must be a text in quotes"#,
        r#"schedules "one": cronn: there is no such setting here"#,
        r#"schedules "two": arguments: of the kind scale are workers, from 0 to 10000"#,
        r#"schedules "two": cron: "0 0 30 2 *" names no day that ever comes"#,
        r#"schedules "two": timeout: "0s" must be longer than nothing"#,
        r#"schedules "two": arguments: say nothing of what is to go: give at least one of uploads_days"#,
        r#"schedules 4: name: "Two words" is no name"#,
        r#"schedules 5: name: is needed"#,
        r#"schedules 5: kind: "slice" is none of probe"#,
        r#"schedules 5: cron: is needed"#,
        r#"maintenance_windows "sunday": opens: is needed"#,
        r#"maintenance_windows "sunday": length: "0s" must be longer than nothing"#,
    ];
    let told = told.unwrap_err();
    for (mistake, begin) in told.iter().zip(begins) {
        let mistake = mistake.strip_prefix("testing.toml: ").unwrap();
        assert!(mistake.starts_with(begin), "{mistake}\n{begin}");
    }
    assert_eq!(told.len(), begins.len(), "{told:#?}");
}

#[test]
fn two_schedules_of_one_name_are_refused() {
    let one = "[[schedules]]\nname = \"a\"\nkind = \"probe\"\ncron = \"0 0 * * *\"\n";
    let told = load(&one.repeat(2)).unwrap_err();
    assert_eq!(told, ["testing.toml: schedules \"a\": name: is given twice"]);
    assert!(load("[schedules]\nname = \"a\"\n").unwrap_err()[0].contains("there is no such setting"));
    assert!(
        load("schedules = [1]").unwrap_err()[0].contains("must be entries that begin with [[schedules]]")
    );
    let many = load(&"[[schedules]]\n".repeat(101)).unwrap_err();
    assert_eq!(many, ["testing.toml: schedules: are more than 100"]);
}
