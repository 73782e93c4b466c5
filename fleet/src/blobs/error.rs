//! What can go wrong with blobs, by what can be done about it.

use super::measure::BoxError;

/// Why a blob was not written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The home does not answer, or not in time, or has too much to do: trying again may do.
    #[error("blobs cannot be reached: {0}")]
    Unavailable(String),
    /// There is no such blob.
    #[error("there is no blob '{key}'")]
    NotFound {
        /// What was asked for.
        key: String,
    },
    /// It is longer than the one who asked allows.
    #[error("'{key}' has more than the {max_bytes} bytes that are allowed")]
    TooLarge {
        /// What was too long.
        key: String,
        /// What was allowed.
        max_bytes: u64,
    },
    /// What was to be written broke off.
    #[error("the upload of '{key}' broke off: {error}")]
    BrokeOff {
        /// What was written.
        key: String,
        /// Why.
        error: BoxError,
    },
    /// The home refuses, or the key or the settings make no sense: somebody has to change something.
    #[error("blobs refuse: {0}")]
    Refused(String),
}

impl BlobError {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            BlobError::Unavailable(_) => true,
            BlobError::NotFound { .. }
            | BlobError::TooLarge { .. }
            | BlobError::BrokeOff { .. }
            | BlobError::Refused(_) => false,
        }
    }

    pub(super) fn not_found(key: &str) -> Self {
        BlobError::NotFound { key: key.to_owned() }
    }
}
