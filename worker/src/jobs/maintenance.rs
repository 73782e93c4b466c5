//! The platform's own jobs, where this worker is told what it needs for them.

use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_maintenance::backup::{BackupArguments, backup};
use fermiac_maintenance::drill::{DrillArguments, drill};
use fermiac_maintenance::{Context, MaintenanceError, retention};

use super::failure::JobError;
use super::{Runner, payload};

impl Runner {
    /// Takes a backup; then those that are kept no longer go.
    pub(super) async fn backup(&self, delivery: &Delivery) -> Result<Produced, JobError> {
        let context = self.maintenance(delivery)?;
        let taken = backup(context, &arguments::<BackupArguments>(delivery)?).await?;
        let plan = retention::plan(context).await?;
        tracing::info!(goes = plan.goes.len(), stay = plan.kept.len(), "backups that are kept no longer");
        retention::carry_out(context, &plan).await?;
        Ok(Produced { result: serde_json::to_vec(&taken).ok(), ..Produced::default() })
    }

    /// Proves that backups can be restored.
    pub(super) async fn restore_drill(&self, delivery: &Delivery) -> Result<Produced, JobError> {
        drill(self.maintenance(delivery)?, &arguments::<DrillArguments>(delivery)?).await?;
        Ok(Produced::default())
    }

    fn maintenance(&self, delivery: &Delivery) -> Result<&Context, JobError> {
        let missing = || {
            let problem = "FERMIAC_BACKUP_URL is not set where this worker runs";
            JobError::permanent(format!("a job of the kind {} cannot be done: {problem}", delivery.kind))
        };
        self.maintenance.as_ref().ok_or_else(missing)
    }
}

/// A schedule without arguments hands on nothing.
pub(super) fn arguments<T: serde::de::DeserializeOwned + Default>(
    delivery: &Delivery,
) -> Result<T, JobError> {
    if delivery.payload.is_empty() { Ok(T::default()) } else { payload(delivery) }
}

impl From<MaintenanceError> for JobError {
    fn from(error: MaintenanceError) -> JobError {
        if error.is_transient() { JobError::passing(error) } else { JobError::permanent(error) }
    }
}
