//! Jobs looked at.

use std::time::Duration;

use sqlx::query_as;

use crate::delivery::{Held, Produced};
use crate::ids::{JobId, SimulationId, UserId};
use crate::job::{Job, Kind, Label, Priority, State};
use crate::store::columns::Instant;
use crate::store::row::row;
use crate::store::transaction::{Transaction, run};
use crate::store::{Store, StoreError};

/// A page has at most so many rows.
pub(in crate::store) const MAX_PAGE: u32 = 1_000;

/// Outstanding jobs that stand alike are counted to so many: whoever scales workers by them needs no more, and to count a
/// backlog of millions every few seconds would take a core.
pub const MOST_COUNTED: u64 = 100_000;

/// Which jobs are listed, newest first.
#[derive(Debug, Clone, Copy, Default)]
pub struct JobFilter {
    /// Whose.
    pub owner: Option<UserId>,
    /// Standing where.
    pub state: Option<State>,
    /// Of which kind.
    pub kind: Option<Kind>,
    /// Of which simulation.
    pub simulation: Option<SimulationId>,
    /// After this one, the last of the page before.
    pub after: Option<JobId>,
    /// At most so many.
    pub limit: u32,
}

/// The unfinished jobs of one label and priority that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outstanding {
    /// Which workers may do them.
    pub label: Label,
    /// How urgent they are.
    pub priority: Priority,
    /// Where they stand.
    pub state: State,
    /// How many they are, counted to [`MOST_COUNTED`].
    pub count: u64,
    /// How long the first of them has been due; nothing where none is.
    pub oldest_age: Duration,
}

impl Store {
    /// A job, whoever's it is.
    pub async fn job(&self, id: JobId) -> Result<Job, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<JobRow> = run!(&mut transaction, query_as(JOB).bind(id), fetch_optional)?;
        transaction.commit().await?;
        row.map(JobRow::job).ok_or(StoreError::NotFound { what: "job" })
    }

    /// A page of jobs.
    pub async fn jobs(&self, filter: JobFilter) -> Result<Vec<Job>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<JobRow> = run!(
            &mut transaction,
            query_as(JOBS)
                .bind(filter.owner)
                .bind(filter.state)
                .bind(filter.kind)
                .bind(filter.simulation)
                .bind(filter.after)
                .bind(i64::from(filter.limit.clamp(1, MAX_PAGE))),
            fetch_all
        )?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(JobRow::job).collect())
    }

    /// What a job made.
    pub async fn result(&self, id: JobId) -> Result<Produced, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<ProducedRow> = run!(&mut transaction, query_as(RESULT).bind(id), fetch_optional)?;
        transaction.commit().await?;
        row.ok_or(StoreError::NotFound { what: "job" })?.produced()
    }

    /// What a worker holds, as far as the store knows: more than the worker does after a claim whose answer was lost.
    pub async fn held_by(&self, worker: &str) -> Result<Vec<Held>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let held: Vec<(JobId, i64)> = run!(&mut transaction, query_as(HELD_BY).bind(worker), fetch_all)?;
        transaction.commit().await?;
        Ok(held.into_iter().map(|(job, epoch)| Held { job, epoch }).collect())
    }

    /// What each of these jobs made, in their order.
    pub async fn produced(&self, ids: &[JobId]) -> Result<Vec<Produced>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<ProducedRow> = match &mut transaction {
            Transaction::Postgres(on) => {
                let query = query_as(POSTGRES_RESULTS).bind(ids).persistent(on.persistent);
                query.fetch_all(&mut *on.connection).await?
            }
            Transaction::Sqlite(on) => {
                let mut rows = Vec::with_capacity(ids.len());
                for &id in ids {
                    rows.extend(query_as(RESULT).bind(id).fetch_optional(&mut *on.connection).await?);
                }
                rows
            }
        };
        transaction.commit().await?;
        if rows.len() < ids.len() {
            return Err(StoreError::NotFound { what: "job" });
        }
        rows.into_iter().map(ProducedRow::produced).collect()
    }

    /// What is still to be done, for gauges and for those who scale the workers.
    pub async fn outstanding(&self) -> Result<Vec<Outstanding>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let Instant(now) = transaction.now().await?;
        let rows: Vec<(Label, Priority, State, i64, Option<Instant>)> =
            run!(&mut transaction, query_as(OUTSTANDING).bind(MOST_COUNTED as i64), fetch_all)?;
        transaction.commit().await?;
        let outstanding = |(label, priority, state, count, oldest): (_, _, _, i64, Option<Instant>)| {
            let Instant(oldest) = oldest?;
            let oldest_age = (now - oldest).to_std().unwrap_or_default();
            Some(Outstanding { label, priority, state, count: count.unsigned_abs(), oldest_age })
        };
        Ok(rows.into_iter().filter_map(outstanding).collect())
    }
}

