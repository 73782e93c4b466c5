//! Counts and times what is asked of the home of the blobs.

use std::time::Instant;

use super::{BlobError, Result};
use crate::telemetry::metrics as names;

/// Awaits one operation and notes how long it took and how it ended. A stream that is read is timed to its first byte.
pub async fn timed<T>(operation: &'static str, asking: impl Future<Output = Result<T>>) -> Result<T> {
    let started = Instant::now();
    let answer = asking.await;
    let outcome = match &answer {
        Ok(_) => "done",
        Err(BlobError::NotFound { .. }) => "missing",
        Err(_) => "failed",
    };
    metrics::counter!(names::BLOB_REQUESTS, "operation" => operation, "outcome" => outcome).increment(1);
    metrics::histogram!(names::BLOB_REQUEST_SECONDS, "operation" => operation).record(started.elapsed());
    answer
}
