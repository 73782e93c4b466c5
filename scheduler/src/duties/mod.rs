//! The duties, one file each.

pub mod audit;
pub mod measure;
pub mod orphans;
pub mod promote;
pub mod relay;
pub mod rescue;
pub mod schedules;

use std::time::Duration;

use fermiac_fleet::blobs::BlobError;
use fermiac_fleet::queue::QueueError;
use fermiac_fleet::store::StoreError;

/// A small periodic task. It takes no input, is idempotent, and is bounded in its work.
pub trait Duty: Send + 'static {
    /// Its name in logs and metrics.
    const NAME: &str;

    /// A tick that takes longer is given up: what it talks to is gone without a word. The next one goes on.
    const WITHIN: Duration = Duration::from_secs(10);

    /// What one tick did.
    type Done: Send;

    /// Does it once.
    fn tick(&mut self) -> impl Future<Output = Result<Self::Done, DutyError>> + Send;

    /// Says in the log what was done, where that is worth a line.
    fn tell(done: &Self::Done);
}

/// Why a tick failed.
#[derive(Debug, thiserror::Error)]
pub enum DutyError {
    /// At the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// At the queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// At the blobs.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// Somewhere without a word.
    #[error("it said nothing for {} s", .0.as_secs())]
    Silent(Duration),
}
