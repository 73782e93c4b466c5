//! What each check does.

mod certificate;
mod fleet;
mod homes;
mod probes;
mod simulation;

use fermiac_fleet::store::Store;

use crate::report::{Finding, Status};
use crate::subject::Subject;
use crate::suite::Check;

/// What was seen, or what stood in the way.
pub type Answer = Result<String, Halt>;

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// It has nothing to look at, or would say again what another said.
    Skip(String),
    /// What it looked for is not so.
    Fail {
        /// What is not.
        what: String,
        /// Where.
        place: String,
        /// What to do about it.
        what_to_do: String,
    },
}

impl Halt {
    /// A failure.
    pub fn fail(what: impl Into<String>, place: impl Into<String>, what_to_do: impl Into<String>) -> Halt {
        Halt::Fail { what: what.into(), place: place.into(), what_to_do: what_to_do.into() }
    }
}

/// What the checks before came to.
#[derive(Debug, Default)]
pub struct Heard {
    findings: Vec<(Check, Status)>,
}

impl Heard {
    /// These.
    pub fn of(findings: &[Finding]) -> Heard {
        Heard { findings: findings.iter().map(|finding| (finding.name, finding.status)).collect() }
    }

    /// Whether it failed, in this run.
    pub fn failed(&self, check: Check) -> bool {
        self.findings.contains(&(check, Status::Failed))
    }

    /// Whether what it looks for is there, or was of no concern.
    pub fn passed(&self, check: Check) -> bool {
        self.findings.iter().any(|finding| finding.0 == check && self.stands(finding))
    }

    /// A check that was skipped for want of another stands no better than that one.
    fn stands(&self, (check, status): &(Check, Status)) -> bool {
        match status {
            Status::Passed => true,
            Status::Failed => false,
            Status::Skipped => check.row().needs.iter().all(|need| self.passed(*need)),
        }
    }
}

/// Makes one.
pub async fn make(check: Check, subject: &Subject, heard: &Heard) -> Answer {
    match check {
        Check::Database => homes::database(subject).await,
        Check::Schema => homes::schema(subject).await,
        Check::Redis => homes::redis(subject).await,
        Check::Storage => homes::storage(subject).await,
        Check::Certificate => certificate::certificate(subject).await,
        Check::Workers => fleet::workers(subject).await,
        Check::Gpu => fleet::gpu(subject).await,
        Check::ApiHealth => probes::health(subject, heard).await,
        Check::ApiReadiness => probes::readiness(subject, heard).await,
        Check::Monitoring => probes::monitoring(subject, heard).await,
        Check::ErrorRate => probes::error_rate(subject, heard).await,
        Check::Simulation => simulation::tiny(subject, heard).await,
        Check::Slices => simulation::sliced(subject, heard).await,
    }
}

/// The store, for checks that need it.
fn store(subject: &Subject) -> Result<&Store, Halt> {
    subject.homes.store.as_ref().map_err(|reason| database_fails(subject, reason))
}

fn database_fails(subject: &Subject, reason: &str) -> Halt {
    let place =
        subject.settings.database.url.as_ref().map_or_else(|| "DATABASE_URL".to_owned(), ToString::to_string);
    Halt::fail(reason, place, "start the database, or correct DATABASE_URL")
}
