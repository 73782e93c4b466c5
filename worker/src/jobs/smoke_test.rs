//! Smoke tests by the clock.

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_smoke::{SmokeArguments, figures};

use super::Runner;
use super::failure::JobError;
use super::maintenance::arguments;

impl Runner {
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
