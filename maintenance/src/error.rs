//! What can go wrong with the platform's own jobs, by what can be done about it.

use std::io;

use fermiac_fleet::blobs::BlobError;
use fermiac_fleet::store::StoreError;

/// Why a job of the platform did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum MaintenanceError {
    /// The database does not do as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blobs, or the place of the backups, do not do as asked.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A disk or a pipe does not do as asked.
    #[error("{what}: {error}")]
    Disk {
        /// Which.
        what: String,
        /// How.
        error: io::Error,
    },
    /// A program that does the work failed.
    #[error("{program} failed: {said}")]
    Tool {
        /// Which.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// A backup is not what was written down of it: it cannot be relied on.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// What was restored is not what was backed up.
    #[error("the restored database is not what was backed up: {}", .0.join("; "))]
    Differs(Vec<String>),
    /// It was told to stop before its end.
    #[error("it was told to stop")]
    Stopped,
    /// The settings or the one who asks have to change.
    #[error("{0}")]
    Refused(String),
}

/// What an operation gives.
pub type Result<T> = std::result::Result<T, MaintenanceError>;

impl MaintenanceError {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            MaintenanceError::Store(error) => error.is_retryable(),
            MaintenanceError::Blob(error) => error.is_transient(),
            MaintenanceError::Disk { .. } | MaintenanceError::Tool { .. } | MaintenanceError::Stopped => true,
            MaintenanceError::Damaged(_) | MaintenanceError::Differs(_) | MaintenanceError::Refused(_) => {
                false
            }
        }
    }

    pub(crate) fn refused(problem: impl Into<String>) -> Self {
        MaintenanceError::Refused(problem.into())
    }

    pub(crate) fn damaged(problem: impl Into<String>) -> Self {
        MaintenanceError::Damaged(problem.into())
    }

    /// For `map_err` where a disk, a pipe or a process is spoken to.
    pub(crate) fn disk(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |error| MaintenanceError::Disk { what: what.into(), error }
    }
}

/// Runs what blocks where blocking is allowed. A panic there goes on here.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(MaintenanceError::refused(format!("the program is shutting down: {error}"))),
        },
    }
}
