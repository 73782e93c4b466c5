//! Submission: many jobs, whole families among them, in one transaction.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::{query_as, query_scalar};

use crate::ids::{JobId, UserId};
use crate::job::{Bell, Kind, MAX_BULK, MAX_CHILDREN, MAX_PAYLOAD_BYTES, NewJob, Start, State};
use crate::store::clock::milliseconds;
use crate::store::columns::Instant;
use crate::store::transaction::{OnPostgres, OnSqlite, Transaction, run};
use crate::store::{Store, StoreError};

/// An idempotency key has at most so many bytes.
pub(in crate::store) const MAX_KEY_BYTES: usize = 255;

/// What became of jobs that were submitted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Submitted {
    /// The jobs, in the order of the call; for a key that was known, the one that is there.
    pub jobs: Vec<JobId>,
    /// For the new ones that may be claimed at once.
    pub bells: Vec<Bell>,
}

impl Store {
    /// Submits jobs, all or none. A repeated call adds nothing: a name or a key that is known gives the job that is
    /// there.
    pub async fn submit(&self, jobs: &[NewJob]) -> Result<Submitted, StoreError> {
        check(jobs)?;
        let mut transaction = self.begin().await?;
        let submitted = transaction.submit(jobs).await?;
        transaction.commit().await?;
        Ok(submitted)
    }
}

impl Transaction {
    async fn submit(&mut self, jobs: &[NewJob]) -> Result<Submitted, StoreError> {
        let added: HashSet<JobId> = self.insert(jobs).await?.into_iter().collect();
        if added.len() == jobs.len() {
            return Ok(Submitted { jobs: jobs.iter().map(|job| job.id).collect(), bells: bells(jobs) });
        }
        let mut submitted = Submitted::default();
        for job in jobs {
            if added.contains(&job.id) {
                submitted.jobs.push(job.id);
                submitted.bells.extend(bells(std::slice::from_ref(job)));
            } else {
                submitted.jobs.push(self.known(job).await?);
            }
        }
        Ok(submitted)
    }

    /// Adds the rows of jobs that are not known yet.
    pub(in crate::store) async fn insert(&mut self, jobs: &[NewJob]) -> Result<Vec<JobId>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            Transaction::Postgres(on) => on.insert(jobs).await,
            Transaction::Sqlite(on) => on.insert(jobs).await,
        }
    }

    async fn known(&mut self, job: &NewJob) -> Result<JobId, StoreError> {
        // Without a key this finds nothing: nulls equal nothing.
        let key = job.idempotency_key.as_deref();
        let of_key: Option<JobId> =
            run!(self, query_scalar(JOB_OF_KEY).bind(job.owner).bind(key), fetch_optional)?;
        if let Some(id) = of_key {
            return Ok(id);
        }
        let there: Option<(Kind, Option<UserId>)> =
            run!(self, query_as(JOB_OF_NAME).bind(job.id), fetch_optional)?;
        match there {
            Some((kind, owner)) if kind == job.kind && owner == job.owner => Ok(job.id),
            Some(_) => Err(StoreError::conflict(format!("the name {} is another job's", job.id))),
            None => {
                Err(StoreError::Unavailable { reason: "a job with this key is being submitted".to_owned() })
            }
        }
    }
}

