//! How a simulation gets on, as server-sent events.
//!
//! An event is a snapshot: `progress` while trials are done, `state` when the state is another; its id says which
//! snapshot it is. Whoever comes back with `Last-Event-ID` gets what is new since, at once. The stream ends after the
//! event of a terminal state; coming back after that is answered 204, at which browsers stop coming back.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::store::{Simulation, SimulationState, StoreError, Viewer};
use fermiac_fleet::telemetry::metrics as names;
use futures_util::Stream;
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::input::Id;

/// Workers write their progress at most twice a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// While nothing changes, looks come as seldom as this.
const LOOK_AT_LEAST_EVERY: Duration = Duration::from_secs(2);
/// A line that says nothing keeps proxies from closing a quiet connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What an event says.
#[derive(Debug, Serialize)]
struct Snapshot<'a> {
    state: SimulationState,
    trials: u64,
    trials_done: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// The stream.
pub async fn events(
    State(api): State<Api>,
    caller: Caller,
    Id(id): Id<SimulationId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let simulation = api.store.simulation(caller.viewer(), id).await?;
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    if is_over(simulation.state) && seen.as_deref() == Some(event_id(&simulation).as_str()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let permit = Arc::clone(&api.event_streams).try_acquire_owned();
    let permit = permit
        .map_err(|_| ApiError::Busy("too many event streams are open: ask for the simulation itself"))?;
    let watch = Watch {
        viewer: caller.viewer(),
        id,
        seen,
        first: Some(simulation),
        pause: LOOK_EVERY,
        is_over: false,
        _counted: Counted::new(permit),
        api,
    };
    let keep_alive = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Ok(Sse::new(watch.stream()).keep_alive(keep_alive).into_response())
}

/// What one stream knows.
struct Watch {
    api: Api,
    viewer: Viewer,
    id: SimulationId,
    seen: Option<String>,
    first: Option<Simulation>,
    pause: Duration,
    is_over: bool,
    _counted: Counted,
}

/// A stream that is open, counted as long as it is.
struct Counted(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Counted {
    fn new(permit: OwnedSemaphorePermit) -> Counted {
        metrics::gauge!(names::EVENT_STREAMS).increment(1.0);
        Counted(permit)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!(names::EVENT_STREAMS).decrement(1.0);
    }
}

impl Watch {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        futures_util::stream::unfold(self, async |mut watch| {
            watch.next().await.map(|event| (Ok(event), watch))
        })
    }

    /// The next event; nothing after the last one, or when the server stops.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over {
            let simulation = self.look().await?;
            self.is_over = is_over(simulation.state);
            let id = event_id(&simulation);
            if self.seen.as_ref() == Some(&id) {
                self.pause = (self.pause * 2).min(LOOK_AT_LEAST_EVERY);
                continue;
            }
            self.pause = LOOK_EVERY;
            let event = event(&simulation, self.seen.as_deref(), &id);
            self.seen = Some(id);
            return Some(event);
        }
        None
    }

    /// How it stands after a pause, at once the first time. A database that is away is waited for; a simulation that is
    /// gone, or a server that stops, ends the stream.
    async fn look(&mut self) -> Option<Simulation> {
        if let Some(simulation) = self.first.take() {
            return Some(simulation);
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                () = self.api.draining.cancelled() => return None,
            }
            match self.api.store.simulation(self.viewer, self.id).await {
                Ok(simulation) => return Some(simulation),
                Err(StoreError::Unavailable { .. }) => self.pause = LOOK_AT_LEAST_EVERY,
                Err(error) => {
                    tracing::warn!(simulation = %self.id, %error, "an event stream ends");
                    return None;
                }
            }
        }
    }
}

fn event(simulation: &Simulation, seen: Option<&str>, id: &str) -> Event {
    let same_state = seen.and_then(|seen| seen.split_once(':')).map(|(state, _)| state)
        == id.split_once(':').map(|(state, _)| state);
    let snapshot = Snapshot {
        state: simulation.state,
        trials: simulation.trials,
        trials_done: simulation.trials_done,
        error: simulation.error.as_deref(),
    };
    let event = Event::default().event(if same_state { "progress" } else { "state" }).id(id);
    event.json_data(snapshot).unwrap_or_default()
}

/// Names a snapshot.
fn event_id(simulation: &Simulation) -> String {
    format!("{}:{}", name(simulation.state), simulation.trials_done)
}

fn name(state: SimulationState) -> &'static str {
    match state {
        SimulationState::Queued => "queued",
        SimulationState::Running => "running",
        SimulationState::Succeeded => "succeeded",
        SimulationState::Failed => "failed",
        SimulationState::Cancelled => "cancelled",
    }
}

fn is_over(state: SimulationState) -> bool {
    match state {
        SimulationState::Queued | SimulationState::Running => false,
        SimulationState::Succeeded | SimulationState::Failed | SimulationState::Cancelled => true,
    }
}
