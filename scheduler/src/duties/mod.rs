//! The duties, one file each.

pub mod audit;
pub mod measure;
pub mod orphans;
pub mod promote;
pub mod relay;
pub mod rescue;
pub mod schedules;

use std::fmt::Debug;
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
    type Done: Debug + Send;

    /// Does it once.
    fn tick(&mut self) -> impl Future<Output = Result<Self::Done, DutyError>> + Send;

    /// Whether what was done is worth a line in the log.
    fn is_news(done: &Self::Done) -> bool;
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
    #[error("it said nothing for {0:?}")]
    Silent(Duration),
}