impl OnPostgres {
    async fn insert(&mut self, jobs: &[NewJob]) -> Result<Vec<JobId>, StoreError> {
        let column = || jobs.iter();
        let ids = query_scalar(POSTGRES_INSERT)
            .bind(column().map(|job| job.id).collect::<Vec<_>>())
            .bind(column().map(|job| job.kind).collect::<Vec<_>>())
            .bind(column().map(|job| job.label).collect::<Vec<_>>())
            .bind(column().map(|job| job.priority).collect::<Vec<_>>())
            .bind(column().map(first_state).collect::<Vec<_>>())
            .bind(column().map(|job| job.owner).collect::<Vec<_>>())
            .bind(column().map(|job| job.simulation).collect::<Vec<_>>())
            .bind(column().map(|job| job.parent).collect::<Vec<_>>())
            .bind(column().map(pending_children).collect::<Vec<_>>())
            .bind(column().map(|job| i32::from(job.max_attempts)).collect::<Vec<_>>())
            .bind(column().map(|job| milliseconds(job.timeout)).collect::<Vec<_>>())
            .bind(column().map(|job| start_at(job).map(Instant)).collect::<Vec<_>>())
            .bind(column().map(|job| job.idempotency_key.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|job| job.trace_context.as_deref()).collect::<Vec<_>>())
            .bind(column().map(|job| job.payload.as_slice()).collect::<Vec<_>>())
            .bind(self.instant)
            .persistent(self.persistent)
            .fetch_all(&mut *self.connection)
            .await?;
        Ok(ids)
    }
}

impl OnSqlite {
    async fn insert(&mut self, jobs: &[NewJob]) -> Result<Vec<JobId>, StoreError> {
        let mut added = Vec::with_capacity(jobs.len());
        for job in jobs {
            let query = query_scalar::<_, JobId>(SQLITE_INSERT)
                .bind(job.id)
                .bind(job.kind)
                .bind(job.label)
                .bind(job.priority)
                .bind(first_state(job))
                .bind(job.owner)
                .bind(job.simulation)
                .bind(job.parent)
                .bind(pending_children(job))
                .bind(i32::from(job.max_attempts))
                .bind(milliseconds(job.timeout))
                .bind(Instant(start_at(job).unwrap_or(self.instant.0)))
                .bind(job.idempotency_key.as_deref())
                .bind(job.trace_context.as_deref())
                .bind(job.payload.as_slice())
                .bind(self.instant);
            added.extend(query.fetch_optional(&mut *self.connection).await?);
        }
        Ok(added)
    }
}

/// Refuses what cannot be, before anything is written.
pub(in crate::store) fn check(jobs: &[NewJob]) -> Result<(), StoreError> {
    if jobs.len() > MAX_BULK {
        let reason = format!("{} jobs in one call: the most is {MAX_BULK}", jobs.len());
        return Err(StoreError::refused(reason));
    }
    jobs.iter().try_for_each(check_job)?;
    check_families(jobs)
}

fn check_job(job: &NewJob) -> Result<(), StoreError> {
    let refuse = |reason: String| Err(StoreError::refused(format!("job {}: {reason}", job.id)));
    if job.payload.len() > MAX_PAYLOAD_BYTES {
        return refuse(format!("a payload of {} bytes: the most is {MAX_PAYLOAD_BYTES}", job.payload.len()));
    }
    if job.max_attempts == 0 {
        return refuse("it must be tried at least once".to_owned());
    }
    if job.idempotency_key.as_ref().is_some_and(|key| !is_key(key)) {
        return refuse(format!("an idempotency key has 1 to {MAX_KEY_BYTES} bytes and no zero byte"));
    }
    if job
        .trace_context
        .as_ref()
        .is_some_and(|context| context.len() > MAX_KEY_BYTES || context.contains('\0'))
    {
        return refuse(format!("a trace context has at most {MAX_KEY_BYTES} bytes and no zero byte"));
    }
    match job.start {
        Start::AfterChildren(_) if job.parent.is_some() => refuse("a child cannot have children".to_owned()),
        Start::AfterChildren(_) if job.idempotency_key.is_some() => refuse(
            "a job that waits for children takes no idempotency key: give it to their simulation".to_owned(),
        ),
        Start::AfterChildren(count) if count as usize > MAX_CHILDREN => {
            refuse(format!("{count} children: the most is {MAX_CHILDREN}"))
        }
        Start::Now | Start::At(_) | Start::AfterChildren(_) => Ok(()),
    }
}

