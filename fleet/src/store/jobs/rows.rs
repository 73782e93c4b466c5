//! Rows locked and rows written: what the transitions are made of.

use sqlx::{query, query_as, query_scalar};

use crate::ids::JobId;
use crate::job::State;
use crate::store::StoreError;
use crate::store::clock::milliseconds;
use crate::store::machine::{Change, Locked};
use crate::store::transaction::{OnPostgres, OnSqlite, Transaction};

impl Transaction {
    /// These jobs, locked in the order of their ids.
    pub(in crate::store) async fn lock(&mut self, ids: &[JobId]) -> Result<Vec<Locked>, StoreError> {
        match self {
            Transaction::Postgres(on) => on.locked_by(POSTGRES_LOCK_JOBS, ids).await,
            Transaction::Sqlite(on) => {
                let mut locked = Vec::with_capacity(ids.len());
                for &id in ids {
                    locked.extend(on.locked_by(SQLITE_LOCK_JOB, id).await?);
                }
                Ok(locked)
            }
        }
    }

    /// The jobs that wait for these, locked in the order of their ids. Who waits for whom never changes, so that they
    /// can be locked before the jobs themselves are.
    pub(in crate::store) async fn lock_parents_of(
        &mut self,
        ids: &[JobId],
    ) -> Result<Vec<Locked>, StoreError> {
        match self {
            Transaction::Postgres(on) => on.locked_by(POSTGRES_LOCK_PARENTS, ids).await,
            Transaction::Sqlite(on) => {
                let mut locked: Vec<Locked> = Vec::new();
                for &id in ids {
                    let parent = on.locked_by(SQLITE_LOCK_PARENT, id).await?;
                    let known = |one: &Locked| locked.iter().any(|other| other.id == one.id);
                    locked.extend(parent.into_iter().filter(|one| !known(one)).collect::<Vec<_>>());
                }
                Ok(locked)
            }
        }
    }

    /// The jobs that this one waits for, locked in the order of their ids.
    pub(in crate::store) async fn lock_children_of(
        &mut self,
        parent: JobId,
    ) -> Result<Vec<Locked>, StoreError> {
        match self {
            Transaction::Postgres(on) => on.locked_by(POSTGRES_LOCK_CHILDREN, &[parent]).await,
            Transaction::Sqlite(on) => on.locked_by(SQLITE_LOCK_CHILDREN, parent).await,
        }
    }

    /// The jobs that these have a parent in common with, not locked: who these are never changes. None on SQLite, where
    /// nobody waits for a row.
    pub(in crate::store) async fn siblings_of(&mut self, ids: &[JobId]) -> Result<Vec<JobId>, StoreError> {
        match self {
            Transaction::Postgres(on) if !ids.is_empty() => {
                let siblings = query_scalar(POSTGRES_SIBLINGS).bind(ids).persistent(on.persistent);
                Ok(siblings.fetch_all(&mut *on.connection).await?)
            }
            Transaction::Postgres(_) | Transaction::Sqlite(_) => Ok(Vec::new()),
        }
    }

    /// Writes rows that this transaction has locked.
    pub(in crate::store) async fn write(&mut self, changes: &[&Change]) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        match self {
            Transaction::Postgres(on) => on.write(changes).await,
            Transaction::Sqlite(on) => on.write(changes).await,
        }
    }

    /// Asks the holders of running jobs, locked by this transaction, to stop, or takes that back.
    pub(in crate::store) async fn ask_to_stop(
        &mut self,
        ids: &[JobId],
        stop: bool,
    ) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        match self {
            Transaction::Postgres(on) => {
                let asked = query(POSTGRES_ASK_TO_STOP).bind(ids).bind(stop).persistent(on.persistent);
                asked.execute(&mut *on.connection).await?;
            }
            Transaction::Sqlite(on) => {
                for &id in ids {
                    query(SQLITE_ASK_TO_STOP).bind(id).bind(stop).execute(&mut *on.connection).await?;
                }
            }
        }
        Ok(())
    }
}

