//! Claims and the leases that follow from them.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::{query, query_as, query_scalar};

use crate::delivery::{Delivery, Held, Settlement};
use crate::ids::{JobId, SimulationId, UserId};
use crate::job::Kind;
use crate::store::clock::milliseconds;
use crate::store::families::Settled;
use crate::store::row::row;
use crate::store::transaction::{OnPostgres, OnSqlite, Transaction, run};
use crate::store::{Store, StoreError};

/// A lease to be renewed.
#[derive(Debug, Clone, Copy)]
pub struct Renewal {
    /// Which delivery.
    pub held: Held,
    /// How far it is, if that changed.
    pub progress: Option<u64>,
}

/// What became of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseState {
    /// It lasts.
    Kept,
    /// It lasts, to stop by: the job is no longer wanted.
    CancelRequested,
    /// Somebody else holds the job, or it ended: nothing of this run will be written.
    Lost,
}

impl Store {
    /// Turns those of these jobs that are ready to running, under a new epoch and a lease of this length. While the
    /// service is read-only, only backups. One that is to run alone waits under that lease for [`Store::begin_alone`].
    pub async fn claim(
        &self,
        worker: &str,
        jobs: &[JobId],
        lease: Duration,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut transaction = self.begin().await?;
        let deliveries = transaction.claim(worker, jobs, lease).await?;
        transaction.commit().await?;
        Ok(deliveries)
    }

    /// [`Store::settle`] and [`Store::claim`] in one transaction: a worker ends its last batch and begins the next.
    pub async fn settle_and_claim(
        &self,
        settlements: Vec<Settlement>,
        worker: &str,
        jobs: &[JobId],
        lease: Duration,
    ) -> Result<(Settled, Vec<Delivery>), StoreError> {
        let mut transaction = self.begin().await?;
        let settled = transaction.settle(settlements).await?;
        let deliveries = transaction.claim(worker, jobs, lease).await?;
        transaction.commit().await?;
        Ok((settled, deliveries))
    }

    /// Counts the attempt of a delivery that is to run alone, now that nothing runs beside it: a worker that dies before
    /// that spends none. Says whether the delivery still counts. May be repeated.
    pub async fn begin_alone(&self, held: Held) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let begun = run!(&mut transaction, query(BEGIN_ALONE).bind(held.job).bind(held.epoch), execute)?;
        transaction.commit().await?;
        Ok(begun > 0)
    }

    /// Makes leases last this long from now, and writes how far their jobs are.
    pub async fn renew(
        &self,
        renewals: &[Renewal],
        lease: Duration,
    ) -> Result<Vec<(Held, LeaseState)>, StoreError> {
        if renewals.is_empty() {
            return Ok(Vec::new());
        }
        let mut in_order = renewals.to_vec();
        in_order.sort_unstable_by_key(|renewal| renewal.held.job);
        let mut transaction = self.begin().await?;
        let renewed = match &mut transaction {
            Transaction::Postgres(on) => on.renew(&in_order, lease).await?,
            Transaction::Sqlite(on) => on.renew(&in_order, lease).await?,
        };
        transaction.commit().await?;
        let state = |held: Held| match renewed.get(&held) {
            Some(true) => LeaseState::CancelRequested,
            Some(false) => LeaseState::Kept,
            None => LeaseState::Lost,
        };
        Ok(renewals.iter().map(|renewal| (renewal.held, state(renewal.held))).collect())
    }
}

impl Transaction {
    async fn claim(
        &mut self,
        worker: &str,
        jobs: &[JobId],
        lease: Duration,
    ) -> Result<Vec<Delivery>, StoreError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut jobs = jobs.to_vec();
        jobs.sort_unstable();
        jobs.dedup();
        let claimed = match self {
            Transaction::Postgres(on) => on.claim(worker, &jobs, lease).await?,
            Transaction::Sqlite(on) => on.claim(worker, &jobs, lease).await?,
        };
        Ok(claimed.into_iter().map(Claimed::delivery).collect())
    }
}

impl OnPostgres {
    async fn claim(
        &mut self,
        worker: &str,
        jobs: &[JobId],
        lease: Duration,
    ) -> Result<Vec<Claimed>, StoreError> {
        let query = query_as(POSTGRES_CLAIM)
            .bind(jobs)
            .bind(worker)
            .bind(milliseconds(lease))
            .bind(self.instant)
            .persistent(self.persistent);
        Ok(query.fetch_all(&mut *self.connection).await?)
    }

    async fn renew(
        &mut self,
        renewals: &[Renewal],
        lease: Duration,
    ) -> Result<HashMap<Held, bool>, StoreError> {
        let renewed: Vec<(JobId, i64, bool)> = query_as(POSTGRES_RENEW)
            .bind(renewals.iter().map(|renewal| renewal.held.job).collect::<Vec<_>>())
            .bind(renewals.iter().map(|renewal| renewal.held.epoch).collect::<Vec<_>>())
            .bind(renewals.iter().map(progress).collect::<Vec<_>>())
            .bind(milliseconds(lease))
            .bind(self.instant)
            .persistent(self.persistent)
            .fetch_all(&mut *self.connection)
            .await?;
        Ok(renewed.into_iter().map(|(job, epoch, asked)| (Held { job, epoch }, asked)).collect())
    }
}

