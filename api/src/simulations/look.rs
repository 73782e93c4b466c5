//! Simulations looked at.

use axum::Json;
use axum::extract::State;
use fermiac_fleet::ids::{SimulationId, WorkbookId};
use fermiac_fleet::store::{Simulation, SimulationFilter, SimulationState};
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::{Id, Parameters};
use crate::instant::Instant;
use crate::page::{Page, Wanted};

/// A simulation as its owner sees it.
#[derive(Debug, Serialize)]
pub struct View {
    id: SimulationId,
    state: SimulationState,
    trials: u64,
    trials_done: u64,
    workbook: Option<WorkbookId>,
    error: Option<String>,
    created_at: Instant,
    started_at: Option<Instant>,
    finished_at: Option<Instant>,
}

/// Which of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    state: Option<SimulationState>,
    after: Option<String>,
    limit: Option<String>,
}

/// One of them.
pub async fn one(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<SimulationId>,
) -> Result<Json<View>, ApiError> {
    Ok(Json(View::of(api.store.simulation(caller.viewer(), id).await?)))
}

/// A page of them, newest first.
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Page<View>>, ApiError> {
    let most = api.profile.limits.page;
    let Wanted { after, limit } = Wanted::read(filter.after.as_deref(), filter.limit.as_deref(), most)?;
    let filter = SimulationFilter { viewer: caller.viewer(), state: filter.state, after, limit: limit + 1 };
    let rows = api.store.simulations(filter).await?;
    Ok(Json(Page::of(rows, limit, |row| row.id.to_string(), View::of)))
}

impl View {
    /// What is shown of a row.
    pub fn of(row: Simulation) -> View {
        View {
            id: row.id,
            state: row.state,
            trials: row.trials,
            trials_done: row.trials_done,
            workbook: row.workbook,
            error: row.error,
            created_at: row.created_at.into(),
            started_at: row.started_at.map(Instant::from),
            finished_at: row.finished_at.map(Instant::from),
        }
    }
}
