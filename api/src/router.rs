//! Which address is answered where.

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::api::Api;
use crate::error::ApiError;
use crate::http::{allowed_hosts, allowed_origins, attended, timed};
use crate::read_only::writable;
use crate::{jobs, simulations, workbooks};

/// Everything that is answered.
pub fn router(api: Api) -> Router {
    let quick = Router::new()
        .route("/v1/simulations", get(simulations::look::list).post(simulations::submit::submit))
        .route("/v1/simulations/{id}", get(simulations::look::one))
        .route("/v1/simulations/{id}/result", get(simulations::result::result))
        .route("/v1/simulations/{id}/samples", get(simulations::result::samples))
        .route("/v1/simulations/{id}/events", get(simulations::events::events))
        .route("/v1/simulations/{id}/cancel", post(simulations::cancel::cancel))
        .route("/v1/workbooks/{id}", get(workbooks::one).delete(workbooks::delete))
        .route("/v1/jobs", get(jobs::list))
        .route("/v1/jobs/{id}", get(jobs::one))
        .route("/v1/jobs/{id}/retry", post(jobs::retry))
        .layer(from_fn_with_state(api.clone(), timed));
    // An upload takes as long as it keeps coming.
    let slow = Router::new().route("/v1/workbooks", get(workbooks::list).post(workbooks::upload::upload));
    quick
        .merge(slow)
        .layer(from_fn_with_state(api.clone(), writable))
        .layer(allowed_origins(&api.profile.http.cors_origins))
        .layer(from_fn_with_state(api.clone(), allowed_hosts))
        // Whoever probes knows this process by its address.
        .merge(api.probes.router())
        .fallback(async || ApiError::NotFound("address"))
        .layer(map_response(no_such_method))
        .layer(from_fn_with_state(api.clone(), attended))
        .with_state(api)
}

/// A known address with another method, in the form of every other problem; which methods it takes stays said.
async fn no_such_method(response: Response) -> Response {
    let status = response.status();
    if status != axum::http::StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allow = response.headers().get(axum::http::header::ALLOW).cloned();
    let mut problem = ApiError::MethodNotAllowed.into_response();
    if let Some(allow) = allow {
        problem.headers_mut().insert(axum::http::header::ALLOW, allow);
    }
    problem
}
