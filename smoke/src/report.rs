//! What was found.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::suite::{Check, Suite};

/// What a smoke test came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Of which environment.
    pub environment: &'static str,
    /// What was asked.
    pub suite: Suite,
    /// Whether nothing failed.
    pub passed: bool,
    /// How long it took.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
    /// What was found, in the order of [`Check::ALL`].
    pub checks: Vec<Finding>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Which.
    pub name: Check,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    #[serde(rename = "latency_ms", serialize_with = "milliseconds")]
    pub latency: Duration,
    /// What was seen, why it was not made, or what failed.
    pub detail: String,
    /// Where that is, and what to do about it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
}

/// Where a failure is, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// Where.
    pub place: String,
    /// What to do.
    pub what_to_do: String,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// It was not made, or has nothing to say.
    Skipped,
}

impl Status {
    /// All of them.
    pub const ALL: &[Status] = &[Status::Passed, Status::Failed, Status::Skipped];

    /// Its name in reports and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        }
    }
}

impl Report {
    /// Those that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().filter(|finding| finding.status == Status::Failed)
    }
}

/// What failed, for a log or the error of a job.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed: Vec<String> = self.failed().map(Finding::to_string).collect();
        if failed.is_empty() {
            return write!(formatter, "the smoke test {} passed", self.suite.name());
        }
        let (count, of) = (failed.len(), self.checks.len());
        write!(formatter, "{count} of {of} checks failed: {}", failed.join("; "))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name.name(), self.detail)?;
        match &self.remedy {
            Some(Remedy { place, what_to_do }) => write!(formatter, " (at {place}; {what_to_do})"),
            None => Ok(()),
        }
    }
}

fn milliseconds<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((span.as_secs_f64() * 1e6).round() / 1e3)
}
