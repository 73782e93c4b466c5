//! Which hosts are answered for.

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::error::ApiError;

/// Refuses a request for a host that the profile does not name.
pub async fn allowed_hosts(State(api): State<Api>, request: Request, next: Next) -> Response {
    let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().authority().map(Authority::as_str).or(header);
    if api.profile.http.allowed_hosts.hold(without_port(host.unwrap_or_default())) {
        next.run(request).await
    } else {
        ApiError::WrongHost.into_response()
    }
}

/// The name, or the address of IP version 6 in its brackets.
fn without_port(host: &str) -> &str {
    let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
    host[end..].find(':').map_or(host, |colon| &host[..end + colon])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_not_part_of_a_host() {
        assert_eq!(without_port("example.org:8000"), "example.org");
        assert_eq!(without_port("example.org"), "example.org");
        assert_eq!(without_port("[::1]:8000"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
    }
}
