//! What is written down of a recovery from a disaster: the steps, one after the other, and what came of them.
//!
//! The database may be gone, so that the [`journal`] is a file, and a recovery that broke off goes on where it was. The
//! [`report`] holds what it took to what the profile promises.

pub mod journal;
pub mod report;

use serde::{Deserialize, Serialize};

pub use journal::{Event, Journal, Plan};
pub use report::Report;

/// A step of a recovery, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// What still answers, and which backup there is.
    Assess,
    /// That the place to restore to is there, and empty.
    Activate,
    /// The database and the blobs from the backup.
    Restore,
    /// That what was restored is what was backed up.
    Verify,
    /// The restored service takes work; what is to be pointed at it.
    Switch,
    /// That it does its work, as its users see it.
    Monitor,
    /// The report.
    Document,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: &[Step] = &[
        Step::Assess,
        Step::Activate,
        Step::Restore,
        Step::Verify,
        Step::Switch,
        Step::Monitor,
        Step::Document,
    ];

    /// Its name in journals, reports and the runbook.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Assess => "assess",
            Step::Activate => "activate",
            Step::Restore => "restore",
            Step::Verify => "verify",
            Step::Switch => "switch",
            Step::Monitor => "monitor",
            Step::Document => "document",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runbook_has_the_steps_in_their_order() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/disaster-recovery.md");
        let runbook = std::fs::read_to_string(path).unwrap();
        let headings: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
        let names =
            Step::ALL.iter().enumerate().map(|(place, step)| format!("{}. {}", place + 1, step.name()));
        assert_eq!(headings, names.collect::<Vec<_>>());
    }
}
