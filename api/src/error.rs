//! The one map from what went wrong to what the client is told, as `application/problem+json` (RFC 9457).
//!
//! The client is told what to do; what only operators may know goes to the log.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use fermiac_fleet::blobs::BlobError;
use fermiac_fleet::store::{ReadOnly, StoreError};
use fermiac_simulation::Failure;
use serde::Serialize;

/// When a client may try again what failed for no fault of its own.
const SOON: Duration = Duration::from_secs(2);
/// When it may try again what an operator keeps it from.
const LATER: Duration = Duration::from_secs(60);

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// Nobody knows who asks.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// There is no such thing, or it is somebody else's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Nothing answers to this method here.
    #[error("nothing here answers to this method")]
    MethodNotAllowed,
    /// It cannot be done as things stand.
    #[error("{0}")]
    Conflict(String),
    /// There is no result, and there will be none.
    #[error("{0}")]
    Gone(String),
    /// The body is larger than is taken.
    #[error("the body is too large: at most {0} bytes are taken")]
    TooLarge(u64),
    /// The body is not what is read here.
    #[error("{0}")]
    UnsupportedMedia(&'static str),
    /// The host in the request is not served.
    #[error("this server does not answer to that host")]
    WrongHost,
    /// It can be read, and cannot be.
    #[error("{0}")]
    Refused(String),
    /// Too much is going on.
    #[error("{0}")]
    Busy(&'static str),
    /// What it needs does not answer.
    #[error("{what} cannot be reached at the moment: try again")]
    Unavailable {
        /// What.
        what: &'static str,
        /// For the log.
        reason: String,
    },
    /// Nothing can be changed for a while.
    #[error(
        "{0}; what is there can be read, and nothing can be submitted, changed or deleted: try again later"
    )]
    ReadOnly(ReadOnly),
    /// It took too long.
    #[error("this took too long: try again, or ask for less")]
    TimedOut,
    /// A mistake of ours.
    #[error("this server made a mistake; the log has it under this request's id")]
    Broken {
        /// For the log.
        reason: String,
    },
}

/// What a client reads. The middleware adds where and under which id.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    instance: String,
    request_id: String,
}

impl Problem {
    /// Whether it is no failure, but what an operator wants.
    pub fn is_read_only(&self) -> bool {
        self.kind == ReadOnly::PROBLEM
    }

    /// The same, of a request for this address that the log has under this id.
    pub fn of_request(self, instance: String, request_id: &str) -> Problem {
        Problem { instance, request_id: request_id.to_owned(), ..self }
    }
}

impl ApiError {
    /// Status, name in `type`, title.
    fn map(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            ApiError::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed", "The request cannot be read"),
            ApiError::Unauthorized(_) => {
                (StatusCode::UNAUTHORIZED, "unauthorized", "A valid API key is needed")
            }
            ApiError::NotFound(_) => (StatusCode::NOT_FOUND, "not-found", "Nothing is there"),
            ApiError::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not for this address")
            }
            ApiError::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Not as things stand"),
            ApiError::Gone(_) => {
                (StatusCode::GONE, "no-result", "There is no result, and there will be none")
            }
            ApiError::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            ApiError::UnsupportedMedia(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media", "The body is of another type")
            }
            ApiError::WrongHost => {
                (StatusCode::MISDIRECTED_REQUEST, "wrong-host", "The host is not served here")
            }
            ApiError::Refused(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, "refused", "What was asked for cannot be")
            }
            ApiError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much is going on"),
            ApiError::Unavailable { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "A part of the platform does not answer")
            }
            ApiError::ReadOnly(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "read-only", "Nothing can be changed at the moment")
            }
            ApiError::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "timed-out", "It took too long"),
            ApiError::Broken { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "broken", "This server made a mistake")
            }
        }
    }

    /// What operators should know, once, where the answer is made.
    fn log(&self) {
        match self {
            ApiError::Unavailable { what, reason } => tracing::warn!(what, reason, "unavailable"),
            ApiError::Broken { reason } => tracing::error!(reason, "broken"),
            ApiError::Unauthorized(reason) => tracing::info!(target: "security", reason, "refused a caller"),
            _ => tracing::debug!(reason = %self, "refused"),
        }
    }
}

impl IntoResponse for ApiError {
    /// The problem goes along as an extension; the middleware, which knows where and under which id, writes it.
    fn into_response(self) -> Response {
        self.log();
        let (status, kind, title) = self.map();
        let problem = Problem {
            kind: format!("urn:fermiac:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: self.to_string(),
            instance: String::new(),
            request_id: String::new(),
        };
        let mut response = status.into_response();
        let headers = response.headers_mut();
        match self {
            ApiError::Unauthorized(_) => {
                headers
                    .insert(WWW_AUTHENTICATE, "Bearer realm=\"fermiac\"".parse().expect("it is plain ASCII"));
            }
            ApiError::Busy(_) | ApiError::Unavailable { .. } => {
                headers.insert(RETRY_AFTER, SOON.as_secs().into());
            }
            ApiError::ReadOnly(_) => {
                headers.insert(RETRY_AFTER, LATER.as_secs().into());
            }
            _ => {}
        }
        response.extensions_mut().insert(problem);
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { reason } => ApiError::Unavailable { what: "the database", reason },
            StoreError::Refused { reason } => ApiError::Refused(reason),
            StoreError::NotFound { what } => ApiError::NotFound(what),
            StoreError::Conflict { reason } | StoreError::ReadOnly { reason } => ApiError::Conflict(reason),
            StoreError::Schema { reason } | StoreError::NoAccess { reason } => {
                ApiError::Unavailable { what: "the database", reason }
            }
            StoreError::Broken { reason } => ApiError::Broken { reason },
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        let reason = error.to_string();
        if error.is_transient() {
            return ApiError::Unavailable { what: "the storage", reason };
        }
        ApiError::Broken { reason }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(reason) => ApiError::Refused(reason),
            Failure::Failed(reason) => ApiError::Broken { reason },
            Failure::Device(error) => ApiError::Broken { reason: error.to_string() },
            Failure::Cancelled => ApiError::Broken { reason: "cancelled".to_owned() },
        }
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        ApiError::Broken { reason: format!("the disk of this server: {error}") }
    }
}
