//! Jobs looked at.

use std::time::Duration;

use sqlx::query_as;

use crate::delivery::{Held, Produced};
use crate::ids::{JobId, SimulationId, UserId};
use crate::job::{Job, Kind, Label, Priority, State};
use crate::store::columns::Instant;
use crate::store::transaction::run;
use crate::store::{Store, StoreError};

/// A page has at most so many rows.
pub(in crate::store) const MAX_PAGE: u32 = 1_000;

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
    /// How many they are.
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

    /// What is still to be done, for gauges and for those who scale the workers.
    pub async fn outstanding(&self) -> Result<Vec<Outstanding>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let Instant(now) = transaction.now().await?;
        let rows: Vec<(Label, Priority, State, i64, Instant)> =
            run!(&mut transaction, query_as(OUTSTANDING), fetch_all)?;
        transaction.commit().await?;
        let outstanding = |(label, priority, state, count, Instant(oldest)): (_, _, _, i64, _)| Outstanding {
            label,
            priority,
            state,
            count: count.unsigned_abs(),
            oldest_age: (now - oldest).to_std().unwrap_or_default(),
        };
        Ok(rows.into_iter().map(outstanding).collect())
    }
}

#[derive(sqlx::FromRow)]
pub(in crate::store) struct ProducedRow {
    state: State,
    result: Option<Vec<u8>>,
    result_key: Option<String>,
    samples_key: Option<String>,
    progress: i64,
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
        })
    }
}

#[derive(sqlx::FromRow)]
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

const OUTSTANDING: &str = "
-- name: count outstanding jobs
select label, priority, state, count(*), min(ready_at)
from jobs
where state in ('scheduled', 'waiting', 'ready', 'running')
group by label, priority, state
order by label, priority, state";
