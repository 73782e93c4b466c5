//! What a simulation came to: the very bytes that were stored.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use fermiac_fleet::delivery::Produced;
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::store::{Simulation, SimulationState, Viewer};

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::Id;

/// The document.
pub async fn result(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<SimulationId>,
) -> Result<Response, ApiError> {
    let produced = produced(&api, &caller, id).await?;
    let json = [(CONTENT_TYPE, "application/json")];
    match (produced.result, produced.result_key) {
        (Some(document), _) => Ok((json, document).into_response()),
        (None, Some(key)) => Ok((json, stream(&api, id, &key).await?).into_response()),
        (None, None) => {
            Err(ApiError::Broken { reason: format!("simulation {id} succeeded without a result") })
        }
    }
}

/// Every trial, as Parquet.
pub async fn samples(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<SimulationId>,
) -> Result<Response, ApiError> {
    let key = produced(&api, &caller, id).await?.samples_key.ok_or_else(|| {
        ApiError::Gone("this simulation kept no samples: submit it again with \"samples\": true".to_owned())
    })?;
    let headers = [
        (CONTENT_TYPE, "application/vnd.apache.parquet".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.parquet\"")),
    ];
    Ok((headers, stream(&api, id, &key).await?).into_response())
}

/// What it made, if it succeeded.
async fn produced(api: &Api, caller: &Caller, id: SimulationId) -> Result<Produced, ApiError> {
    let simulation = api.store.simulation(caller.viewer(), id).await?;
    refuse_unfinished(&simulation)?;
    Ok(api.store.simulation_result(caller.viewer(), id).await?)
}

fn refuse_unfinished(simulation: &Simulation) -> Result<(), ApiError> {
    match simulation.state {
        SimulationState::Succeeded => Ok(()),
        SimulationState::Queued | SimulationState::Running => Err(ApiError::Conflict(format!(
            "the simulation is not finished: {} of {} trials are done; /v1/simulations/{}/events tells when it is",
            simulation.trials_done, simulation.trials, simulation.id
        ))),
        SimulationState::Failed => Err(ApiError::Gone(format!(
            "the simulation failed: {}",
            simulation.error.as_deref().unwrap_or("no reason was given")
        ))),
        SimulationState::Cancelled => Err(ApiError::Gone("the simulation was cancelled".to_owned())),
    }
}

async fn stream(api: &Api, id: SimulationId, key: &str) -> Result<Body, ApiError> {
    let stream = api.blob_of_row(key, api.store.simulation(Viewer::Operator, id)).await?;
    Ok(Body::from_stream(stream.pieces))
}
