//! The slices of a simulation, merged into its result.

use std::sync::Arc;

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::simulation::CombineWork;
use fermiac_simulation::{Failure, SlicePart};
use tokio::sync::mpsc;

use super::failure::JobError;
use super::{Runner, on_own_threads, payload, simulation_of};
use crate::patience::patiently;
use crate::places::Place;
use crate::running::Tether;

/// The part of a slice has at most so many bytes.
const MAX_PART_BYTES: u64 = 4 << 30;
/// Parts read ahead while one is merged.
const AHEAD: usize = 1;

impl Runner {
    /// Merges the parts in the order of their trials, and publishes the result.
    pub(super) async fn combine(
        &self,
        delivery: &Delivery,
        tether: &Arc<Tether>,
        place: &Place,
    ) -> Result<Produced, JobError> {
        let CombineWork { slices } = payload(delivery)?;
        let model = self.models.get(simulation_of(delivery)?, place).await?;
        let parts = patiently(|| self.store.produced(&slices)).await?;
        let keys: Option<Vec<String>> = parts.into_iter().map(|part| part.result_key).collect();
        let keys = keys.ok_or_else(|| JobError::permanent("a slice has no part"))?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (threads, tether) = (self.threads, Arc::clone(tether));
        let merging = on_own_threads(move || {
            let mut parts = Parts { receiver, tether, failed: None };
            let finished = model.combine(threads, &mut parts);
            match (finished, parts.failed) {
                (_, Some(failed)) => Err(failed),
                (finished, None) => Self::make(&model, &finished?),
            }
        });
        let (made, ()) = tokio::join!(merging, read(&self.blobs, keys, sender));
        self.publish(delivery, made?).await
    }
}

/// Reads the parts, one ahead of the one that is merged; ends early when nobody wants them any more.
async fn read(blobs: &Blobs, keys: Vec<String>, parts: mpsc::Sender<Result<SlicePart, JobError>>) {
    for key in keys {
        let part = match blobs.get(&key, MAX_PART_BYTES).await {
            Ok(bytes) => {
                SlicePart::from_bytes(&bytes).map_err(|error| JobError::passing(format!("{key}: {error}")))
            }
            Err(error) => Err(error.into()),
        };
        if parts.send(part).await.is_err() {
            return;
        }
    }
}

/// The parts as they come. A failure ends them and is kept, since what merges them has no word for it.
struct Parts {
    receiver: mpsc::Receiver<Result<SlicePart, JobError>>,
    tether: Arc<Tether>,
    failed: Option<JobError>,
}

impl Iterator for Parts {
    type Item = Result<SlicePart, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.tether.is_stopping() {
            self.failed = Some(JobError::stopped());
        } else {
            match self.receiver.blocking_recv()? {
                Ok(part) => return Some(Ok(part)),
                Err(failed) => self.failed = Some(failed),
            }
        }
        Some(Err(Failure::refused("the parts cannot be read")))
    }
}
