//! A simulation is no longer wanted.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::store::Cancellation;
use serde::Serialize;

use super::look::View;
use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::Id;

/// What became of the wish.
#[derive(Debug, Serialize)]
pub struct Cancelled {
    /// `cancelled`, `requested` while a worker stops, or `already`.
    cancellation: &'static str,
    simulation: View,
}

/// Cancels it. Cancelling twice is fine, and says so.
pub async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<SimulationId>,
) -> Result<(StatusCode, Json<Cancelled>), ApiError> {
    let (status, cancellation) = match caller.store(&api).cancel_simulation(caller.viewer(), id).await? {
        Cancellation::Cancelled => (StatusCode::OK, "cancelled"),
        Cancellation::Requested => (StatusCode::ACCEPTED, "requested"),
        Cancellation::Already => (StatusCode::OK, "already"),
    };
    tracing::info!(simulation = %id, cancellation, "cancelled a simulation");
    let simulation = View::of(api.store.simulation(caller.viewer(), id).await?);
    Ok((status, Json(Cancelled { cancellation, simulation })))
}
