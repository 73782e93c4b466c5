//! How long what is over is kept, and what may go: pure functions, the same for a dry run and for the deletion.
//!
//! | class | what | from when its days count |
//! |---|---|---|
//! | `uploads` | workbooks that no simulation reads | when it was uploaded |
//! | `results` | simulations that succeeded or were cancelled, with jobs, results and samples | when it ended |
//! | `jobs` | the platform's own jobs that succeeded or were cancelled | when it ended |
//! | `dead_letters` | simulations and jobs that failed | when it failed |

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::job::{State, named};

/// Nothing is kept for longer by a number; what is to be kept for good has none.
const MOST_DAYS: u32 = 3_660;

named! {
    /// What goes by which number of days.
    Class {
        /// Workbooks.
        Uploads = "uploads",
        /// Simulations, with all that they made.
        Results = "results",
        /// The platform's own jobs.
        Jobs = "jobs",
        /// What failed.
        DeadLetters = "dead_letters",
    }
}

named! {
    /// A table that is looked through, in this order: a workbook goes when no simulation reads it any more, and not at
    /// once with the last, so that nothing goes that was not foretold.
    Kept {
        /// Workbooks.
        Workbooks = "workbooks",
        /// Simulations, whose jobs go with them.
        Simulations = "simulations",
        /// Jobs of no simulation, whose children go with them.
        Jobs = "jobs",
    }
}

/// The days of each class; what has none is kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionArguments {
    /// Of workbooks.
    pub uploads_days: Option<u32>,
    /// Of simulations, and of the platform's own jobs.
    pub results_days: Option<u32>,
    /// Of what failed.
    pub dead_letters_days: Option<u32>,
}

impl RetentionArguments {
    /// Reads the arguments of a schedule or of its job.
    ///
    /// # Errors
    /// In words, when one is unknown or not a number of days, and when there is none at all.
    pub fn parse(arguments: &[u8]) -> Result<RetentionArguments, String> {
        let arguments: RetentionArguments = serde_json::from_slice(arguments).map_err(|error| {
            format!("are uploads_days, results_days and dead_letters_days, from 1 to {MOST_DAYS}: {error}")
        })?;
        let RetentionArguments { uploads_days, results_days, dead_letters_days } = arguments;
        let named = [
            ("uploads_days", uploads_days),
            ("results_days", results_days),
            ("dead_letters_days", dead_letters_days),
        ];
        if named.iter().all(|(_, days)| days.is_none()) {
            let names = named.map(|(name, _)| name).join(", ");
            return Err(format!("say nothing of what is to go: give at least one of {names}"));
        }
        match named.iter().find(|(_, days)| days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days))) {
            Some((name, _)) => Err(format!("have {name} that is not from 1 to {MOST_DAYS}")),
            None => Ok(arguments),
        }
    }

    /// Before which instants things have been kept long enough.
    #[must_use]
    pub fn limits(&self, now: DateTime<Utc>) -> Limits {
        let before = |days: Option<u32>| days.map(|days| now - TimeDelta::days(days.into()));
        Limits {
            uploads: before(self.uploads_days),
            results: before(self.results_days),
            dead_letters: before(self.dead_letters_days),
        }
    }
}

/// Before these instants, things have been kept long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    uploads: Option<DateTime<Utc>>,
    results: Option<DateTime<Utc>>,
    dead_letters: Option<DateTime<Utc>>,
}

/// A row, as far as keeping it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub id: Uuid,
    /// The table it was found in.
    pub kept: Kept,
    /// How it ended; nothing for a workbook, which has no end.
    pub state: Option<State>,
    /// From when its days count.
    pub since: DateTime<Utc>,
    /// Whether something that is not over, or a simulation that is kept, needs it.
    pub is_needed: bool,
    /// How much its rows hold, blobs aside.
    pub bytes: u64,
}

impl Found {
    /// The class by which it goes; nothing if it stays.
    #[must_use]
    pub fn goes(&self, limits: &Limits) -> Option<Class> {
        let (class, limit) = match (self.kept, self.state) {
            (Kept::Workbooks, _) => (Class::Uploads, limits.uploads),
            (_, Some(State::Failed)) => (Class::DeadLetters, limits.dead_letters),
            (Kept::Simulations, Some(State::Succeeded | State::Cancelled)) => {
                (Class::Results, limits.results)
            }
            (Kept::Jobs, Some(State::Succeeded | State::Cancelled)) => (Class::Jobs, limits.results),
            (_, Some(State::Scheduled | State::Waiting | State::Ready | State::Running) | None) => {
                return None;
            }
        };
        (!self.is_needed && self.since < limit?).then_some(class)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn days(days: u32) -> RetentionArguments {
        let days = Some(days);
        RetentionArguments { uploads_days: days, results_days: days, dead_letters_days: days }
    }

    fn found() -> impl Strategy<Value = Found> {
        let kept = prop::sample::select(Kept::ALL.to_vec());
        let state = prop::option::of(prop::sample::select(State::ALL.to_vec()));
        (kept, state, -100_i64..100, any::<bool>()).prop_map(|(kept, state, age, is_needed)| Found {
            id: Uuid::nil(),
            kept,
            state: state.filter(|_| kept != Kept::Workbooks),
            since: now() - TimeDelta::days(age),
            is_needed,
            bytes: 0,
        })
    }

    proptest! {
        #[test]
        fn nothing_goes_that_is_needed_unfinished_or_young(found in found(), kept_days in 1..90_u32) {
            if let Some(class) = found.goes(&days(kept_days).limits(now())) {
                prop_assert!(!found.is_needed);
                prop_assert!(now() - found.since > TimeDelta::days(kept_days.into()));
                match found.kept {
                    Kept::Workbooks => prop_assert_eq!(class, Class::Uploads),
                    _ => prop_assert!(found.state.unwrap().is_terminal()),
                }
            }
        }

        #[test]
        fn what_goes_by_more_days_goes_by_fewer(found in found(), few in 1..45_u32, more in 0..45_u32) {
            let class = |kept_days| found.goes(&days(kept_days).limits(now()));
            prop_assert!(class(few + more).is_none() || class(few) == class(few + more));
        }

        #[test]
        fn a_class_without_days_is_kept_for_good(found in found(), kept_days in 1..90_u32) {
            let all = found.goes(&days(kept_days).limits(now()));
            let only_uploads = RetentionArguments { uploads_days: Some(kept_days), ..Default::default() };
            let goes = found.goes(&only_uploads.limits(now()));
            prop_assert_eq!(goes, all.filter(|class| *class == Class::Uploads));
        }
    }

    #[test]
    fn arguments_that_make_no_sense_are_refused_in_words() {
        let refused = |text: &str| RetentionArguments::parse(text.as_bytes()).unwrap_err();
        assert!(refused(r#"{"upload_days": 7}"#).contains("unknown field `upload_days`"));
        assert!(refused(r#"{"uploads_days": 0}"#).contains("uploads_days that is not from 1 to 3660"));
        assert!(refused(r#"{"results_days": 3661}"#).contains("results_days that is not from 1 to 3660"));
        assert!(refused(r#"{"results_days": -1}"#).contains("invalid value"));
        assert!(refused(r#"{"results_days": "30"}"#).contains("invalid type"));
        assert!(refused("{}").contains("at least one of uploads_days, results_days, dead_letters_days"));
        let all = br#"{"uploads_days": 7, "results_days": 7, "dead_letters_days": 7}"#;
        assert_eq!(RetentionArguments::parse(all), Ok(days(7)));
    }
}
