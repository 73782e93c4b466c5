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
    end: End,
}

/// What becomes of the job.
#[derive(Debug, Clone, Copy)]
enum End {
    /// An attempt is spent.
    Failed(Retry),
    /// It cannot be done at the moment, for no fault of its own: it waits, and no attempt is spent.
    HandedBack,
}

impl JobError {
    /// The same would happen again.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn permanent(message: impl ToString) -> JobError {
        JobError { message: message.to_string(), end: End::Failed(Retry::Never) }
    }

    /// It may pass.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn passing(message: impl ToString) -> JobError {
        JobError { message: message.to_string(), end: End::Failed(Retry::Later) }
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
        match error.end {
            End::Failed(retry) => Outcome::Failed { error: error.message, retry },
            End::HandedBack => {
                tracing::info!(reason = error.message, "job waits");
                Outcome::Interrupted
            }
        }
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
        let end = match &error {
            StoreError::ReadOnly { .. } => End::HandedBack,
            error if error.is_retryable() => End::Failed(Retry::Later),
            _ => End::Failed(Retry::Never),
        };
        JobError { message: error.to_string(), end }
    }
}

impl From<BlobError> for JobError {
    fn from(error: BlobError) -> JobError {
        if error.is_transient() { JobError::passing(error) } else { JobError::permanent(error) }
    }
}
