//! How far each schedule is, and what became of its ticks.

pub(super) mod desired;
pub(super) mod emit;
mod rows;

use chrono::{DateTime, Utc};
use sqlx::query_as;

use super::columns::Instant;
use super::transaction::run;
use super::{Store, StoreError};
use crate::ids::JobId;
use crate::job::State;
use crate::schedule::Fate;
use rows::TickRow;

/// What became of a tick, or of a run of ticks that were missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedTick {
    /// Of which schedule.
    pub schedule: String,
    /// The tick; of a run, the first.
    pub tick: DateTime<Utc>,
    /// Of a run, the last.
    pub through: DateTime<Utc>,
    /// How many they are, counted to [`crate::schedule::MOST_COUNTED`].
    pub ticks: u32,
    /// What became of it.
    pub fate: Fate,
    /// The job that it was emitted as.
    pub job: Option<JobId>,
    /// Why it was not, or by whom it was.
    pub reason: Option<String>,
}

/// A tick as it is looked at later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTick {
    /// What became of it.
    pub recorded: RecordedTick,
    /// When that was decided.
    pub recorded_at: DateTime<Utc>,
    /// Where its job stands; none if there was none, or if it has been deleted since.
    pub state: Option<State>,
    /// Why its job failed last.
    pub error: Option<String>,
}

impl Store {
    /// The last ticks of a schedule, newest first.
    pub async fn schedule_ticks(&self, schedule: &str, limit: u32) -> Result<Vec<ListedTick>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<TickRow> =
            run!(&mut transaction, query_as(TICKS).bind(schedule).bind(i64::from(limit)), fetch_all)?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(TickRow::listed).collect())
    }

    /// What the store's clock says: the one that ticks are decided by.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let Instant(now) = transaction.now().await?;
        transaction.commit().await?;
        Ok(now)
    }
}

const TICKS: &str = "
-- name: list ticks of schedule
select t.schedule, t.tick, t.fate, t.through, t.ticks, t.job, t.reason, t.recorded_at, j.state, j.error
from schedule_ticks as t left join jobs as j on j.id = t.job
where t.schedule = $1
order by t.recorded_at desc, t.tick desc limit $2";
