//! Smoke tests by the clock, and after maintenance.

use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start};
use fermiac_smoke::{Smoke, SmokeArguments, Suite, figures};

use super::Runner;
use super::failure::JobError;
use super::maintenance::arguments;

/// How long the test after a job of maintenance may take, as one by the clock.
const TIMEOUT: Duration = Duration::from_secs(600);
/// A worker that dies is not what the test is about.
const ATTEMPTS: u16 = 3;

impl Runner {
    /// What a job produced; with it, after one of maintenance, the smoke test that is to follow.
    pub(super) fn validated(&self, delivery: &Delivery, produced: Produced) -> Produced {
        if !delivery.kind.calls_for_smoke_test() {
            return produced;
        }
        let suite = self.smoke.as_ref().and_then(Smoke::after_maintenance);
        Produced { followed_by: suite.map(|suite| Box::new(test_after(delivery.job, suite))), ..produced }
    }

    /// Makes the checks of a suite, and shows what they found as figures. That one failed fails the job: another attempt
    /// would only repeat what the next tick says anyway.
    pub(super) async fn smoke_test(&self, delivery: &Delivery) -> Result<Produced, JobError> {
        let smoke = self.smoke.as_ref().ok_or_else(|| {
            JobError::permanent(
                "a smoke test cannot be made here: this worker does not take the label maintenance",
            )
        })?;
        let report = smoke.run(arguments::<SmokeArguments>(delivery)?.suite).await;
        figures::show(&report);
        for failed in report.failed() {
            tracing::error!(check = failed.name.name(), "{failed}");
        }
        if !report.passed {
            return Err(JobError::permanent(report));
        }
        let result = serde_json::to_vec(&report).map_err(JobError::permanent)?;
        Ok(Produced { result: Some(result), ..Produced::default() })
    }
}

/// Its name is derived from the job's, so that one job has one test, however often its end is written.
fn test_after(job: JobId, suite: Suite) -> NewJob {
    NewJob {
        id: job.follower(Kind::SmokeTest),
        kind: Kind::SmokeTest,
        label: Label::Maintenance,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload: serde_json::json!({ "suite": suite }).to_string().into_bytes(),
        start: Start::Now,
        max_attempts: ATTEMPTS,
        timeout: TIMEOUT,
        idempotency_key: None,
        trace_context: None,
    }
}
