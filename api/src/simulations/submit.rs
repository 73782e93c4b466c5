//! A simulation is accepted: read, compiled, cut into jobs, written, rung.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use fermiac_fleet::ids::{SimulationId, WorkbookId};
use fermiac_fleet::job::{Label, NewJob, Priority};
use fermiac_fleet::simulation::{Common, SimulationJobs, StoredRequest, workbook_key};
use fermiac_fleet::store::{ALIVE, NewSimulation, SubmittedSimulation, Viewer, Workbook};
use fermiac_fleet::telemetry::metrics as names;
use fermiac_simulation::request::{MAX_REQUEST_BYTES, ModelSource};
use fermiac_simulation::{SimulationRequest, Work};
use serde_json::value::RawValue;

use super::look::View;
use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::{json_body, plain_header, trace_context};
use crate::spool::Spool;

/// So many jobs at once are expected of workers that are still to come.
const EXPECTED_SLOTS: u32 = 4;

/// Accepts a simulation, or says why not.
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let idempotency_key = plain_header(&headers, "idempotency-key")?.map(str::to_owned);
    let at_most = MAX_REQUEST_BYTES.min(api.profile.http.body_max_bytes);
    let request = SimulationRequest::from_json(&json_body(&headers, body, at_most).await?)?;
    if let Some(id) = submitted(&api, &caller, idempotency_key.as_deref(), &request).await? {
        return answer(&api, &caller, id, StatusCode::OK).await;
    }
    check_trials(&api, &request)?;
    let workbook = workbook_of(&api, &caller, &request).await?;
    let spool = match &workbook {
        Some(workbook) => Some(fetch(&api, workbook).await?),
        None => None,
    };
    let common = Common {
        simulation: SimulationId::new(),
        owner: caller.id(),
        label: Label::Cpu,
        priority: Priority::Normal,
        trace_context: trace_context(&headers),
    };
    let workers = slots(&api, common.label).await?;
    let compiled = api.compiler.compile(request, spool, workers).await;
    if let Err(ApiError::Refused(_)) = &compiled {
        caller.count(names::MODELS_REFUSED, 1);
    }
    let (request, work) = compiled?;
    let slices = match work {
        Work::AtOnce => Vec::new(),
        Work::Slices(slices) => slices,
    };
    let SimulationJobs { root, jobs } = SimulationJobs::of(&common, &slices);
    let simulation = NewSimulation {
        id: common.simulation,
        owner: caller.id(),
        workbook: workbook.as_ref().map(|workbook| workbook.added.id),
        idempotency_key,
        request: stored(&request, workbook.map(|workbook| workbook.added.hash))?,
        trials: request.settings.trials.count(),
        root,
    };
    // A large request is let go before the database is waited for.
    drop(request);
    write(&api, &caller, &simulation, &jobs).await
}

/// The simulation that the same request with the same key has made: its workbook may be gone since, or other limits hold.
/// Another request with this key is told so where it would be written.
async fn submitted(
    api: &Api,
    caller: &Caller,
    idempotency_key: Option<&str>,
    request: &SimulationRequest,
) -> Result<Option<SimulationId>, ApiError> {
    let Some(key) = idempotency_key else { return Ok(None) };
    let Some((id, known)) = api.store.simulation_of_key(caller.id(), key).await? else { return Ok(None) };
    let known: Option<StoredRequest> = serde_json::from_slice(&known).ok();
    let request = raw(request)?;
    Ok(known.filter(|known| known.request.get() == request.get()).map(|_| id))
}

/// Writes what was accepted, and rings for it.
async fn write(
    api: &Api,
    caller: &Caller,
    simulation: &NewSimulation,
    jobs: &[NewJob],
) -> Result<Response, ApiError> {
    match caller.store(api).submit_simulation(simulation, jobs).await? {
        SubmittedSimulation::New { bells } => {
            caller.count(names::SIMULATIONS_SUBMITTED, 1);
            tracing::info!(simulation = %simulation.id, jobs = jobs.len(), "accepted a simulation");
            api.ring(&bells).await;
            answer(api, caller, simulation.id, StatusCode::ACCEPTED).await
        }
        SubmittedSimulation::Known { id } => answer(api, caller, id, StatusCode::OK).await,
    }
}

fn check_trials(api: &Api, request: &SimulationRequest) -> Result<(), ApiError> {
    let (trials, most) = (request.settings.trials.count(), api.profile.limits.trials);
    if trials > most {
        return Err(ApiError::Refused(format!("trials: at most {most} are taken here, not {trials}")));
    }
    Ok(())
}

async fn workbook_of(
    api: &Api,
    caller: &Caller,
    request: &SimulationRequest,
) -> Result<Option<Workbook>, ApiError> {
    let ModelSource::Workbook(id) = &request.model else { return Ok(None) };
    let unknown = || {
        ApiError::Refused(format!(
            "workbook: there is no workbook {id:?} of yours; POST /v1/workbooks takes them"
        ))
    };
    let id: WorkbookId = id.parse().map_err(|_| unknown())?;
    match api.store.workbook(caller.viewer(), id).await.map_err(ApiError::from) {
        Ok(workbook) => Ok(Some(workbook)),
        Err(ApiError::NotFound(_)) => Err(unknown()),
        Err(error) => Err(error),
    }
}

async fn fetch(api: &Api, workbook: &Workbook) -> Result<Spool, ApiError> {
    let row = api.store.workbook(Viewer::Operator, workbook.added.id);
    Spool::of_stream(api.blob_of_row(&workbook_key(&workbook.added.hash), row).await?.pieces).await
}

/// How many jobs the workers that are alive do at once, or some where none is yet: an autoscaler starts them.
async fn slots(api: &Api, label: Label) -> Result<usize, ApiError> {
    let workers = api.store.workers(ALIVE).await?;
    let able = workers.iter().filter(|worker| worker.beat.labels.contains(&label));
    let slots = able.map(|worker| worker.beat.slots).fold(0, u32::saturating_add);
    Ok(if slots == 0 { EXPECTED_SLOTS } else { slots } as usize)
}

/// The request as every worker reads it, with every field: it means the same whatever the defaults become.
fn stored(request: &SimulationRequest, workbook_hash: Option<String>) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(&StoredRequest { request: raw(request)?, workbook_hash }).map_err(broken)
}

fn raw(request: &SimulationRequest) -> Result<Box<RawValue>, ApiError> {
    serde_json::value::to_raw_value(request).map_err(broken)
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
fn broken(error: serde_json::Error) -> ApiError {
    ApiError::Broken { reason: format!("the request to store: {error}") }
}

async fn answer(
    api: &Api,
    caller: &Caller,
    id: SimulationId,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let simulation = api.store.simulation(caller.viewer(), id).await?;
    let location = format!("/v1/simulations/{id}");
    Ok((status, [(LOCATION, location)], Json(View::of(simulation))).into_response())
}
