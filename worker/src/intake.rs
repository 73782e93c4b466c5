//! From bells to deliveries.

use std::time::{Duration, Instant};

use fermiac_fleet::delivery::Delivery;
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::Kind;
use fermiac_fleet::queue::{Listener, Queue, Rung};
use fermiac_fleet::store::{Store, StoreError};

use crate::figures;
use crate::patience::ANSWERED_WITHIN;
use crate::running::Running;

/// One call listens so long: how late a connection that is half dead is noticed.
const LISTEN: Duration = Duration::from_secs(5);
/// The pause before a claim or a call that failed is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// A claim that the database was still at when the connection broke is committed within this time, or never.
const DOUBT: Duration = Duration::from_secs(5);
/// At most so many jobs are claimed at once.
const MOST: usize = 500;

/// Listens and claims for one worker.
pub struct Intake {
    pub store: Store,
    pub queue: Queue,
    pub listener: Listener,
    pub worker: String,
    pub lease: Duration,
    running: Running,
    /// Jobs of a claim whose answer did not come: it may have been committed, or be committed yet.
    in_doubt: Vec<JobId>,
    in_doubt_until: Instant,
    /// How many to claim at once beyond the free slots: it doubles while all that comes is over in no time.
    batch: usize,
    /// Heard, when the store was away: they are claimed before anything else is listened to.
    put_off: Vec<Rung>,
}

impl Intake {
    /// Listens with `listener` under the name `worker`, which has these deliveries in its hands.
    pub fn new(
        (store, queue, listener): (Store, Queue, Listener),
        worker: String,
        lease: Duration,
        running: Running,
    ) -> Intake {
        let (in_doubt, in_doubt_until, put_off) = (Vec::new(), Instant::now(), Vec::new());
        Intake { store, queue, listener, worker, lease, running, in_doubt, in_doubt_until, batch: 1, put_off }
    }

    /// Waits until something rings. May be dropped: a bell that was lost on the way rings again.
    pub async fn listen(&mut self, free_slots: usize) -> Vec<Rung> {
        if let Err(error) = self.hand_back_what_is_in_doubt().await {
            tracing::warn!(%error, jobs = self.in_doubt.len(), "cannot tell what was claimed, trying again");
            tokio::time::sleep(PAUSE).await;
            return Vec::new();
        }
        if !self.put_off.is_empty() {
            tokio::time::sleep(PAUSE).await;
            return std::mem::take(&mut self.put_off);
        }
        match self.listener.next(self.batch.max(free_slots), LISTEN).await {
            Ok(rung) => rung,
            Err(error) => {
                tracing::warn!(%error, "cannot hear the queue, trying again");
                tokio::time::sleep(PAUSE).await;
                Vec::new()
            }
        }
    }

    /// Claims what rang, and answers the bells. Not to be dropped before it ends: what was claimed would be forgotten.
    pub async fn claim(&mut self, rung: Vec<Rung>) -> Vec<Delivery> {
        let jobs: Vec<JobId> = rung.iter().map(|rung| rung.bell.job).collect();
        let claim = self.store.claim(&self.worker, &jobs, self.lease);
        let deliveries = match StoreError::unless_silent(ANSWERED_WITHIN, claim).await {
            Ok(deliveries) => deliveries,
            Err(error) => {
                tracing::warn!(%error, bells = rung.len(), "cannot claim, trying again");
                self.in_doubt.extend(jobs);
                self.in_doubt_until = Instant::now() + DOUBT;
                self.put_off = rung;
                return Vec::new();
            }
        };
        // The claim has committed: the lease holds the job from here on. A bell that is not answered rings again.
        if let Err(error) = self.queue.answer(&rung).await {
            tracing::warn!(%error, bells = rung.len(), "cannot answer bells; they will ring again");
        }
        // What comes here after all is known.
        self.in_doubt.retain(|job| deliveries.iter().all(|delivery| delivery.job != *job));
        figures::claimed(&deliveries);
        self.adapt(&deliveries);
        deliveries
    }

    /// A claim may be committed though its answer was lost with the connection. Nobody here knows of its deliveries, so
    /// they would wait for their leases to run out, and spend an attempt each.
    async fn hand_back_what_is_in_doubt(&mut self) -> Result<(), StoreError> {
        if self.in_doubt.is_empty() {
            return Ok(());
        }
        let known = self.running.held();
        let held = self.store.held_by(&self.worker);
        let mut held = StoreError::unless_silent(ANSWERED_WITHIN, held).await?;
        held.retain(|held| self.in_doubt.contains(&held.job) && !known.contains(held));
        let bells = StoreError::unless_silent(ANSWERED_WITHIN, self.store.release(&held)).await?;
        if Instant::now() >= self.in_doubt_until {
            self.in_doubt.clear();
        }
        if !bells.is_empty() {
            tracing::info!(jobs = bells.len(), "handed back jobs whose claim was lost on the way here");
        }
        if let Err(error) = self.queue.ring(&bells).await {
            tracing::warn!(%error, "cannot ring; the relay will");
        }
        Ok(())
    }

    fn adapt(&mut self, deliveries: &[Delivery]) {
        let all_light = deliveries.iter().all(|delivery| is_light(delivery.kind));
        self.batch = match deliveries.len() {
            _ if !all_light => 1,
            claimed if claimed >= self.batch => (self.batch * 2).min(MOST),
            _ => self.batch,
        };
    }
}

/// Whether a job is over in no time, and needs no slot.
pub fn is_light(kind: Kind) -> bool {
    match kind {
        Kind::Probe => true,
        Kind::Simulate
        | Kind::Slice
        | Kind::Combine
        | Kind::Backup
        | Kind::RestoreDrill
        | Kind::Retention
        | Kind::SmokeTest
        | Kind::ResourceWatch => false,
    }
}
