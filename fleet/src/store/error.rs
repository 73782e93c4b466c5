//! What can go wrong with the store, by what the caller can do about it.

use std::time::Duration;

use sqlx::error::ErrorKind;

/// Why the store did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, busy or shutting down. The same call may succeed in a moment; whether this one was
    /// committed is not known, and every call may be repeated.
    #[error("the database does not answer: {reason}")]
    Unavailable {
        /// What the driver said.
        reason: String,
    },
    /// The caller asked for what cannot be.
    #[error("{reason}")]
    Refused {
        /// What and why, for the one who asked.
        reason: String,
    },
    /// There is no such thing, or it is somebody else's.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The service is read-only: it may be done once that is over.
    #[error("{reason}")]
    ReadOnly {
        /// Since when and why, for the one who asked.
        reason: String,
    },
    /// The database lets nobody in by these settings: they, or the database's own, have to change.
    #[error("{reason}")]
    NoAccess {
        /// Who was refused what, without any password.
        reason: String,
    },
    /// It cannot be done as things stand.
    #[error("{reason}")]
    Conflict {
        /// How things stand, for the one who asked.
        reason: String,
    },
    /// The database is not the one that this program speaks to.
    #[error("{reason}")]
    Schema {
        /// What differs, and what to do.
        reason: String,
    },
    /// A mistake in this program or in the data.
    #[error("the store is broken: {reason}")]
    Broken {
        /// What the driver said.
        reason: String,
    },
}

impl StoreError {
    /// What a call gives, or [`StoreError::Unavailable`] if it gives nothing within this time. A connection whose other
    /// end is gone without a word, as after a failover, says nothing for ever: whoever must not be held up by one bounds
    /// each call. As after any failure, whether the call was committed is not known.
    pub async fn unless_silent<T>(
        within: Duration,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(within, call).await {
            Ok(done) => done,
            Err(_) => Err(StoreError::Unavailable {
                reason: format!("it said nothing for {} s", within.as_secs_f64()),
            }),
        }
    }

    /// The same, naming the setting that says where the database is and who asks, where that may be what is wrong.
    #[must_use]
    pub fn naming(self, setting: &str) -> StoreError {
        match self {
            StoreError::Unavailable { reason } => {
                StoreError::Unavailable { reason: format!("{reason} (see {setting})") }
            }
            StoreError::NoAccess { reason } => {
                StoreError::NoAccess { reason: format!("{reason}: correct {setting}") }
            }
            other => other,
        }
    }

    /// Whether the same call may succeed in a moment.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, StoreError::Unavailable { .. })
    }

    pub(super) fn refused(reason: impl Into<String>) -> Self {
        StoreError::Refused { reason: reason.into() }
    }

    pub(super) fn conflict(reason: impl Into<String>) -> Self {
        StoreError::Conflict { reason: reason.into() }
    }

    pub(super) fn schema(reason: impl Into<String>) -> Self {
        StoreError::Schema { reason: reason.into() }
    }

    pub(super) fn broken(reason: impl Into<String>) -> Self {
        StoreError::Broken { reason: reason.into() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let reason = error.to_string();
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => StoreError::Unavailable { reason },
            sqlx::Error::Database(database) if is_no_access(database.code().as_deref()) => {
                StoreError::NoAccess { reason: format!("the database refuses: {}", database.message()) }
            }
            sqlx::Error::Database(database) if may_pass(database.code().as_deref()) => {
                StoreError::Unavailable { reason }
            }
            _ => StoreError::Broken { reason },
        }
    }
}

/// Whether what a database says with this code may be otherwise in a moment.
fn may_pass(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        return postgres_may_pass(code);
    }
    // SQLite's result codes: the low byte is the kind. 5 busy, 6 locked, 10 input or output, 13 disk full.
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13))
}

/// 28: the user or the password; 3D000: there is no such database.
fn is_no_access(code: Option<&str>) -> bool {
    code.is_some_and(|code| code.len() == 5 && (code.starts_with("28") || code == "3D000"))
}

/// Classes of SQLSTATE: 08 connection, 53 resources, 57 operator intervention (a statement's timeout among them), 58
/// system, 40 a transaction rolled back. 25006 read only, as on a primary that was just demoted; 25P03 idle for too
/// long; 55P03 a lock not to be had.
fn postgres_may_pass(code: &str) -> bool {
    matches!(&code[..2], "08" | "53" | "57" | "58" | "40") || matches!(code, "25006" | "25P03" | "55P03")
}

/// Whether a row was refused because its key is taken.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.kind() == ErrorKind::UniqueViolation)
}

/// Whether a row was refused because what it refers to is not there.
pub(super) fn refers_to_nothing(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.kind() == ErrorKind::ForeignKeyViolation)
}