impl OnPostgres {
    async fn locked_by(&mut self, statement: &'static str, ids: &[JobId]) -> Result<Vec<Locked>, StoreError> {
        let query = query_as(statement).bind(ids).bind(self.instant).persistent(self.persistent);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    async fn write(&mut self, changes: &[&Change]) -> Result<(), StoreError> {
        let column = || changes.iter();
        query(POSTGRES_WRITE_JOBS)
            .bind(column().map(|change| change.id).collect::<Vec<_>>())
            .bind(column().map(|change| change.state).collect::<Vec<_>>())
            .bind(column().map(|change| change.attempt).collect::<Vec<_>>())
            .bind(column().map(|change| change.pending_children).collect::<Vec<_>>())
            .bind(column().map(|change| milliseconds(change.pause)).collect::<Vec<_>>())
            .bind(column().map(|change| change.error.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|change| change.produced.result.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|change| change.produced.result_key.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|change| change.produced.samples_key.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|change| progress(change)).collect::<Vec<_>>())
            .bind(column().map(|change| change.alone).collect::<Vec<_>>())
            .bind(self.instant)
            .persistent(self.persistent)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

impl OnSqlite {
    async fn locked_by(&mut self, statement: &'static str, id: JobId) -> Result<Vec<Locked>, StoreError> {
        Ok(query_as(statement).bind(id).bind(self.instant).fetch_all(&mut *self.connection).await?)
    }

    async fn write(&mut self, changes: &[&Change]) -> Result<(), StoreError> {
        for change in changes {
            let waits = matches!(change.state, State::Ready | State::Scheduled);
            let ready_at = waits.then(|| self.after(change.pause));
            query(SQLITE_WRITE_JOB)
                .bind(change.id)
                .bind(change.state)
                .bind(change.attempt)
                .bind(change.pending_children)
                .bind(ready_at)
                .bind(change.error.as_deref())
                .bind(change.produced.result.as_deref())
                .bind(change.produced.result_key.as_deref())
                .bind(change.produced.samples_key.as_deref())
                .bind(progress(change))
                .bind(change.state.is_terminal().then_some(self.instant))
                .bind(change.alone)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }
}

fn progress(change: &Change) -> Option<i64> {
    change.produced.progress.map(|progress| i64::try_from(progress).unwrap_or(i64::MAX))
}

const POSTGRES_LOCK_JOBS: &str = "
-- name: lock jobs
select jobs.id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= coalesce($2, now()), false) as expired
from unnest($1) as named (id) join jobs on jobs.id = named.id
order by jobs.id
for update of jobs";

const SQLITE_LOCK_JOB: &str = "
-- name: look at job
select id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= $2, false) as expired
from jobs where id = $1";

const POSTGRES_LOCK_PARENTS: &str = "
-- name: lock parents
select jobs.id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= coalesce($2, now()), false) as expired
from jobs
where jobs.id in (
    select coalesce(one.parent, one.id)
    from unnest($1) as named (id) cross join lateral (
        -- The offset keeps the planner from looking for children by the index of parents.
        select own.id, own.parent, own.kind from jobs as own where own.id = named.id offset 0) as one
    -- Named parents too: locked among the children, they could wait for who waits for those.
    where one.parent is not null or one.kind = 'combine')
order by jobs.id
for update of jobs";

const SQLITE_LOCK_PARENT: &str = "
-- name: look at parent
select id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= $2, false) as expired
from jobs where id = (select parent from jobs as child where child.id = $1)";

const POSTGRES_SIBLINGS: &str = "
-- name: siblings
select distinct sibling.id
from unnest($1) as named (id) cross join lateral (
    select own.parent from jobs as own where own.id = named.id offset 0) as own
join jobs as sibling on sibling.parent = own.parent";

const POSTGRES_LOCK_CHILDREN: &str = "
-- name: lock children
select id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= coalesce($2, now()), false) as expired
from jobs
where parent = ($1::uuid[])[1]
order by id
for update";

const SQLITE_LOCK_CHILDREN: &str = "
-- name: look at children
select id, label, priority, state, parent, pending_children, attempt, max_attempts, epoch, alone,
    cancel_requested, coalesce(lease_until <= $2, false) as expired
from jobs where parent = $1 order by id";

const POSTGRES_WRITE_JOBS: &str = "
-- name: write jobs
update jobs set
    state = change.state,
    attempt = change.attempt,
    alone = change.alone,
    pending_children = change.pending_children,
    cancel_requested = false,
    worker = null,
    lease_until = null,
    ready_at = case when change.state in ('ready', 'scheduled')
        then coalesce($12, now()) + change.pause_ms * interval '1 millisecond' else jobs.ready_at end,
    finished_at = case when change.state in ('succeeded', 'failed', 'cancelled') then coalesce($12, now()) end,
    error = coalesce(change.error, jobs.error),
    result = change.result,
    result_key = change.result_key,
    samples_key = change.samples_key,
    progress = coalesce(change.progress, jobs.progress)
from unnest($1::uuid[], $2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::text[], $7::bytea[], $8::text[],
    $9::text[], $10::bigint[], $11::boolean[])
    as change (id, state, attempt, pending_children, pause_ms, error, result, result_key, samples_key, progress, alone)
where jobs.id = change.id";

const SQLITE_WRITE_JOB: &str = "
-- name: write job
update jobs set
    state = $2,
    attempt = $3,
    pending_children = $4,
    cancel_requested = false,
    worker = null,
    lease_until = null,
    ready_at = coalesce($5, ready_at),
    error = coalesce($6, error),
    result = $7,
    result_key = $8,
    samples_key = $9,
    progress = coalesce($10, progress),
    finished_at = $11,
    alone = $12
where id = $1";

const POSTGRES_ASK_TO_STOP: &str = "
-- name: ask to stop
update jobs set cancel_requested = $2 where id = any($1) and state = 'running'";

const SQLITE_ASK_TO_STOP: &str = "
-- name: ask to stop
update jobs set cancel_requested = $2 where id = $1 and state = 'running'";