impl OnSqlite {
    async fn claim(
        &mut self,
        worker: &str,
        jobs: &[JobId],
        lease: Duration,
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut claimed = Vec::with_capacity(jobs.len());
        for &job in jobs {
            let query =
                query_as(SQLITE_CLAIM).bind(job).bind(worker).bind(self.after(lease)).bind(self.instant);
            claimed.extend(query.fetch_optional(&mut *self.connection).await?);
        }
        Ok(claimed)
    }

    async fn renew(
        &mut self,
        renewals: &[Renewal],
        lease: Duration,
    ) -> Result<HashMap<Held, bool>, StoreError> {
        let mut renewed = HashMap::new();
        for renewal in renewals {
            let query = query_scalar(SQLITE_RENEW)
                .bind(renewal.held.job)
                .bind(renewal.held.epoch)
                .bind(progress(renewal))
                .bind(self.after(lease));
            let asked_to_stop: Option<bool> = query.fetch_optional(&mut *self.connection).await?;
            renewed.extend(asked_to_stop.map(|asked| (renewal.held, asked)));
        }
        Ok(renewed)
    }
}

fn progress(renewal: &Renewal) -> Option<i64> {
    renewal.progress.map(|progress| i64::try_from(progress).unwrap_or(i64::MAX))
}

row! {
    struct Claimed {
        id: JobId,
        epoch: i64,
        kind: Kind,
        simulation: Option<SimulationId>,
        owner: Option<UserId>,
        synthetic: bool,
        payload: Vec<u8>,
        attempt: i32,
        max_attempts: i32,
        alone: bool,
        timeout_ms: i64,
        trace_context: Option<String>,
    }
}

impl Claimed {
    fn delivery(self) -> Delivery {
        let attempt = if self.alone { self.max_attempts } else { self.attempt };
        Delivery {
            job: self.id,
            epoch: self.epoch,
            kind: self.kind,
            simulation: self.simulation,
            owner: self.owner,
            synthetic: self.synthetic,
            payload: self.payload,
            attempt: u16::try_from(attempt).unwrap_or(u16::MAX),
            max_attempts: u16::try_from(self.max_attempts).unwrap_or(u16::MAX),
            alone: self.alone,
            timeout: Duration::from_millis(self.timeout_ms.unsigned_abs()),
            trace_context: self.trace_context,
        }
    }
}

/// Each job is looked up by its id, in the order of the call: joined freely, the planner would rather read all that
/// are ready, of whose number it knows nothing while the queue fills.
const POSTGRES_CLAIM: &str = "
-- name: claim jobs
with wanted as materialized (
    select ready.id
    from unnest($1) as named (id) cross join lateral (
        select jobs.id from jobs
        where jobs.id = named.id and jobs.state = 'ready'
            and (jobs.kind = 'backup' or not exists (select from read_only))
        for update) as ready)
update jobs set
    state = 'running',
    epoch = jobs.epoch + 1,
    attempt = jobs.attempt + case when jobs.alone then 0 else 1 end,
    progress = 0,
    worker = $2,
    lease_until = coalesce($4, now()) + $3 * interval '1 millisecond',
    started_at = coalesce(jobs.started_at, $4, now())
from wanted
where jobs.id = wanted.id
returning jobs.id, epoch, kind, simulation, owner,
    coalesce(owner in (select users.id from users where synthetic), false) as synthetic,
    payload, attempt, max_attempts, alone, timeout_ms, trace_context";

const SQLITE_CLAIM: &str = "
-- name: claim job
update jobs set
    state = 'running',
    epoch = epoch + 1,
    attempt = attempt + case when alone then 0 else 1 end,
    progress = 0,
    worker = $2,
    lease_until = $3,
    started_at = coalesce(started_at, $4)
where id = $1 and state = 'ready' and (kind = 'backup' or not exists (select 1 from read_only))
returning id, epoch, kind, simulation, owner,
    coalesce(owner in (select users.id from users where synthetic), false) as synthetic,
    payload, attempt, max_attempts, alone, timeout_ms, trace_context";

const BEGIN_ALONE: &str = "
-- name: begin alone
update jobs set attempt = max_attempts where id = $1 and epoch = $2 and state = 'running' and alone";

const POSTGRES_RENEW: &str = "
-- name: renew leases
with held as materialized (
    select running.id, named.progress
    from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as named (id, epoch, progress) cross join lateral (
        select jobs.id from jobs
        where jobs.id = named.id and jobs.epoch = named.epoch and jobs.state = 'running'
        for update) as running)
update jobs set
    lease_until = coalesce($5, now()) + $4 * interval '1 millisecond',
    progress = coalesce(held.progress, jobs.progress)
from held
where jobs.id = held.id
returning jobs.id, jobs.epoch, jobs.cancel_requested";

const SQLITE_RENEW: &str = "
-- name: renew lease
update jobs set lease_until = $4, progress = coalesce($3, progress)
where id = $1 and epoch = $2 and state = 'running'
returning cancel_requested";
