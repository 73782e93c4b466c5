//! Writes how deliveries ended, many in one transaction.
//!
//! Under load whatever ended while the last batch was being written makes up the next one: batches grow with the load and a
//! lone settlement waits for nobody. Nothing is given up while the store is away: a settlement is fenced, so writing it
//! late, or twice, does no harm.

use std::time::Duration;

use fermiac_fleet::delivery::Settlement;
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Store, StoreError};
use tokio::sync::mpsc;

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
pub type Settlements = mpsc::Sender<Settlement>;

/// A place to hand settlements in, and the task that writes them: it ends once all places are dropped and all is written.
pub fn settling(store: Store, queue: Queue) -> (Settlements, impl Future<Output = ()>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (sender, write_all(store, queue, receiver))
}

async fn write_all(store: Store, queue: Queue, mut receiver: mpsc::Receiver<Settlement>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        write(&store, &queue, &batch).await;
        batch.clear();
    }
}

async fn write(store: &Store, queue: &Queue, batch: &[Settlement]) {
    let mut pause = FIRST_PAUSE;
    let settled = loop {
        match StoreError::unless_silent(WRITTEN_WITHIN, store.settle(batch.to_vec())).await {
            Ok(settled) => break settled,
            Err(error) if error.is_retryable() => {
                tracing::warn!(%error, jobs = batch.len(), "cannot write settlements, trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LAST_PAUSE);
            }
            // The leases run out and the jobs are tried again: nothing is lost.
            Err(error) => {
                return tracing::error!(%error, jobs = batch.len(), "settlements refused by the store");
            }
        }
    };
    for held in &settled.superseded {
        tracing::warn!(job = %held.job, epoch = held.epoch, "another worker has this job; what came of it here is dropped");
    }
    metrics::counter!("fermiac_settlements_superseded_total").increment(settled.superseded.len() as u64);
    if let Err(error) = queue.ring(&settled.bells).await {
        tracing::warn!(%error, "cannot ring; the relay will");
    }
}
