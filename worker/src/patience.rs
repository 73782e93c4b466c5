//! Reads that wait for a store that is away.

use std::time::{Duration, Instant};

use fermiac_fleet::store::StoreError;

/// So long: beyond it the job's lease is another's, and the failure may as well be told.
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
        match read().await {
            Err(error) if error.is_retryable() && started.elapsed() < PATIENCE => {
                tracing::warn!(%error, "cannot read from the store, trying again");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
