//! What users submitted. A simulation's row never changes; how it stands is read off its jobs, its root's first.

pub(super) mod submit;

use chrono::{DateTime, Utc};
use sqlx::query_as;

use super::columns::Instant;
use super::families::Cancellation;
use super::jobs::look::{MAX_PAGE, ProducedRow};
use super::transaction::run;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::delivery::Produced;
use crate::ids::{JobId, SimulationId, UserId, WorkbookId};
use crate::job::State;
use crate::store::row::row;

/// Who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// One who sees what is its own.
    Owner(UserId),
    /// One who sees everything.
    Operator,
}

impl Viewer {
    /// Whose things it sees, if not everybody's.
    pub(super) fn owner(self) -> Option<UserId> {
        match self {
            Viewer::Owner(owner) => Some(owner),
            Viewer::Operator => None,
        }
    }
}

/// Where a simulation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SimulationState {
    /// None of its jobs was claimed yet.
    Queued,
    /// Some were.
    Running,
    /// It has a result.
    Succeeded,
    /// It has an error.
    Failed,
    /// It is no longer wanted.
    Cancelled,
}

/// A simulation as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// Its name.
    pub id: SimulationId,
    /// Whose it is.
    pub owner: UserId,
    /// The workbook that it reads, unless that was deleted since.
    pub workbook: Option<WorkbookId>,
    /// Where it stands.
    pub state: SimulationState,
    /// How many trials it has.
    pub trials: u64,
    /// How many of them are done.
    pub trials_done: u64,
    /// The job whose result is its own.
    pub root: JobId,
    /// Why it failed.
    pub error: Option<String>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When the first of its jobs was first claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which simulations are listed, newest first.
#[derive(Debug, Clone, Copy)]
pub struct SimulationFilter {
    /// For whom.
    pub viewer: Viewer,
    /// Standing where.
    pub state: Option<SimulationState>,
    /// After this one, the last of the page before.
    pub after: Option<SimulationId>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// A simulation that the viewer may see.
    pub async fn simulation(&self, viewer: Viewer, id: SimulationId) -> Result<Simulation, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<SimulationRow> =
            run!(&mut transaction, query_as(SIMULATION).bind(id).bind(viewer.owner()), fetch_optional)?;
        transaction.commit().await?;
        row.map(SimulationRow::simulation).ok_or(StoreError::NotFound { what: "simulation" })
    }

    /// A page of simulations.
    pub async fn simulations(&self, filter: SimulationFilter) -> Result<Vec<Simulation>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let rows: Vec<SimulationRow> = run!(
            &mut transaction,
            query_as(SIMULATIONS)
                .bind(filter.viewer.owner())
                .bind(filter.after)
                .bind(filter.state.and_then(SimulationState::of_root))
                .bind(filter.state.and_then(SimulationState::begun))
                .bind(i64::from(filter.limit.clamp(1, MAX_PAGE))),
            fetch_all
        )?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(SimulationRow::simulation).collect())
    }

    /// The request of a simulation as it was accepted, whoever's it is. It may be as large as a model: who looks at a
    /// simulation does not read it.
    pub async fn simulation_request(&self, id: SimulationId) -> Result<Vec<u8>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<(Vec<u8>,)> =
            run!(&mut transaction, query_as(SIMULATION_REQUEST).bind(id), fetch_optional)?;
        transaction.commit().await?;
        row.map(|(request,)| request).ok_or(StoreError::NotFound { what: "simulation" })
    }

    /// What a simulation made.
    pub async fn simulation_result(&self, viewer: Viewer, id: SimulationId) -> Result<Produced, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let row: Option<ProducedRow> = run!(
            &mut transaction,
            query_as(SIMULATION_RESULT).bind(id).bind(viewer.owner()),
            fetch_optional
        )?;
        transaction.commit().await?;
        row.ok_or(StoreError::NotFound { what: "simulation" })?.produced()
    }

    /// Cancels a simulation: all its jobs.
    pub async fn cancel_simulation(
        &self,
        viewer: Viewer,
        id: SimulationId,
    ) -> Result<Cancellation, StoreError> {
        let root = self.simulation(viewer, id).await?.root;
        let mut transaction = self.begin().await?;
        let cancellation = transaction.cancel(root).await?;
        if cancellation != Cancellation::Already {
            transaction.note(&self.actor, Act::on(Action::SimulationCancelled, id)).await?;
        }
        transaction.commit().await?;
        Ok(cancellation)
    }
}

