//! What users submitted. A simulation's row never changes; how it stands is read off its jobs, its root's first.

use chrono::{DateTime, Utc};
use sqlx::query_as;

use super::columns::Instant;
use super::error::refers_to_nothing;
use super::families::Cancellation;
use super::jobs::look::{MAX_PAGE, ProducedRow};
use super::jobs::submit::{bells, check, is_key};
use super::transaction::{Transaction, run};
use super::{Store, StoreError};
use crate::delivery::Produced;
use crate::ids::{JobId, SimulationId, UserId, WorkbookId};
use crate::job::{Bell, NewJob, State};

/// A simulation to be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSimulation {
    /// Its name.
    pub id: SimulationId,
    /// Whose it is.
    pub owner: UserId,
    /// The workbook that it reads, if it reads one.
    pub workbook: Option<WorkbookId>,
    /// Submitting the same key and request again gives the simulation that is there.
    pub idempotency_key: Option<String>,
    /// The request as it was accepted.
    pub request: Vec<u8>,
    /// How many trials it has.
    pub trials: u64,
    /// The job whose result is its own.
    pub root: JobId,
}

/// What became of a simulation that was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmittedSimulation {
    /// It is new.
    New {
        /// For those of its jobs that may be claimed.
        bells: Vec<Bell>,
    },
    /// The same request with the same key was submitted before.
    Known {
        /// As this one.
        id: SimulationId,
    },
}

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
    /// The request as it was accepted.
    pub request: Vec<u8>,
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
    /// Submits a simulation with its jobs, all or nothing.
    pub async fn submit_simulation(
        &self,
        simulation: &NewSimulation,
        jobs: &[NewJob],
    ) -> Result<SubmittedSimulation, StoreError> {
        check_simulation(simulation, jobs)?;
        let mut transaction = self.begin().await?;
        if transaction.add_simulation(simulation).await? {
            let added = transaction.insert(jobs).await?;
            if added.len() < jobs.len() {
                return Err(StoreError::conflict(
                    "a job of this simulation has the name or the key of another",
                ));
            }
            transaction.commit().await?;
            return Ok(SubmittedSimulation::New { bells: bells(jobs) });
        }
        let known = transaction.known_simulation(simulation).await?;
        transaction.commit().await?;
        Ok(SubmittedSimulation::Known { id: known })
    }

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
        self.cancel(root).await
    }
}

fn check_simulation(simulation: &NewSimulation, jobs: &[NewJob]) -> Result<(), StoreError> {
    if simulation.trials == 0 || i64::try_from(simulation.trials).is_err() {
        return Err(StoreError::refused("a simulation has at least one trial, and fewer than 2^63"));
    }
    if simulation.idempotency_key.as_ref().is_some_and(|key| !is_key(key)) {
        return Err(StoreError::refused("an idempotency key has 1 to 255 bytes and no zero byte"));
    }
    if !jobs.iter().any(|job| job.id == simulation.root && job.parent.is_none()) {
        return Err(StoreError::refused("the root of the simulation is not submitted with it"));
    }
    let strange =
        |job: &&NewJob| job.simulation != Some(simulation.id) || job.owner != Some(simulation.owner);
    if let Some(job) = jobs.iter().find(strange) {
        return Err(StoreError::refused(format!("job {} is not this simulation's and owner's", job.id)));
    }
    check(jobs)
}

impl Transaction {
    /// Adds its row, unless its key or its name is known.
    async fn add_simulation(&mut self, simulation: &NewSimulation) -> Result<bool, StoreError> {
        let now = self.now().await?;
        let added: Option<(SimulationId,)> = match run!(
            self,
            query_as(ADD_SIMULATION)
                .bind(simulation.id)
                .bind(simulation.owner)
                .bind(simulation.workbook)
                .bind(simulation.idempotency_key.as_deref())
                .bind(simulation.request.as_slice())
                .bind(simulation.trials.cast_signed())
                .bind(simulation.root)
                .bind(now),
            fetch_optional
        ) {
            Err(error) if refers_to_nothing(&error) => {
                return Err(StoreError::NotFound { what: "user or workbook" });
            }
            added => added?,
        };
        Ok(added.is_some())
    }

    async fn known_simulation(&mut self, simulation: &NewSimulation) -> Result<SimulationId, StoreError> {
        let known: Option<(SimulationId, Vec<u8>)> = run!(
            self,
            query_as(KNOWN_SIMULATION)
                .bind(simulation.owner)
                .bind(simulation.idempotency_key.as_deref())
                .bind(simulation.id),
            fetch_optional
        )?;
        match known {
            Some((id, request)) if request == simulation.request => Ok(id),
            Some(_) => Err(StoreError::conflict(
                "this idempotency key was used with another request: take a new one",
            )),
            None => Err(StoreError::Unavailable { reason: "the same is being submitted".to_owned() }),
        }
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

#[derive(sqlx::FromRow)]
struct SimulationRow {
    id: SimulationId,
    owner: UserId,
    workbook: Option<WorkbookId>,
    trials: i64,
    root: JobId,
    request: Vec<u8>,
    created_at: Instant,
    root_state: State,
    error: Option<String>,
    finished_at: Option<Instant>,
    started_at: Option<Instant>,
    progress: i64,
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
            request: self.request,
            error: self.error.filter(|_| state == SimulationState::Failed),
            created_at: self.created_at.0,
            started_at: self.started_at.map(|instant| instant.0),
            finished_at: self.finished_at.map(|instant| instant.0),
        }
    }
}

const ADD_SIMULATION: &str = "
-- name: add simulation
insert into simulations (id, owner, workbook, idempotency_key, request, trials, root, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing
returning id";

const KNOWN_SIMULATION: &str = "
-- name: find simulation by key or name
select id, request from simulations where owner = $1 and (idempotency_key = $2 or id = $3)";

const SIMULATION: &str = "
-- name: look at simulation
select simulations.id, simulations.owner, workbook, trials, root, request, simulations.created_at,
    jobs.state as root_state, jobs.error, jobs.finished_at,
    (select min(started_at) from jobs as part where part.simulation = simulations.id) as started_at,
    (select coalesce(cast(sum(progress) as bigint), 0) from jobs as part
        where part.simulation = simulations.id) as progress
from simulations join jobs on jobs.id = simulations.root
where simulations.id = $1 and ($2 is null or simulations.owner = $2)";

const SIMULATIONS: &str = "
-- name: list simulations
select simulations.id, simulations.owner, workbook, trials, root, request, simulations.created_at,
    jobs.state as root_state, jobs.error, jobs.finished_at,
    (select min(started_at) from jobs as part where part.simulation = simulations.id) as started_at,
    (select coalesce(cast(sum(progress) as bigint), 0) from jobs as part
        where part.simulation = simulations.id) as progress
from simulations join jobs on jobs.id = simulations.root
where ($1 is null or simulations.owner = $1)
    and ($2 is null or simulations.id < $2)
    and ($3 is null or jobs.state = $3)
    and ($4 is null or jobs.finished_at is null and $4 = exists (
        select 1 from jobs as part where part.simulation = simulations.id and part.started_at is not null))
order by simulations.id desc
limit $5";

const SIMULATION_RESULT: &str = "
-- name: look at simulation's result
select state, result, result_key, samples_key, progress
from simulations join jobs on jobs.id = simulations.root
where simulations.id = $1 and ($2 is null or simulations.owner = $2)";
