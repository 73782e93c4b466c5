//! No rule deletes what the policy of backups or retention keeps.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::retention::{Candidate, Standing, keep};

/// An object of a bucket, as its rules see it.
struct Object {
    key: String,
    /// How long ago it was written, or stopped being the newest.
    days: u32,
    is_newest: bool,
}

/// Whether a bucket with these rules would have deleted it by now: what the documentation of S3 says.
fn is_deleted(rules: &[LifecycleRule], object: &Object) -> bool {
    rules.iter().filter(|rule| object.key.starts_with(&rule.prefix)).any(|rule| {
        let after = if object.is_newest { rule.expire_days } else { rule.noncurrent_days };
        after.is_some_and(|after| object.days >= after)
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let class = prop_oneof![
        Just(None),
        Just(Some(BackupClass::StandardIa)),
        Just(Some(BackupClass::IntelligentTiering)),
        Just(Some(BackupClass::GlacierIr)),
    ];
    (2..=365_u32, 1..=3_660_u32, class, 30..=3_660_u32).prop_map(|(abort, noncurrent, class, after)| {
        Settings {
            apply: true,
            abort_uploads_days: abort,
            noncurrent_days: noncurrent,
            backup_class: class,
            backup_class_days: after,
        }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    (1..=60_u32, 0..=20_u32, 0..=24_u32).prop_map(|(days, weekly, monthly)| Policy { days, weekly, monthly })
}

/// One a day, the newest today.
fn series(length: u32) -> (DateTime<Utc>, Vec<Candidate>) {
    let today = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let of_day = |days: u32| Candidate {
        label: format!("{days}"),
        taken_at: today - TimeDelta::days(days.into()),
        standing: Standing::Verified,
        is_pinned: false,
        is_held: false,
        needs: None,
    };
    (today, (0..length).map(of_day).collect())
}

proptest! {
    #[test]
    fn a_backup_that_is_there_stays_whatever_its_age(
        settings in settings(), policy in policy(), days in 0..100_000_u32, tail in "[a-z/]{0,20}",
    ) {
        for place in ["backups", "second"] {
            let rules = backup_rules("production", place, &settings, &policy);
            for folder in ["backups", "blobs", "holds"] {
                let object = Object { key: format!("production/{folder}/{tail}"), days, is_newest: true };
                prop_assert!(!is_deleted(&rules, &object));
            }
        }
    }

    #[test]
    fn a_version_of_a_backup_stays_while_the_policy_would_keep_it(
        settings in settings(), policy in policy(), start in 0..400_i64,
    ) {
        let (today, mut candidates) = series(1_000);
        candidates.iter_mut().for_each(|one| one.taken_at -= TimeDelta::days(start));
        let today = today - TimeDelta::days(start);
        let rules = backup_rules("production", "backups", &settings, &policy);
        for label in keep(&candidates, &policy).keys() {
            let taken_at = candidates.iter().find(|one| one.label == *label).unwrap().taken_at;
            // Deleted by somebody on the day it was taken: no version of it can be older.
            let days = u32::try_from((today - taken_at).num_days()).unwrap();
            let key = format!("production/backups/{label}/database.dump.age");
            prop_assert!(!is_deleted(&rules, &Object { key, days, is_newest: false }), "{days} days");
        }
    }

    #[test]
    fn data_that_is_there_stays_but_for_what_lies_in_the_entrance_longer_than_uploads_are_kept(
        settings in settings(), kept in prop::option::of(1..=3_660_u32), days in 0..100_000_u32,
    ) {
        let rules = data_rules("production", &settings, kept);
        for folder in ["workbooks", "slices", "results", "samples", "smoke"] {
            let object = Object { key: format!("{folder}/x"), days, is_newest: true };
            prop_assert!(!is_deleted(&rules, &object));
        }
        let entrance = Object { key: "uploads/x".to_owned(), days, is_newest: true };
        prop_assert_eq!(is_deleted(&rules, &entrance), kept.is_some_and(|kept| days >= kept + 7));
    }

    #[test]
    fn no_environment_and_no_place_takes_the_rules_of_another(settings in settings(), policy in policy()) {
        let names = ["development", "testing", "staging", "production"];
        let places = ["data", "backups", "second"];
        let all = || names.iter().flat_map(|name| places.iter().map(move |place| (*name, *place)));
        for (environment, place) in all() {
            let rules = if place == "data" {
                data_rules(environment, &settings, Some(7))
            } else {
                backup_rules(environment, place, &settings, &policy)
            };
            let owners = |id: &str| all().filter(|(name, place)| id.starts_with(&owner(name, place))).count();
            prop_assert!(rules.iter().all(|rule| rule.id.starts_with(&owner(environment, place))));
            prop_assert!(rules.iter().all(|rule| owners(&rule.id) == 1 && rule.id.len() <= 255));
        }
    }
}
