//! Writes how deliveries ended, many in one transaction.
//!
//! Under load whatever ended while the last batch was being written makes up the next one: batches grow with the load and a
//! lone settlement waits for nobody. Nothing is given up while the store is away: a settlement is fenced, so writing it
//! late, or twice, does no harm.

use std::collections::HashMap;
use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Held, Outcome, Settlement};
use fermiac_fleet::job::{Bell, Kind};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Settled, Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::figures;

/// At most so many are written at once.
const BATCH: usize = 500;
/// So many may wait before jobs that end wait in their turn.
const WAITING: usize = 2_000;
/// The pause before a failed write is tried again: it doubles from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// A batch that is not written within this time is written again, on another connection.
const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// Where settlements are handed in.
pub type Settlements = mpsc::Sender<Ended>;

/// A delivery that ended, and what it counts as, unless as nobody's work.
pub struct Ended {
    counted: Option<(Kind, &'static str)>,
    settlement: Settlement,
    kept: Option<OwnedSemaphorePermit>,
}

impl Ended {
    /// With this outcome.
    pub fn with(delivery: Delivery, outcome: Outcome) -> Ended {
        Ended {
            counted: (!delivery.synthetic).then(|| (delivery.kind, figures::name_of(&outcome))),
            settlement: delivery.settle(outcome),
            kept: None,
        }
    }

    /// The same, which keeps these slots until it is written.
    pub fn keeping(self, slots: Option<OwnedSemaphorePermit>) -> Ended {
        Ended { kept: slots, ..self }
    }
}

/// A place to hand settlements in, and the task that writes them: it ends once all places are dropped and all is written.
pub fn settling(store: Store, queue: Queue) -> (Settlements, impl Future<Output = ()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (sender, write_all(store, queue, receiver))
}

async fn write_all(store: Store, queue: Queue, mut receiver: mpsc::Receiver<Ended>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let ends: HashMap<Held, _> =
            batch.iter().filter_map(|end| Some((end.settlement.held, end.counted?))).collect();
        let (settlements, kept): (Vec<Settlement>, Vec<_>) =
            batch.drain(..).map(|end| (end.settlement, end.kept)).unzip();
        if let Some(settled) = write(&store, &settlements).await {
            figures::settled(settled.written.iter().filter_map(|held| ends.get(held)).copied());
            report(&settled.superseded);
            ring(&queue, &settled.bells).await;
        }
        drop(kept);
    }
}

/// Nothing, if the store refuses them for good: then the leases run out and the jobs are tried again.
async fn write(store: &Store, batch: &[Settlement]) -> Option<Settled> {
    let mut pause = FIRST_PAUSE;
    loop {
        match StoreError::unless_silent(WRITTEN_WITHIN, store.settle(batch.to_vec())).await {
            Ok(settled) => return Some(settled),
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, jobs = batch.len(), "cannot write settlements, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST_PAUSE);
            }
            Err(error) => {
                tracing::error!(%error, jobs = batch.len(), "settlements refused by the store");
                return None;
            }
        }
    }
}

fn report(superseded: &[Held]) {
    for held in superseded {
        tracing::warn!(job = %held.job, epoch = held.epoch, "another worker has this job; what came of it here is dropped");
    }
    figures::superseded(superseded.len());
}

async fn ring(queue: &Queue, bells: &[Bell]) {
    if let Err(error) = queue.ring(bells).await {
        tracing::warn!(%error, "cannot ring; the relay will");
    }
}
