//! What happens to every request and every answer, outermost first: it gets an id and a span, is counted and timed, a
//! panic becomes an answer, and the answer gets its headers and, where it is a problem, its body.

mod host;
mod origins;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::header::{STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use fermiac_fleet::panics::words_of;
use fermiac_fleet::telemetry::metrics as names;
use futures_util::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use crate::api::Api;
use crate::error::{ApiError, Problem};

pub use host::allowed_hosts;
pub use origins::allowed_origins;

/// The header that carries the id of a request, in and out.
const REQUEST_ID: &str = "x-request-id";
/// An id that a caller gives has at most so many characters.
const MAX_REQUEST_ID: usize = 64;
/// A request that took this long is worth a line in the log.
const SLOW: Duration = Duration::from_secs(5);

/// The outermost layer.
pub async fn attended(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let method = known(request.method());
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id = %id, method, path, user = tracing::field::Empty);
    let started = Instant::now();
    let answering = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone());
    let mut response = answering.await.unwrap_or_else(|panic| {
        span.in_scope(|| {
            ApiError::Broken { reason: format!("a panic: {}", words_of(&*panic)) }.into_response()
        })
    });
    span.in_scope(|| count(method, &route, &response, started.elapsed()));
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = written(response, problem, path, &id);
    }
    finish(response.headers_mut(), &id, api.profile.environment.is_exposed());
    response
}

/// Ends what takes longer than the profile allows.
pub async fn timed(State(api): State<Api>, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(api.profile.http.request_timeout, next.run(request)).await;
    answer.unwrap_or_else(|_| ApiError::TimedOut.into_response())
}

fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let given = given.filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(plain));
    given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The method, if it is one of HTTP's own. Any word may stand in its place, and each would have figures of its own for ever.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}

fn count(method: &'static str, route: &str, response: &Response, took: Duration) {
    let is_kept_back = response.extensions().get::<Problem>().is_some_and(Problem::is_read_only);
    let status = response.status();
    let status = if is_kept_back { "read_only" } else { status.as_str() }.to_owned();
    let route = route.to_owned();
    if took >= SLOW {
        tracing::warn!(status, took_ms = took.as_millis() as u64, "answered slowly");
    } else {
        tracing::debug!(status, took_ms = took.as_millis() as u64, "answered");
    }
    let labels = [("method", method.to_owned()), ("route", route.clone()), ("status", status)];
    metrics::counter!(names::HTTP_REQUESTS, &labels).increment(1);
    let labels = [("method", method.to_owned()), ("route", route)];
    metrics::histogram!(names::HTTP_REQUEST_SECONDS, &labels).record(took);
}

/// The answer with the problem as its body.
fn written(response: Response, problem: Problem, path: String, id: &str) -> Response {
    let (mut head, _) = response.into_parts();
    let body = serde_json::to_vec(&problem.of_request(path, id)).unwrap_or_default();
    head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    head.headers.remove(axum::http::header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(body))
}

/// What every answer says. Nothing here is a page or may be kept by others, unless it says otherwise itself.
fn finish(headers: &mut HeaderMap, id: &str, exposed: bool) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if exposed {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
}
