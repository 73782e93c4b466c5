//! Jobs over HTTP: one's own, and for operators everybody's and the platform's.

use axum::Json;
use axum::extract::State;
use fermiac_fleet::ids::{JobId, SimulationId};
use fermiac_fleet::job::{Job, Kind, Label, Priority, State as JobState};
use fermiac_fleet::store::JobFilter;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::{Id, Parameters};
use crate::instant::Instant;
use crate::page::{Page, Wanted};

/// A job as it is shown.
#[derive(Debug, Serialize)]
pub struct View {
    id: JobId,
    kind: Kind,
    label: Label,
    priority: Priority,
    state: JobState,
    simulation: Option<SimulationId>,
    parent: Option<JobId>,
    pending_children: u32,
    attempt: u16,
    max_attempts: u16,
    progress: u64,
    error: Option<String>,
    cancel_requested: bool,
    created_at: Instant,
    started_at: Option<Instant>,
    finished_at: Option<Instant>,
    /// Who holds it: for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
}

/// Which of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    state: Option<JobState>,
    kind: Option<Kind>,
    simulation: Option<SimulationId>,
    after: Option<String>,
    limit: Option<String>,
}

/// A page of them, newest first.
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    Parameters(filter): Parameters<Filter>,
) -> Result<Json<Page<View>>, ApiError> {
    let most = api.profile.limits.page;
    let Wanted { after, limit } = Wanted::read(filter.after.as_deref(), filter.limit.as_deref(), most)?;
    let rows = api.store.jobs(JobFilter {
        owner: (!caller.0.operator).then(|| caller.id()),
        state: filter.state,
        kind: filter.kind,
        simulation: filter.simulation,
        after,
        limit: limit + 1,
    });
    Ok(Json(Page::of(rows.await?, limit, |row| row.id.to_string(), |row| View::of(row, &caller))))
}

/// One of them.
pub async fn one(State(api): State<Api>, caller: Caller, Id(id): Id<JobId>) -> Result<Json<View>, ApiError> {
    let job = visible(&api, &caller, id).await?;
    Ok(Json(View::of(job, &caller)))
}

/// Tries a dead letter again.
pub async fn retry(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<JobId>,
) -> Result<Json<View>, ApiError> {
    visible(&api, &caller, id).await?;
    let bells = caller.store(&api).retry(id).await?;
    tracing::info!(job = %id, "a job is tried again");
    api.ring(&bells).await;
    one(State(api), caller, Id(id)).await
}

async fn visible(api: &Api, caller: &Caller, id: JobId) -> Result<Job, ApiError> {
    let job = api.store.job(id).await?;
    if caller.sees(job.owner) { Ok(job) } else { Err(ApiError::NotFound("job")) }
}

impl View {
    fn of(row: Job, caller: &Caller) -> View {
        View {
            id: row.id,
            kind: row.kind,
            label: row.label,
            priority: row.priority,
            state: row.state,
            simulation: row.simulation,
            parent: row.parent,
            pending_children: row.pending_children,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            progress: row.progress,
            error: row.error,
            cancel_requested: row.cancel_requested,
            created_at: row.created_at.into(),
            started_at: row.started_at.map(Instant::from),
            finished_at: row.finished_at.map(Instant::from),
            worker: row.worker.filter(|_| caller.0.operator),
        }
    }
}
