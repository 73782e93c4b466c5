//! Why a job failed, and whether another try may do better.

use std::fmt;
use std::time::Duration;

use fermiac_fleet::blobs::BlobError;
use fermiac_fleet::delivery::{Outcome, Retry};
use fermiac_fleet::store::StoreError;
use fermiac_simulation::Failure;

/// A failure, in words for the one who submitted the job.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    message: String,
    retry: Retry,
}

impl JobError {
    /// The same would happen again.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn permanent(message: impl ToString) -> JobError {
        JobError { message: message.to_string(), retry: Retry::Never }
    }

    /// It may pass.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn passing(message: impl ToString) -> JobError {
        JobError { message: message.to_string(), retry: Retry::Later }
    }

    /// It was told to stop, and did; why is known to its tether.
    pub fn stopped() -> JobError {
        JobError::passing("it was told to stop")
    }

    /// A mistake of ours: the next attempt may meet it again, and the last makes it a dead letter.
    pub fn panicked(error: &dyn fmt::Display) -> JobError {
        tracing::error!(%error, "a job panicked");
        JobError::passing("the program failed; its operators have been told")
    }

    /// The same of a job of the platform's own, which only operators look at.
    pub fn panicked_in_words(error: &dyn fmt::Display) -> JobError {
        JobError::passing(format!("{}: {error}", JobError::panicked(error)))
    }

    /// It took too long.
    pub fn timed_out(timeout: Duration) -> JobError {
        JobError::passing(format!(
            "it took longer than the {} s that one attempt may take",
            timeout.as_secs()
        ))
    }
}

impl From<JobError> for Outcome {
    fn from(error: JobError) -> Outcome {
        Outcome::Failed { error: error.message, retry: error.retry }
    }
}

impl From<Failure> for JobError {
    fn from(failure: Failure) -> JobError {
        match failure {
            Failure::Refused(_) => JobError::permanent(failure),
            // An attempt is spent though a GPU failed: a job that breaks every GPU that it meets must come to an end too.
            Failure::Failed(_) | Failure::Device(_) => JobError::passing(failure),
            Failure::Cancelled => JobError::stopped(),
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> JobError {
        JobError {
            retry: if error.is_retryable() { Retry::Later } else { Retry::Never },
            message: error.to_string(),
        }
    }
}

impl From<BlobError> for JobError {
    fn from(error: BlobError) -> JobError {
        JobError {
            retry: if error.is_transient() { Retry::Later } else { Retry::Never },
            message: error.to_string(),
        }
    }
}
