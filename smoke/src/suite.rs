//! Which checks there are, what each needs, and which suite makes which.

use std::time::Duration;

use fermiac_fleet::profile::Environment;
use serde::{Deserialize, Serialize};

/// Declares the enum, the list and the row of each check.
macro_rules! checks {
    ($(#[doc = $about:literal] $check:ident = $name:literal within $seconds:literal s,
        after [$($after:ident),*], needs [$($need:ident),*], in [$($suite:ident),+];)+) => {
        /// What is looked at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Check {
            $(#[doc = $about] #[serde(rename = $name)] $check),+
        }

        impl Check {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Check] = &[$(Check::$check),+];

            pub(crate) fn row(self) -> Row {
                match self {
                    $(Check::$check => Row {
                        name: $name,
                        about: $about.trim_ascii_start(),
                        within: Duration::from_secs($seconds),
                        after: &[$(Check::$after),*],
                        needs: &[$(Check::$need),*],
                        suites: &[$(Suite::$suite),+],
                    }),+
                }
            }
        }
    };
}

/// What is known of a check before it is made.
pub(crate) struct Row {
    pub name: &'static str,
    pub about: &'static str,
    /// After this time without an answer it has failed.
    pub within: Duration,
    /// It is made after these and hears what they found, so as not to report the same again.
    pub after: &'static [Check],
    /// It is made after these, and not at all if one of them failed.
    pub needs: &'static [Check],
    pub suites: &'static [Suite],
}

checks! {
    /// The database answers.
    Database = "database" within 10 s, after [], needs [], in [Basic, NonIntrusive, Full];
    /// Its schema is the one that this program speaks, and its environment is this one.
    Schema = "schema" within 10 s, after [], needs [Database], in [Basic, NonIntrusive, Full];
    /// Redis takes a key, gives it back and deletes it.
    Redis = "redis" within 10 s, after [], needs [], in [Basic, NonIntrusive, Full];
    /// The storage takes a blob, gives the same bytes back and deletes it.
    Storage = "storage" within 30 s, after [], needs [], in [NonIntrusive, Full];
    /// The certificates of the API, of Redis and of Postgres last long enough.
    Certificate = "certificate" within 15 s, after [], needs [], in [NonIntrusive, Full];
    /// Workers that take simulations are alive.
    Workers = "workers" within 10 s, after [], needs [Schema], in [Basic, NonIntrusive, Full];
    /// Workers have the GPU that the profile insists on.
    Gpu = "gpu" within 10 s, after [], needs [Schema], in [NonIntrusive, Full];
    /// The API says that it is healthy.
    ApiHealth = "api_health" within 10 s, after [Database, Redis, Storage, Certificate], needs [],
        in [Basic, NonIntrusive, Full];
    /// The API says that it is ready.
    ApiReadiness = "api_readiness" within 10 s, after [Database, Schema, Certificate], needs [],
        in [Basic, NonIntrusive, Full];
    /// The API shows its figures.
    Monitoring = "monitoring" within 10 s, after [Certificate], needs [], in [NonIntrusive, Full];
    /// The API answers few requests with a failure of its own.
    ErrorRate = "error_rate" within 10 s, after [Certificate], needs [Monitoring], in [NonIntrusive, Full];
    /// A tiny simulation, submitted as anybody's, comes to the answer that is known.
    Simulation = "simulation" within 90 s, after [Certificate], needs [Schema, Redis, Workers],
        in [NonIntrusive, Full];
    /// So does a large one, which is cut into slices and combined.
    Slices = "slices" within 200 s, after [Certificate], needs [Schema, Redis, Storage, Workers], in [Full];
}

/// A group of checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// That everything is there: nothing is written but a key in Redis.
    #[default]
    Basic,
    /// All that leaves the work of people alone.
    NonIntrusive,
    /// What takes computing time from others too.
    Full,
}

/// What a schedule says of a smoke test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmokeArguments {
    /// Which checks.
    pub suite: Suite,
}

impl Suite {
    /// All of them.
    pub const ALL: &[Suite] = &[Suite::Basic, Suite::NonIntrusive, Suite::Full];

    /// Its name in profiles and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Suite::Basic => "basic",
            Suite::NonIntrusive => "non_intrusive",
            Suite::Full => "full",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Suite> {
        Self::ALL.iter().copied().find(|suite| suite.name() == name)
    }

    /// The one for a system that was just deployed.
    #[must_use]
    pub fn usual(environment: Environment) -> Suite {
        match environment {
            Environment::Development | Environment::Testing => Suite::Basic,
            Environment::Staging => Suite::Full,
            Environment::Production => Suite::NonIntrusive,
        }
    }

    /// What it looks at.
    pub fn checks(self) -> impl Iterator<Item = Check> {
        Check::ALL.iter().copied().filter(move |check| check.row().suites.contains(&self))
    }
}

impl Check {
    /// Its name in reports and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What is so if it passes.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.row().about
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_check_waits_for_one_that_stands_behind_it() {
        for &check in Check::ALL {
            let row = check.row();
            assert!(row.needs.iter().chain(row.after).all(|before| *before < check), "{}", row.name);
        }
    }

    #[test]
    fn a_suite_has_all_that_its_checks_need() {
        for &suite in Suite::ALL {
            let has = |check: &Check| suite.checks().any(|other| other == *check);
            assert!(suite.checks().all(|check| check.row().needs.iter().all(has)), "{suite:?}");
        }
    }

    #[test]
    fn the_document_has_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/smoke-tests.md");
        let document = std::fs::read_to_string(path).unwrap();
        for &check in Check::ALL {
            let Row { name, about, within, suites, .. } = check.row();
            let within = within.as_secs();
            let marks = Suite::ALL.iter().map(|suite| if suites.contains(suite) { "yes" } else { "no" });
            let marks = marks.collect::<Vec<_>>().join(" | ");
            let line = format!("| `{name}` | {about} | {within} s | {marks} |");
            assert!(document.contains(&line), "{path} lacks\n{line}");
        }
    }

    #[test]
    fn what_schedules_say_can_be_read() {
        for &suite in Suite::ALL {
            let said: SmokeArguments =
                serde_json::from_str(&format!(r#"{{"suite": "{}"}}"#, suite.name())).unwrap();
            assert_eq!((said.suite, Suite::named(suite.name())), (suite, Some(suite)));
        }
        assert!(serde_json::from_str::<SmokeArguments>(r#"{"suite": "all"}"#).is_err());
        assert!(serde_json::from_str::<SmokeArguments>(r#"{"suit": "full"}"#).is_err());
    }
}
