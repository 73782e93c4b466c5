//! What the duties look for: jobs whose time has come, leases that ran out, jobs that nobody rang for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{query_as, query_scalar};
use uuid::Uuid;

use crate::delivery::Held;
use crate::ids::JobId;
use crate::job::{Bell, Label, Priority};
use crate::store::columns::Instant;
use crate::store::row::row;
use crate::store::transaction::{OnPostgres, OnSqlite, Transaction, run};
use crate::store::{Store, StoreError};

/// Where a page of ready jobs ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    ready_at: DateTime<Utc>,
    job: JobId,
}

impl Store {
    /// Makes jobs whose time has come ready, at most so many, those first that wait longest.
    pub async fn promote(&self, limit: u32) -> Result<Vec<Bell>, StoreError> {
        let mut transaction = self.begin().await?;
        let promoted = match &mut transaction {
            Transaction::Postgres(on) => on.promote(limit).await?,
            Transaction::Sqlite(on) => on.promote(limit).await?,
        };
        transaction.commit().await?;
        Ok(promoted.into_iter().map(Due::bell).collect())
    }

    /// Jobs that have been ready for at least this long, in the order in which they became so, and where to go on if
    /// there may be more.
    pub async fn ready_page(
        &self,
        label: Label,
        priority: Priority,
        after: Option<Cursor>,
        older_than: Duration,
        limit: u32,
    ) -> Result<(Vec<Bell>, Option<Cursor>), StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let Instant(now) = transaction.now().await?;
        let until = chrono::TimeDelta::from_std(older_than).ok().and_then(|age| now.checked_sub_signed(age));
        let after = after.unwrap_or(Cursor { ready_at: DateTime::UNIX_EPOCH, job: JobId(Uuid::nil()) });
        let page: Vec<Due> = run!(
            &mut transaction,
            query_as(READY_PAGE)
                .bind(label)
                .bind(priority)
                .bind(Instant(after.ready_at))
                .bind(after.job)
                .bind(Instant(until.unwrap_or(DateTime::UNIX_EPOCH)))
                .bind(i64::from(limit)),
            fetch_all
        )?;
        transaction.commit().await?;
        let full = page.len() >= limit as usize;
        let next =
            page.last().filter(|_| full).map(|last| Cursor { ready_at: last.ready_at.0, job: last.id });
        Ok((page.into_iter().map(Due::bell).collect(), next))
    }

    /// How many jobs are ready, counted to this many.
    pub async fn ready_count(
        &self,
        label: Label,
        priority: Priority,
        at_most: u32,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let count: i64 = run!(
            &mut transaction,
            query_scalar(READY_COUNT).bind(label).bind(priority).bind(i64::from(at_most)),
            fetch_one
        )?;
        transaction.commit().await?;
        Ok(count.unsigned_abs())
    }
}

impl Transaction {
    /// Deliveries whose lease ran out.
    pub(in crate::store) async fn expired(&mut self, limit: u32) -> Result<Vec<Held>, StoreError> {
        let now = self.now().await?;
        let expired: Vec<(JobId, i64)> =
            run!(self, query_as(EXPIRED).bind(now).bind(i64::from(limit)), fetch_all)?;
        Ok(expired.into_iter().map(|(job, epoch)| Held { job, epoch }).collect())
    }
}

impl OnPostgres {
    async fn promote(&mut self, limit: u32) -> Result<Vec<Due>, StoreError> {
        let query = query_as(POSTGRES_PROMOTE)
            .bind(i64::from(limit))
            .bind(Label::ALL)
            .bind(Priority::ALL)
            .bind(self.instant)
            .persistent(self.persistent);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

impl OnSqlite {
    async fn promote(&mut self, limit: u32) -> Result<Vec<Due>, StoreError> {
        let query = query_as(SQLITE_PROMOTE).bind(i64::from(limit)).bind(self.instant);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }
}

row! {
    struct Due {
        id: JobId,
        label: Label,
        priority: Priority,
        ready_at: Instant,
    }
}

impl Due {
    fn bell(self) -> Bell {
        Bell { job: self.id, label: self.label, priority: self.priority }
    }
}

/// The index orders by label and priority before time, so that each of their few pairs is looked through by itself:
/// jobs that are due in a year cost nothing.
const POSTGRES_PROMOTE: &str = "
-- name: promote jobs
with due as materialized (
    select first.id
    from unnest($2) as of_label (label)
        cross join unnest($3) as of_priority (priority)
        cross join lateral (
            select jobs.id, jobs.ready_at
            from jobs
            where jobs.state = 'scheduled' and jobs.label = of_label.label
                and jobs.priority = of_priority.priority and jobs.ready_at <= coalesce($4, now())
            order by jobs.ready_at, jobs.id
            limit $1) as first
    order by first.ready_at, first.id
    limit $1),
locked as materialized (
    select jobs.id
    from due join jobs on jobs.id = due.id
    where jobs.state = 'scheduled'
    order by jobs.id
    for update of jobs skip locked)
update jobs set state = 'ready'
from locked
where jobs.id = locked.id
returning jobs.id, label, priority, ready_at";

const SQLITE_PROMOTE: &str = "
-- name: promote jobs
update jobs set state = 'ready'
where id in (
    select id from jobs where state = 'scheduled' and ready_at <= $2 order by ready_at, id limit $1)
returning id, label, priority, ready_at";

const READY_PAGE: &str = "
-- name: page through ready jobs
select id, label, priority, ready_at
from jobs
where state = 'ready' and label = $1 and priority = $2 and (ready_at, id) > ($3, $4) and ready_at <= $5
order by ready_at, id
limit $6";

const READY_COUNT: &str = "
-- name: count ready jobs
select count(*) from (
    select 1 from jobs where state = 'ready' and label = $1 and priority = $2 limit $3) as counted";

const EXPIRED: &str = "
-- name: find leases that ran out
select id, epoch from jobs where state = 'running' and lease_until <= $1 order by id limit $2";