row! {
    pub(in crate::store) struct ProducedRow {
        state: State,
        result: Option<Vec<u8>>,
        result_key: Option<String>,
        samples_key: Option<String>,
        progress: i64,
    }
}

impl ProducedRow {
    pub(in crate::store) fn produced(self) -> Result<Produced, StoreError> {
        if self.state != State::Succeeded {
            return Err(StoreError::conflict(format!("there is no result: it is {}", self.state)));
        }
        Ok(Produced {
            result: self.result,
            result_key: self.result_key,
            samples_key: self.samples_key,
            progress: Some(self.progress.unsigned_abs()),
            followed_by: None,
        })
    }
}

row! {
    struct JobRow {
        id: JobId,
        kind: Kind,
        label: Label,
        priority: Priority,
        state: State,
        owner: Option<UserId>,
        simulation: Option<SimulationId>,
        parent: Option<JobId>,
        pending_children: i32,
        attempt: i32,
        max_attempts: i32,
        epoch: i64,
        worker: Option<String>,
        progress: i64,
        error: Option<String>,
        cancel_requested: bool,
        created_at: Instant,
        started_at: Option<Instant>,
        finished_at: Option<Instant>,
    }
}

impl JobRow {
    fn job(self) -> Job {
        Job {
            id: self.id,
            kind: self.kind,
            label: self.label,
            priority: self.priority,
            state: self.state,
            owner: self.owner,
            simulation: self.simulation,
            parent: self.parent,
            pending_children: self.pending_children.unsigned_abs(),
            attempt: u16::try_from(self.attempt).unwrap_or(u16::MAX),
            max_attempts: u16::try_from(self.max_attempts).unwrap_or(u16::MAX),
            epoch: self.epoch,
            worker: self.worker,
            progress: self.progress.unsigned_abs(),
            error: self.error,
            cancel_requested: self.cancel_requested,
            created_at: self.created_at.0,
            started_at: self.started_at.map(|instant| instant.0),
            finished_at: self.finished_at.map(|instant| instant.0),
        }
    }
}

const JOB: &str = "
-- name: look at job
select id, kind, label, priority, state, owner, simulation, parent, pending_children, attempt, max_attempts, epoch,
    worker, progress, error, cancel_requested, created_at, started_at, finished_at
from jobs where id = $1";

const JOBS: &str = "
-- name: list jobs
select id, kind, label, priority, state, owner, simulation, parent, pending_children, attempt, max_attempts, epoch,
    worker, progress, error, cancel_requested, created_at, started_at, finished_at
from jobs
where ($1 is null or owner = $1)
    and ($2 is null or state = $2)
    and ($3 is null or kind = $3)
    and ($4 is null or simulation = $4)
    and ($5 is null or id < $5)
order by id desc
limit $6";

const RESULT: &str = "
-- name: look at result
select state, result, result_key, samples_key, progress from jobs where id = $1";

const HELD_BY: &str = "
-- name: list what a worker holds
select id, epoch from jobs where state = 'running' and worker = $1";

const POSTGRES_RESULTS: &str = "
-- name: look at results
select state, result, result_key, samples_key, progress
from unnest($1) with ordinality as named (id, place) join jobs on jobs.id = named.id
order by place";

/// Each of the few places in the index is looked into by itself: its first entry is the oldest, and those after it are
/// counted as far as they need be. The states are named again so that the planner knows the index to be enough.
const OUTSTANDING: &str = "
-- name: count outstanding jobs
with states (state) as (values ('scheduled'), ('waiting'), ('ready'), ('running')),
    labels (label) as (values ('cpu'), ('gpu'), ('maintenance')),
    priorities (priority) as (values ('high'), ('normal'), ('low'))
select label, priority, state,
    (select count(*) from (
        select 1 from jobs
        where jobs.state = states.state and jobs.label = labels.label and jobs.priority = priorities.priority
            and jobs.state in ('scheduled', 'waiting', 'ready', 'running')
        limit $1) as first),
    (select min(ready_at) from jobs
        where jobs.state = states.state and jobs.label = labels.label and jobs.priority = priorities.priority
            and jobs.state in ('scheduled', 'waiting', 'ready', 'running'))
from labels cross join priorities cross join states
order by label, priority, state";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_outstanding_jobs_is_counted() {
        let unfinished = State::ALL.iter().filter(|state| !state.is_terminal()).map(|state| state.name());
        let places =
            Label::ALL.iter().map(|label| label.name()).chain(Priority::ALL.iter().map(|one| one.name()));
        for name in unfinished.chain(places) {
            assert!(OUTSTANDING.contains(&format!("('{name}')")), "{name}");
        }
    }
}
