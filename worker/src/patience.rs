//! Calls to a store that may be away, or whose connection may be dead without a word.

use std::time::{Duration, Instant};

use fermiac_fleet::store::StoreError;

/// A short call that is not answered within this time is not answered at all. Half a lease: what it was for can still be
/// done in time on another connection.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// A job waits so long for what it has to read: beyond that it is another's, and the failure may as well be told.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// Reads again while the store does not answer. An absence of the store is no fault of the job that reads: it should not
/// cost an attempt.
pub async fn patiently<T, F>(read: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let started = Instant::now();
    loop {
        match StoreError::unless_silent(ANSWERED_WITHIN, read()).await {
            Err(error) if error.is_retryable() && started.elapsed() < PATIENCE => {
                tracing::warn!(%error, "cannot read from the store, trying again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
