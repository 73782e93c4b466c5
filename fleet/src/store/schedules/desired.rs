//! How many workers there should be.

use chrono::{DateTime, Utc};
use sqlx::{query, query_as};

use crate::job::Label;
use crate::store::columns::Instant;
use crate::store::transaction::{Transaction, run};
use crate::store::{Store, StoreError};

/// How many workers of a label there should be, as a schedule said last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredWorkers {
    /// Which workers.
    pub label: Label,
    /// How many.
    pub workers: u32,
    /// The tick that said so.
    pub as_of: DateTime<Utc>,
    /// The schedule that did.
    pub schedule: String,
}

impl Store {
    /// How many workers there should be, of each label that a schedule spoke of.
    pub async fn desired_workers(&self) -> Result<Vec<DesiredWorkers>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<(Label, i32, Instant, String)> = run!(&mut transaction, query_as(DESIRED), fetch_all)?;
        transaction.commit().await?;
        let desired = |(label, workers, as_of, schedule): (Label, i32, Instant, String)| DesiredWorkers {
            label,
            workers: workers.unsigned_abs(),
            as_of: as_of.0,
            schedule,
        };
        Ok(rows.into_iter().map(desired).collect())
    }
}

impl Transaction {
    pub(super) async fn desire(
        &mut self,
        label: Label,
        workers: u32,
        as_of: Instant,
        schedule: &str,
    ) -> Result<(), StoreError> {
        let workers = i32::try_from(workers).unwrap_or(i32::MAX);
        run!(self, query(DESIRE).bind(label).bind(workers).bind(as_of).bind(schedule), execute)?;
        Ok(())
    }
}

const DESIRED: &str = "
-- name: list desired workers
select label, workers, as_of, schedule from desired_workers order by label";

const DESIRE: &str = "
-- name: desire workers
insert into desired_workers (label, workers, as_of, schedule) values ($1, $2, $3, $4)
on conflict (label) do update set
    workers = excluded.workers, as_of = excluded.as_of, schedule = excluded.schedule
where desired_workers.as_of <= excluded.as_of";
