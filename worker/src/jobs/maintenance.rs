//! The platform's own jobs, where this worker is told what it needs for them.

use std::sync::Arc;

use fermiac_fleet::blobs::{Applied, Touch};
use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::retention::RetentionArguments;
use fermiac_fleet::store::StoreError;
use fermiac_maintenance::backup::{BackupArguments, backup};
use fermiac_maintenance::drill::{DrillArguments, drill};
use fermiac_maintenance::retention::cleanup::{Homes, Mandate, clean_up, forecast};
use fermiac_maintenance::retention::fail_lost;
use fermiac_maintenance::retention::lifecycle::told;
use fermiac_maintenance::{Context, MaintenanceError, retention};
use serde_json::Value;

use super::failure::JobError;
use super::{Runner, payload};
use crate::running::Tether;

impl Runner {
    /// Takes a backup; then those that are kept no longer go.
    pub(super) async fn backup(&self, delivery: &Delivery) -> Result<Produced, JobError> {
        let context = self.maintenance(delivery)?;
        let taken = backup(context, &arguments::<BackupArguments>(delivery)?).await?;
        match expire(context).await {
            Err(MaintenanceError::Store(StoreError::ReadOnly { reason })) => {
                tracing::info!(reason, "no backup is deleted for now");
            }
            expired => expired?,
        }
        Ok(Produced { result: serde_json::to_vec(&taken).ok(), ..Produced::default() })
    }

    /// Proves that backups can be restored.
    pub(super) async fn restore_drill(&self, delivery: &Delivery) -> Result<Produced, JobError> {
        drill(self.maintenance(delivery)?, &arguments::<DrillArguments>(delivery)?).await?;
        Ok(Produced::default())
    }

    /// Deletes what has been kept long enough, after saying what that is.
    pub(super) async fn retention(
        &self,
        delivery: &Delivery,
        tether: &Arc<Tether>,
    ) -> Result<Produced, JobError> {
        let arguments = RetentionArguments::parse(&delivery.payload)
            .map_err(|problem| JobError::permanent(format!("the arguments of a retention {problem}")))?;
        let homes = Homes { store: &self.store, blobs: &self.blobs };
        if let Some(context) = &self.maintenance {
            fail_lost(context).await?;
        }
        for (class, amount) in forecast(homes, &arguments).await?.classes {
            let (count, bytes) = (amount.count, amount.bytes);
            tracing::info!(%class, count, bytes, "kept long enough");
        }
        let is_stopping = || tether.is_stopping();
        let mandate = Mandate { job: Some(delivery.held()), is_stopping: &is_stopping };
        let cleaned = clean_up(homes, &arguments, mandate).await?;
        for (class, amount) in &cleaned.classes {
            let (count, bytes, blobs) = (amount.count, amount.bytes, amount.blobs);
            tracing::info!(%class, count, bytes, blobs, "deleted");
        }
        if let Some(because) = cleaned.spared.because {
            tracing::info!(blobs = cleaned.spared.blobs, "blobs stay for now: {}", because.told());
        }
        let mut result = serde_json::json!(cleaned);
        result["lifecycle"] = self.lead_buckets().await;
        Ok(Produced { result: serde_json::to_vec(&result).ok(), ..Produced::default() })
    }

    /// Has the buckets take by their own rules what no row knows of. One that does not is a warning: what is to be deleted
    /// is deleted all the same.
    async fn lead_buckets(&self) -> Value {
        let Some(lifecycle) = &self.lifecycle else { return Value::Null };
        let followed = lifecycle.follow(Touch::Apply).await;
        for (place, done) in &followed {
            match done {
                Ok(Applied::Unchanged) => {}
                Ok(Applied::Changed { others }) => {
                    tracing::info!(place, others, "a bucket follows other rules");
                }
                Ok(Applied::Unsupported(reason)) => tracing::warn!(place, reason, "no rules of a lifecycle"),
                Err(error) => tracing::warn!(place, %error, "the rules of a lifecycle could not be applied"),
            }
        }
        followed.iter().map(|(place, done)| (*place, told(done))).collect()
    }

    fn maintenance(&self, delivery: &Delivery) -> Result<&Context, JobError> {
        let missing = || {
            let problem = "FERMIAC_BACKUP_URL is not set where this worker runs";
            JobError::permanent(format!("a job of the kind {} cannot be done: {problem}", delivery.kind))
        };
        self.maintenance.as_ref().ok_or_else(missing)
    }
}

async fn expire(context: &Context) -> Result<(), MaintenanceError> {
    let plan = retention::plan(context).await?;
    tracing::info!(goes = plan.goes.len(), stay = plan.kept.len(), "backups that are kept no longer");
    retention::carry_out(context, &plan).await
}

/// A schedule without arguments hands on nothing.
pub(super) fn arguments<T: serde::de::DeserializeOwned + Default>(
    delivery: &Delivery,
) -> Result<T, JobError> {
    if delivery.payload.is_empty() { Ok(T::default()) } else { payload(delivery) }
}

impl From<MaintenanceError> for JobError {
    fn from(error: MaintenanceError) -> JobError {
        match error {
            MaintenanceError::Store(error) => error.into(),
            error if error.is_transient() => JobError::passing(error),
            error => JobError::permanent(error),
        }
    }
}
