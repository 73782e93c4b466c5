//! The slices of a simulation, merged into its result.
//!
//! A part that is gone, damaged, or of a version that computes otherwise is of no use to any later attempt either: its
//! slice is evaluated here, and its part is kept where it should have been. If there are so many that the time of an attempt
//! is not enough, the next one, or a retry by hand, has the fewer to do.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use fermiac_fleet::blobs::{BlobError, Blobs};
use fermiac_fleet::delivery::{Delivery, Produced};
use fermiac_fleet::simulation::CombineWork;
use fermiac_simulation::{Failure, Observer, Origin, Prepared, SlicePart};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::failure::JobError;
use super::{Runner, on_own_threads, payload, simulation_of};
use crate::figures;
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
        let kept = kept_parts(patiently(|| self.store.produced(&slices)).await?)?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (threads, tether, synthetic) = (self.threads, Arc::clone(tether), delivery.synthetic);
        let blobs = self.blobs.clone();
        let merging = on_own_threads(move || {
            let origin = model.origin()?;
            let mut parts = Parts {
                receiver,
                origin,
                model: &model,
                threads,
                tether: Stops(tether),
                blobs,
                synthetic,
                failed: None,
            };
            let finished = model.combine(threads, &mut parts);
            match (finished, parts.failed) {
                (_, Some(failed)) => Err(failed),
                (finished, None) => Self::make(&model, &finished?),
            }
        });
        let (made, ()) = tokio::join!(merging, read(&self.blobs, kept, sender));
        self.publish(delivery, made?).await
    }
}

/// Where the part of a slice is kept.
struct KeptPart {
    key: String,
    trials: Range<u64>,
}

/// A part as it was read; no bytes if it is gone.
struct ReadPart {
    kept: KeptPart,
    bytes: Option<Bytes>,
}

/// What slices made, in the order of their trials. A slice counts its trials as progress.
fn kept_parts(made: Vec<Produced>) -> Result<Vec<KeptPart>, JobError> {
    let mut done = 0;
    let kept = made.into_iter().map(|part| {
        let first = done;
        done += part.progress?;
        Some(KeptPart { key: part.result_key?, trials: first..done })
    });
    kept.collect::<Option<_>>().ok_or_else(|| JobError::permanent("a slice has no part"))
}

/// Reads the parts, one ahead of the one that is merged; ends early when nobody wants them any more.
async fn read(blobs: &Blobs, parts: Vec<KeptPart>, read: mpsc::Sender<Result<ReadPart, JobError>>) {
    for kept in parts {
        let part = match blobs.get(&kept.key, MAX_PART_BYTES).await {
            Ok(bytes) => Ok(ReadPart { kept, bytes: Some(bytes) }),
            Err(BlobError::NotFound { .. }) => Ok(ReadPart { kept, bytes: None }),
            Err(error) => Err(error.into()),
        };
        if read.send(part).await.is_err() {
            return;
        }
    }
}

/// The parts as they come. A failure ends them and is kept, since what merges them has no word for it.
struct Parts<'a> {
    receiver: mpsc::Receiver<Result<ReadPart, JobError>>,
    origin: Origin,
    model: &'a Prepared,
    threads: NonZeroUsize,
    tether: Stops,
    /// To keep parts that are made here.
    blobs: Blobs,
    synthetic: bool,
    failed: Option<JobError>,
}

impl Parts<'_> {
    fn part(&self, ReadPart { kept, bytes }: ReadPart) -> Result<SlicePart, Failure> {
        let KeptPart { key, trials } = kept;
        let part = bytes.map(|bytes| SlicePart::from_bytes(&bytes, self.origin));
        let reason = match part {
            Some(Ok(part)) if part.trials() == trials => return Ok(part),
            Some(Ok(_)) => "it is of other trials".to_owned(),
            Some(Err(damaged)) => damaged.to_string(),
            None => "it is gone".to_owned(),
        };
        tracing::warn!(key, reason, "the part of a slice is of no use: the slice is evaluated again");
        let count = trials.end - trials.start;
        let part = self.model.simulate_slice(trials, self.threads, &self.tether)?;
        let keeping = self.blobs.put(&key, part.to_bytes(self.origin).into());
        if let Err(error) = Handle::current().block_on(keeping) {
            tracing::warn!(key, %error, "cannot keep the part: another attempt has to make it again");
        }
        figures::part_made_again(self.synthetic, count);
        Ok(part)
    }
}

impl Iterator for Parts<'_> {
    type Item = Result<SlicePart, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.tether.cancelled() {
            self.failed = Some(JobError::stopped());
        } else {
            match self.receiver.blocking_recv()? {
                Ok(read) => return Some(self.part(read)),
                Err(failed) => self.failed = Some(failed),
            }
        }
        Some(Err(Failure::refused("the parts cannot be read")))
    }
}

/// Ends with its tether. What it evaluates has been counted as progress before.
struct Stops(Arc<Tether>);

impl Observer for Stops {
    fn progress(&self, _trials_done: u64) {}

    fn cancelled(&self) -> bool {
        self.0.is_stopping()
    }
}
