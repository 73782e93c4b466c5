//! The last attempt of a job whose workers died, which runs alone.
//!
//! Jobs that die together are ready together again and may be claimed together again, until all are dead letters for what
//! one of them does. So the last attempt runs with nothing beside it on its worker ([`Delivery::alone`]):
//! - It is claimed as any other. From then on it is this worker's: however often bells ring, no other drains for it, and
//!   of a busy fleet one worker for each such job finishes what it has in hand, once, which their timeouts bound.
//! - The worker hears nothing new until it has all its slots. Whatever else is to run alone and was claimed along goes
//!   back to others, who may be idle.
//! - The attempt counts from then on: a worker that dies of what it still runs, or drains, spends none.
//! - The slots are free again once its settlement is written: before that, whatever came next could take the worker down,
//!   and the last attempt with it.
//!
//! What takes no slot may run beside it. Probes are over as they are claimed. A smoke test computes nothing, it waits for
//! jobs that run in slots; and as they may be left to this very worker, it is not made to wait for free ones itself.

use std::sync::Arc;
use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Outcome};
use fermiac_fleet::store::StoreError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::intake::is_light;
use crate::patience::ANSWERED_WITHIN;
use crate::running::{Stop, Tether};
use crate::settling::{Ended, Settlements};
use crate::worker::{Worker, hand_in, needs_slot};

/// The pause before a beginning that failed to be written is tried again.
const PAUSE: Duration = Duration::from_millis(200);

/// Whether it has to wait until it is alone.
pub fn waits_to_be_alone(delivery: &Delivery) -> bool {
    delivery.alone && needs_slot(delivery.kind) && !is_light(delivery.kind)
}

impl Worker {
    /// Begins the first of these once nothing else runs, and hands the others back.
    pub(crate) async fn begin_alone(
        &self,
        deliveries: Vec<Delivery>,
        draining: &CancellationToken,
        settlements: &Settlements,
        jobs: &mut JoinSet<()>,
    ) {
        let mut deliveries = deliveries.into_iter();
        let Some(delivery) = deliveries.next() else { return };
        for other in deliveries {
            hand_in(settlements, Ended::with(other, Outcome::Interrupted)).await;
        }
        let held = delivery.held();
        tracing::info!(job = %held.job, "a job waits to run alone");
        let tether = self.running.wait(held);
        match self.all_slots(&tether, draining).await {
            Some(slots) => {
                jobs.spawn(self.working(delivery, Some(slots), draining, settlements));
            }
            None => {
                self.running.end(held);
                if tether.stop() != Some(Stop::Lost) {
                    hand_in(settlements, Ended::with(delivery, Outcome::Interrupted)).await;
                }
            }
        }
    }

    /// All slots, unless the worker drains or the job is no longer wanted first.
    async fn all_slots(&self, tether: &Tether, draining: &CancellationToken) -> Option<OwnedSemaphorePermit> {
        let mut left = self.slots_left.subscribe();
        loop {
            let count = *left.borrow_and_update();
            if count == 0 {
                return None;
            }
            tokio::select! {
                biased;
                () = draining.cancelled() => return None,
                () = tether.told_to_stop() => return None,
                slots = Arc::clone(&self.slots).acquire_many_owned(count as u32) => return slots.ok(),
                // A lost GPU took its slot along.
                Ok(()) = left.changed() => {}
            }
        }
    }

    /// Counts the attempt of a job that runs alone, and says whether it may run. All others may.
    pub(crate) async fn may_run(
        &self,
        delivery: &Delivery,
        tether: &Tether,
        draining: &CancellationToken,
    ) -> bool {
        if !delivery.alone {
            return true;
        }
        loop {
            let begun = self.store.begin_alone(delivery.held());
            match StoreError::unless_silent(ANSWERED_WITHIN, begun).await {
                Ok(begun) => return begun,
                Err(error) => tracing::warn!(%error, "cannot begin a job that runs alone, trying again"),
            }
            tokio::select! {
                () = draining.cancelled() => return false,
                () = tether.told_to_stop() => return false,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }
}
