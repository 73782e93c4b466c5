//! The rules that buckets follow by themselves, derived from the profile.
//!
//! They take away what nothing else sees: uploads in parts that broke off, and versions that stopped being the newest. Of
//! what is there, a rule deletes only what lies in the entrance of the data for longer than the profile keeps uploads;
//! never a backup, whatever its age. That is [`crate::retention`]'s to decide, which knows what is kept and why.

use std::collections::BTreeMap;

use fermiac_fleet::blobs::{Applied, BlobError, Blobs, LifecycleRule, StorageClass, Touch, Transition};
use fermiac_fleet::job::Kind;
use fermiac_fleet::profile::{BackupClass, Lifecycle as Settings, Profile};
use fermiac_fleet::retention::RetentionArguments;
use fermiac_fleet::schedule::{Timetable, Work};
use serde_json::{Value, json};

use crate::context::Places;
use crate::error::Result;
use crate::retention::Policy;

/// A rule waits for so many days longer than the job whose leftovers it takes.
const SLACK_DAYS: u32 = 7;
/// No week and no month of a policy lasts longer, from the beginning of one to the end of the next.
const DAYS_OF_A_WEEK: u32 = 7;
const DAYS_OF_A_MONTH: u32 = 31;

/// The rules of all places of an environment.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    environment: String,
    places: Vec<Place>,
}

#[derive(Debug, Clone)]
struct Place {
    name: &'static str,
    home: Blobs,
    rules: Vec<LifecycleRule>,
}

impl Lifecycle {
    /// Of a profile, whose data lies in `data`.
    ///
    /// # Errors
    /// When it names a place of backups that cannot be.
    pub fn of(profile: &Profile, data: &Blobs) -> Result<Lifecycle> {
        let environment = profile.environment.name().to_owned();
        let settings = &profile.lifecycle;
        let rules = data_rules(&environment, settings, kept_uploads(&profile.timetable));
        let mut places = vec![Place { name: "data", home: data.clone(), rules }];
        if profile.backup.url.is_some() {
            let (kept, policy) = (Places::of(profile)?, Policy::of(&profile.backup));
            let homes = [("backups", Some(kept.vault.home().clone())), ("second", kept.second)];
            for (name, home) in homes.into_iter().filter_map(|(name, home)| Some((name, home?))) {
                places.push(Place { name, home, rules: backup_rules(&environment, name, settings, &policy) });
            }
        }
        Ok(Lifecycle { environment, places })
    }

    /// The rules as the tools of S3 take them, by place; nothing for a folder.
    #[must_use]
    pub fn document(&self) -> Value {
        self.places.iter().map(|place| (place.name, place.home.lifecycle_document(&place.rules))).collect()
    }

    /// Has all places follow their rules, or looks whether they do. What fails in one keeps no other from it.
    pub async fn follow(
        &self,
        touch: Touch,
    ) -> BTreeMap<&'static str, std::result::Result<Applied, BlobError>> {
        let mut followed = BTreeMap::new();
        for Place { name, home, rules } in &self.places {
            followed.insert(*name, home.follow(&owner(&self.environment, name), rules, touch).await);
        }
        followed
    }
}

/// What became of one place, in a word for programs and in words for people.
#[must_use]
pub fn told(done: &std::result::Result<Applied, BlobError>) -> Value {
    match done {
        Ok(Applied::Unchanged) => json!({ "status": "unchanged" }),
        Ok(Applied::Changed { others }) => json!({ "status": "changed", "rules_of_others": others }),
        Ok(Applied::Unsupported(reason)) => json!({ "status": "unsupported", "reason": reason }),
        Err(error) => json!({ "status": "failed", "reason": error.to_string() }),
    }
}

/// What the ids of the rules of one place of one environment begin with: several may share a bucket.
fn owner(environment: &str, place: &str) -> String {
    format!("fermiac-{environment}-{place}-")
}

/// The days for which uploads are kept at most; none where no schedule deletes any.
fn kept_uploads(timetable: &Timetable) -> Option<u32> {
    let retentions = timetable.schedules.iter().filter(|one| one.work == Work::Job(Kind::Retention));
    let arguments = retentions.filter_map(|one| {
        let text = Value::Object(one.arguments.clone()).to_string();
        RetentionArguments::parse(text.as_bytes()).ok()
    });
    arguments.filter_map(|arguments| arguments.uploads_days).max()
}

/// What lies in `uploads/` is on its way to its name, which takes seconds: after two hours it is an orphan.
fn data_rules(environment: &str, settings: &Settings, kept_uploads: Option<u32>) -> Vec<LifecycleRule> {
    let id = |name: &str| owner(environment, "data") + name;
    let mut rules = vec![
        LifecycleRule {
            id: id("unfinished"),
            abort_uploads_days: Some(settings.abort_uploads_days),
            ..LifecycleRule::default()
        },
        LifecycleRule {
            id: id("versions"),
            noncurrent_days: Some(settings.noncurrent_days),
            ..LifecycleRule::default()
        },
    ];
    rules.extend(kept_uploads.map(|days| LifecycleRule {
        id: id("entrance"),
        prefix: "uploads/".to_owned(),
        expire_days: Some(days + SLACK_DAYS),
        ..LifecycleRule::default()
    }));
    rules
}

/// A version that stopped being the newest is a backup that somebody deleted or wrote over: it stays for as long as the
/// policy would have kept it.
fn backup_rules(environment: &str, place: &str, settings: &Settings, policy: &Policy) -> Vec<LifecycleRule> {
    let of_us = |name: &str| LifecycleRule {
        id: owner(environment, place) + name,
        prefix: format!("{environment}/"),
        ..LifecycleRule::default()
    };
    let mut rules = vec![
        LifecycleRule { abort_uploads_days: Some(settings.abort_uploads_days), ..of_us("unfinished") },
        LifecycleRule { noncurrent_days: Some(span_days(policy) + SLACK_DAYS), ..of_us("versions") },
    ];
    rules.extend(settings.backup_class.map(|class| LifecycleRule {
        transition: Some(Transition { days: settings.backup_class_days, class: storage_class(class) }),
        ..of_us("cheaper")
    }));
    rules
}

fn storage_class(class: BackupClass) -> StorageClass {
    match class {
        BackupClass::StandardIa => StorageClass::StandardInfrequentAccess,
        BackupClass::IntelligentTiering => StorageClass::IntelligentTiering,
        BackupClass::GlacierIr => StorageClass::GlacierInstantRetrieval,
    }
}

/// No backup of an unbroken series is kept for longer, pins aside. A week or month that has just begun counts as one, so
/// the oldest of so many ends within as many whole ones before it.
fn span_days(policy: &Policy) -> u32 {
    let weeks = policy.weekly.saturating_mul(DAYS_OF_A_WEEK);
    let months = policy.monthly.saturating_mul(DAYS_OF_A_MONTH);
    policy.days.max(weeks).max(months)
}

#[cfg(test)]
mod tests;
