//! What synthetic users leave behind, and nobody else's.

use std::time::Duration;

use sqlx::query;

use super::transaction::run;
use super::{Store, StoreError};
use crate::ids::SimulationId;

impl Store {
    /// Deletes this simulation and its jobs, and those that were submitted longer ago than `left_behind`, as far as they
    /// are of synthetic users: others' are out of its reach. Says how many simulations are gone.
    pub async fn sweep_synthetic(
        &self,
        simulation: SimulationId,
        left_behind: Duration,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let before = transaction.ago(left_behind).await?;
        let swept = run!(&mut transaction, query(SWEEP).bind(simulation).bind(before), execute)?;
        transaction.commit().await?;
        Ok(swept)
    }
}

const SWEEP: &str = "
-- name: sweep synthetic
delete from simulations
where owner in (select id from users where synthetic) and (id = $1 or created_at < $2)";
