//! Counts and times what is asked of the home of the blobs.

use std::time::Instant;

use futures_util::future::BoxFuture;

use super::{BlobError, Result};
use crate::telemetry::metrics as names;

/// Awaits one operation and notes how long it took and how it ended. A stream that is read is timed to its first byte.
/// Boxed: what S3's client does is nested so deeply that whoever awaits it would be hard to compile.
pub fn timed<'a, T>(
    operation: &'static str,
    asking: impl Future<Output = Result<T>> + Send + 'a,
) -> BoxFuture<'a, Result<T>> {
    Box::pin(async move {
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
    })
}
