//! The workers that are alive.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{query, query_as};

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Store, StoreError};
use crate::job::Label;
use crate::store::row::row;

/// A worker that was heard of within this time is alive.
pub const ALIVE: Duration = Duration::from_secs(15);

/// What a worker says of itself, every few seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerBeat {
    /// Host and boot: new for each process.
    pub id: String,
    /// What it takes.
    pub labels: Vec<Label>,
    /// How many jobs at once.
    pub slots: u32,
    /// Which program it runs.
    pub version: String,
    /// What it computes on.
    pub device: String,
}

/// A worker that was heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// What it said last.
    pub beat: WorkerBeat,
    /// When it was first heard of.
    pub started_at: DateTime<Utc>,
    /// When it was last.
    pub seen_at: DateTime<Utc>,
}

impl Store {
    /// Notes that a worker is alive.
    pub async fn heartbeat(&self, beat: &WorkerBeat) -> Result<(), StoreError> {
        let labels: Vec<&str> = beat.labels.iter().map(|label| label.name()).collect();
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        run!(
            &mut transaction,
            query(HEARTBEAT)
                .bind(&beat.id)
                .bind(labels.join(","))
                .bind(i32::try_from(beat.slots).unwrap_or(i32::MAX))
                .bind(&beat.version)
                .bind(&beat.device)
                .bind(now),
            execute
        )?;
        transaction.commit().await
    }

    /// The workers that were heard of within this span.
    pub async fn workers(&self, within: Duration) -> Result<Vec<Worker>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let since = transaction.ago(within).await?;
        let rows: Vec<WorkerRow> = run!(&mut transaction, query_as(WORKERS).bind(since), fetch_all)?;
        transaction.commit().await?;
        rows.into_iter().map(WorkerRow::worker).collect()
    }

    /// Forgets a worker that ends in good order.
    pub async fn forget_worker(&self, id: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        run!(&mut transaction, query(FORGET).bind(id), execute)?;
        transaction.commit().await
    }

    /// Forgets workers that were not heard of for this long, and names them.
    pub async fn forget_dead(&self, silent_for: Duration) -> Result<Vec<String>, StoreError> {
        let mut transaction = self.begin().await?;
        let since = transaction.ago(silent_for).await?;
        let dead: Vec<(String,)> = run!(&mut transaction, query_as(FORGET_DEAD).bind(since), fetch_all)?;
        transaction.commit().await?;
        Ok(dead.into_iter().map(|(id,)| id).collect())
    }
}

impl Transaction {
    /// The instant that lies this span back.
    pub(super) async fn ago(&mut self, span: Duration) -> Result<Instant, StoreError> {
        let Instant(now) = self.now().await?;
        let ago = chrono::TimeDelta::from_std(span).ok().and_then(|span| now.checked_sub_signed(span));
        Ok(Instant(ago.unwrap_or(DateTime::UNIX_EPOCH)))
    }
}

row! {
    struct WorkerRow {
        id: String,
        labels: String,
        slots: i32,
        version: String,
        device: String,
        started_at: Instant,
        seen_at: Instant,
    }
}

impl WorkerRow {
    fn worker(self) -> Result<Worker, StoreError> {
        let names = self.labels.split(',').filter(|name| !name.is_empty());
        let label =
            |name| Label::named(name).ok_or_else(|| StoreError::broken(format!("no label is {name:?}")));
        let beat = WorkerBeat {
            id: self.id,
            labels: names.map(label).collect::<Result<_, _>>()?,
            slots: self.slots.unsigned_abs(),
            version: self.version,
            device: self.device,
        };
        Ok(Worker { beat, started_at: self.started_at.0, seen_at: self.seen_at.0 })
    }
}

const HEARTBEAT: &str = "
-- name: heartbeat
insert into workers (id, labels, slots, version, device, started_at, seen_at) values ($1, $2, $3, $4, $5, $6, $6)
on conflict (id) do update set
    labels = excluded.labels, slots = excluded.slots, version = excluded.version, device = excluded.device,
    seen_at = excluded.seen_at";

const WORKERS: &str = "
-- name: list workers
select id, labels, slots, version, device, started_at, seen_at from workers where seen_at >= $1 order by id";

const FORGET: &str = "
-- name: forget worker
delete from workers where id = $1";

const FORGET_DEAD: &str = "
-- name: forget dead workers
delete from workers where seen_at < $1 returning id";