impl SimulationState {
    /// How its root stands, where that says it all.
    fn of_root(self) -> Option<State> {
        match self {
            SimulationState::Succeeded => Some(State::Succeeded),
            SimulationState::Failed => Some(State::Failed),
            SimulationState::Cancelled => Some(State::Cancelled),
            SimulationState::Queued | SimulationState::Running => None,
        }
    }

    /// Whether it has begun, where it has not ended.
    fn begun(self) -> Option<bool> {
        match self {
            SimulationState::Queued => Some(false),
            SimulationState::Running => Some(true),
            SimulationState::Succeeded | SimulationState::Failed | SimulationState::Cancelled => None,
        }
    }
}

row! {
    struct SimulationRow {
        id: SimulationId,
        owner: UserId,
        workbook: Option<WorkbookId>,
        trials: i64,
        root: JobId,
        created_at: Instant,
        root_state: State,
        error: Option<String>,
        finished_at: Option<Instant>,
        started_at: Option<Instant>,
        progress: i64,
    }
}

impl SimulationRow {
    fn simulation(self) -> Simulation {
        let state = match self.root_state {
            State::Succeeded => SimulationState::Succeeded,
            State::Failed => SimulationState::Failed,
            State::Cancelled => SimulationState::Cancelled,
            State::Scheduled | State::Waiting | State::Ready | State::Running => {
                if self.started_at.is_some() { SimulationState::Running } else { SimulationState::Queued }
            }
        };
        let done =
            if state == SimulationState::Succeeded { self.trials } else { self.progress.min(self.trials) };
        Simulation {
            id: self.id,
            owner: self.owner,
            workbook: self.workbook,
            state,
            trials: self.trials.unsigned_abs(),
            trials_done: done.unsigned_abs(),
            root: self.root,
            error: self.error.filter(|_| state == SimulationState::Failed),
            created_at: self.created_at.0,
            started_at: self.started_at.map(|instant| instant.0),
            finished_at: self.finished_at.map(|instant| instant.0),
        }
    }
}

/// What is looked at of a simulation, with where it comes from.
macro_rules! looked_at {
    () => {
        "select simulations.id, simulations.owner, workbook, trials, root, simulations.created_at,
    jobs.state as root_state, jobs.error, jobs.finished_at,
    (select min(started_at) from jobs as part where part.simulation = simulations.id) as started_at,
    (select coalesce(cast(sum(progress) as bigint), 0) from jobs as part
        where part.simulation = simulations.id) as progress
from simulations join jobs on jobs.id = simulations.root"
    };
}

const SIMULATION: &str = concat!(
    "
-- name: look at simulation
",
    looked_at!(),
    "
where simulations.id = $1 and ($2 is null or simulations.owner = $2)"
);

const SIMULATIONS: &str = concat!(
    "
-- name: list simulations
",
    looked_at!(),
    "
where ($1 is null or simulations.owner = $1)
    and ($2 is null or simulations.id < $2)
    and ($3 is null or jobs.state = $3)
    and ($4 is null or jobs.finished_at is null and $4 = exists (
        select 1 from jobs as part where part.simulation = simulations.id and part.started_at is not null))
order by simulations.id desc
limit $5"
);

const SIMULATION_REQUEST: &str = "
-- name: look at simulation's request
select request from simulations where id = $1";

const SIMULATION_RESULT: &str = "
-- name: look at simulation's result
select state, result, result_key, samples_key, progress
from simulations join jobs on jobs.id = simulations.root
where simulations.id = $1 and ($2 is null or simulations.owner = $2)";
