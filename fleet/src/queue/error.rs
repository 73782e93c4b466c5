//! What can go wrong with a queue, by what can be done about it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why a bell was not rung, heard or answered. The queue is only the bell: no job is lost by any of these.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The server is away, starting, or does not answer: trying again may do.
    #[error("the queue cannot be reached: {0}")]
    Unavailable(#[source] RedisError),
    /// The server's memory is full: trying again may do, once workers have answered some bells.
    #[error("the queue is full: {0}")]
    Full(#[source] RedisError),
    /// The server does not know the user, or not by this password.
    #[error("Redis refuses the user or the password: correct REDIS_URL ({0})")]
    NoAccess(#[source] RedisError),
    /// The server refuses: somebody has to change a setting.
    #[error("the queue refuses: {0}")]
    Refused(#[source] RedisError),
    /// The URL is none of a Redis server.
    #[error("the queue's URL must be redis://[:password@]host[:port][/database], or rediss:// for TLS: {0}")]
    Url(#[source] RedisError),
}

impl QueueError {
    /// Whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            QueueError::Unavailable(_) | QueueError::Full(_) => true,
            QueueError::NoAccess(_) | QueueError::Refused(_) | QueueError::Url(_) => false,
        }
    }
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        let error = first_of_many(error);
        match error.code() {
            Some("OOM") => return QueueError::Full(error),
            Some("NOAUTH" | "WRONGPASS") => return QueueError::NoAccess(error),
            // A script or a slow command blocks the server; one that was just a replica, or is about to be one.
            Some("BUSY" | "UNBLOCKED" | "NOREPLICAS" | "MISCONF") => return QueueError::Unavailable(error),
            _ => {}
        }
        match error.kind() {
            ErrorKind::AuthenticationFailed => QueueError::NoAccess(error),
            ErrorKind::Io | ErrorKind::Parse | ErrorKind::ClusterConnectionNotFound => {
                QueueError::Unavailable(error)
            }
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly,
            ) => QueueError::Unavailable(error),
            _ if error.is_timeout() || error.is_connection_dropped() => QueueError::Unavailable(error),
            _ => QueueError::Refused(error),
        }
    }
}

/// A pipeline fails with the errors of all its commands, mostly the same one a thousand times over.
fn first_of_many(error: RedisError) -> RedisError {
    let errors = error.clone().into_server_errors();
    match errors.as_deref() {
        Some([(_, first), ..]) => RedisError::from(first.clone()),
        _ => error,
    }
}