/// A parent and all its children come in one call, as many as it waits for.
fn check_families(jobs: &[NewJob]) -> Result<(), StoreError> {
    let mut names = HashSet::with_capacity(jobs.len());
    if let Some(twice) = jobs.iter().find(|job| !names.insert(job.id)) {
        return Err(StoreError::refused(format!("job {} is submitted twice in one call", twice.id)));
    }
    let mut children: HashMap<JobId, u32> = HashMap::new();
    for parent in jobs.iter().filter_map(|job| job.parent) {
        *children.entry(parent).or_default() += 1;
    }
    for job in jobs {
        let waits_for = if let Start::AfterChildren(count) = job.start { count } else { 0 };
        let there = children.remove(&job.id).unwrap_or(0);
        if waits_for != there {
            let reason =
                format!("job {} waits for {waits_for} children and {there} are submitted with it", job.id);
            return Err(StoreError::refused(reason));
        }
        if job.parent.is_some() && job.idempotency_key.is_some() {
            return Err(StoreError::refused(format!(
                "job {} is a child and takes no idempotency key",
                job.id
            )));
        }
    }
    match children.keys().next() {
        Some(parent) => {
            Err(StoreError::refused(format!("the parent {parent} is not submitted with its children")))
        }
        None => Ok(()),
    }
}

/// Whether this can be an idempotency key.
pub(in crate::store) fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.contains('\0')
}

/// The bells of those that may be claimed at once.
pub(in crate::store) fn bells(jobs: &[NewJob]) -> Vec<Bell> {
    let ready = jobs.iter().filter(|job| first_state(job) == State::Ready);
    ready.map(|job| Bell { job: job.id, label: job.label, priority: job.priority }).collect()
}

/// A job for a time that has come already is promoted like any other.
fn first_state(job: &NewJob) -> State {
    match job.start {
        Start::Now | Start::AfterChildren(0) => State::Ready,
        Start::At(_) => State::Scheduled,
        Start::AfterChildren(_) => State::Waiting,
    }
}

fn pending_children(job: &NewJob) -> i32 {
    match job.start {
        Start::AfterChildren(count) => i32::try_from(count).unwrap_or(i32::MAX),
        Start::Now | Start::At(_) => 0,
    }
}

fn start_at(job: &NewJob) -> Option<DateTime<Utc>> {
    match job.start {
        Start::At(instant) => Some(instant),
        Start::Now | Start::AfterChildren(_) => None,
    }
}

const POSTGRES_INSERT: &str = "
-- name: submit jobs
insert into jobs (id, kind, label, priority, state, owner, simulation, parent, pending_children, max_attempts,
    timeout_ms, ready_at, idempotency_key, trace_context, payload, created_at)
select id, kind, label, priority, state, owner, simulation, parent, pending_children, max_attempts,
    timeout_ms, coalesce(start_at, $16, now()), idempotency_key, trace_context, payload, coalesce($16, now())
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
    $9::integer[], $10::integer[], $11::bigint[], $12::timestamptz[], $13::text[], $14::text[], $15::bytea[])
    as job (id, kind, label, priority, state, owner, simulation, parent, pending_children, max_attempts,
        timeout_ms, start_at, idempotency_key, trace_context, payload)
-- Two calls with the same keys wait for each other in one order.
order by idempotency_key, id
on conflict do nothing
returning id";

const SQLITE_INSERT: &str = "
-- name: submit job
insert into jobs (id, kind, label, priority, state, owner, simulation, parent, pending_children, max_attempts,
    timeout_ms, ready_at, idempotency_key, trace_context, payload, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict do nothing
returning id";

const JOB_OF_KEY: &str = "
-- name: find job by key
select id from jobs
where idempotency_key = $2 and (owner = $1 or (owner is null and $1 is null))";

const JOB_OF_NAME: &str = "
-- name: find job by name
select kind, owner from jobs where id = $1";
