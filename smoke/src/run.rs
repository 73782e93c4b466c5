//! The order of things: all checks at once whose forerunners have ended, until none is left.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fermiac_fleet::store::Store;
use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::checks::{Answer, Halt, Heard, make};
use crate::report::{Finding, Remedy, Report, Status};
use crate::subject::Subject;
use crate::suite::{Check, Suite};

/// Smoke tests of one environment.
#[derive(Debug, Clone)]
pub struct Smoke(Arc<Subject>);

impl Smoke {
    /// Tests this one.
    #[must_use]
    pub fn of(subject: Subject) -> Smoke {
        Smoke(Arc::new(subject))
    }

    /// Makes all checks of a suite. That some fail is what the report says.
    pub async fn run(&self, suite: Suite) -> Report {
        let started = Instant::now();
        let mut open: Vec<Check> = suite.checks().collect();
        let mut findings: Vec<Finding> = Vec::new();
        while !open.is_empty() {
            let is_over = |check: &Check| !open.contains(check);
            let (now, later): (Vec<Check>, Vec<Check>) = open.iter().copied().partition(|check| {
                let row = check.row();
                row.needs.iter().chain(row.after).all(is_over)
            });
            let heard = Heard::of(&findings);
            findings.extend(join_all(now.iter().map(|check| self.find(*check, &heard))).await);
            open = later;
        }
        findings.sort_by_key(|finding| finding.name);
        Report {
            environment: self.0.environment.name(),
            suite,
            passed: findings.iter().all(|finding| finding.status != Status::Failed),
            took: started.elapsed(),
            checks: findings,
        }
    }

    /// The suite that shows that everything still does its work after a job of maintenance, if that is wanted.
    #[must_use]
    pub fn after_maintenance(&self) -> Option<Suite> {
        self.0.settings.smoke.after_maintenance.then(|| Suite::usual(self.0.environment))
    }

    /// The store of the environment, if it could be opened.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        self.0.homes.store.as_ref().ok()
    }

    async fn find(&self, check: Check, heard: &Heard) -> Finding {
        let (row, started) = (check.row(), Instant::now());
        let missing = row.needs.iter().find(|need| !heard.passed(**need));
        let answer = match missing {
            Some(need) => Err(Halt::Skip(format!("it needs what `{}` looked for in vain", need.name()))),
            None => within(row.within, make(check, &self.0, heard)).await,
        };
        let latency = started.elapsed();
        let (status, detail, remedy) = match answer {
            Ok(seen) => (Status::Passed, seen, None),
            Err(Halt::Skip(reason)) => (Status::Skipped, reason, None),
            Err(Halt::Fail { what, place, what_to_do }) => {
                (Status::Failed, what, Some(Remedy { place, what_to_do }))
            }
        };
        Finding { name: check, status, latency, detail, remedy }
    }
}

/// What comes of a check in time; a panic is that check's failure.
async fn within(bound: Duration, check: impl Future<Output = Answer>) -> Answer {
    match tokio::time::timeout(bound, AssertUnwindSafe(check).catch_unwind()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Halt::fail("the check itself failed", "the smoke test", "report it with the log")),
        Err(_) => {
            let what = format!("no answer within {} s", bound.as_secs());
            Err(Halt::fail(
                what,
                "where this runs",
                "see whether it can be reached from here, and is overloaded",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_that_hangs_or_panics_has_failed() {
        let hung = within(Duration::ZERO, std::future::pending()).await;
        assert!(matches!(hung, Err(Halt::Fail { what, .. }) if what.contains("within 0 s")));
        let panicked = within(Duration::from_secs(5), mistaken()).await;
        assert!(matches!(panicked, Err(Halt::Fail { .. })));
    }

    async fn mistaken() -> Answer {
        panic!("a mistake")
    }
}
