//! The rows of schedules and ticks, read and written.

use std::collections::HashMap;

use sqlx::{query, query_as};

use super::{ListedTick, RecordedTick};
use crate::ids::JobId;
use crate::job::State;
use crate::schedule::{Fate, Standing};
use crate::store::StoreError;
use crate::store::columns::Instant;
use crate::store::row::row;
use crate::store::transaction::{Transaction, run};

row! {
    pub(super) struct TickRow {
        schedule: String,
        tick: Instant,
        fate: Fate,
        through: Instant,
        ticks: i64,
        job: Option<JobId>,
        reason: Option<String>,
        recorded_at: Instant,
        state: Option<State>,
        error: Option<String>,
    }
}

impl TickRow {
    pub(super) fn listed(self) -> ListedTick {
        let recorded = RecordedTick {
            schedule: self.schedule,
            tick: self.tick.0,
            through: self.through.0,
            ticks: u32::try_from(self.ticks).unwrap_or(u32::MAX),
            fate: self.fate,
            job: self.job,
            reason: self.reason,
        };
        ListedTick { recorded, recorded_at: self.recorded_at.0, state: self.state, error: self.error }
    }
}

impl Transaction {
    /// Lets no other scheduler decide until this transaction ends. SQLite has one writer anyway.
    pub(super) async fn lock_schedules(&mut self) -> Result<(), StoreError> {
        if let Transaction::Postgres(_) = self {
            run!(self, query(LOCK), execute)?;
        }
        Ok(())
    }

    /// How every schedule stands.
    pub(super) async fn standings(&mut self) -> Result<HashMap<String, Standing>, StoreError> {
        let rows: Vec<(String, String, Instant, Option<JobId>)> = run!(self, query_as(STANDINGS), fetch_all)?;
        let standing = |(name, cron, mark, unfinished): (String, String, Instant, Option<JobId>)| {
            (name, Standing { cron, mark: mark.0, unfinished })
        };
        Ok(rows.into_iter().map(standing).collect())
    }

    /// Writes how far a schedule is, and its last job, if there is a new one.
    pub(super) async fn write_standing(
        &mut self,
        name: &str,
        standing: &Standing,
        last_job: Option<JobId>,
    ) -> Result<(), StoreError> {
        let Standing { cron, mark, .. } = standing;
        run!(self, query(WRITE_STANDING).bind(name).bind(cron).bind(Instant(*mark)).bind(last_job), execute)?;
        Ok(())
    }

    /// Records a tick; says whether it was news: one that was emitted before is not emitted again.
    pub(super) async fn record(&mut self, tick: &RecordedTick, now: Instant) -> Result<bool, StoreError> {
        let written = run!(
            self,
            query(RECORD)
                .bind(&tick.schedule)
                .bind(Instant(tick.tick))
                .bind(tick.fate)
                .bind(Instant(tick.through))
                .bind(i64::from(tick.ticks))
                .bind(tick.job)
                .bind(&tick.reason)
                .bind(now),
            execute
        )?;
        Ok(written > 0)
    }

    /// Forgets what became of ticks that were decided before an instant.
    pub(super) async fn forget_ticks(&mut self, schedule: &str, before: Instant) -> Result<(), StoreError> {
        run!(self, query(FORGET).bind(schedule).bind(before), execute)?;
        Ok(())
    }
}

const LOCK: &str = "
-- name: lock schedules
select name from schedules order by name for update";

/// Not in one statement with the lock: it must see the jobs that whoever held the lock before emitted.
const STANDINGS: &str = "
-- name: look at schedules
select s.name, s.cron, s.mark, j.id
from schedules as s
left join jobs as j on j.id = s.last_job and j.state not in ('succeeded', 'failed', 'cancelled')
order by s.name";

const WRITE_STANDING: &str = "
-- name: write standing of schedule
insert into schedules (name, cron, mark, last_job) values ($1, $2, $3, $4)
on conflict (name) do update set
    cron = excluded.cron, mark = excluded.mark, last_job = coalesce(excluded.last_job, schedules.last_job)";

const RECORD: &str = "
-- name: record tick
insert into schedule_ticks (schedule, tick, fate, through, ticks, job, reason, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing";

const FORGET: &str = "
-- name: forget old ticks
delete from schedule_ticks where schedule = $1 and recorded_at < $2";
