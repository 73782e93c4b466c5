//! A simulation submitted: its row and its jobs, in one transaction.

use sqlx::query_as;

use crate::audit::{Act, Action};
use crate::ids::{JobId, SimulationId, UserId, WorkbookId};
use crate::job::{Bell, NewJob};
use crate::store::error::refers_to_nothing;
use crate::store::jobs::submit::{MAX_KEY_BYTES, bells, check, is_key};
use crate::store::transaction::{Transaction, run};
use crate::store::{Store, StoreError};

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
            let act = Act::on(Action::SimulationSubmitted, simulation.id);
            transaction.note(&self.actor, act).await?;
            transaction.commit().await?;
            return Ok(SubmittedSimulation::New { bells: bells(jobs) });
        }
        let known = transaction.known_simulation(simulation).await?;
        transaction.commit().await?;
        Ok(SubmittedSimulation::Known { id: known })
    }

    /// The simulation that was submitted with this key, and its request as it was accepted.
    pub async fn simulation_of_key(
        &self,
        owner: UserId,
        idempotency_key: &str,
    ) -> Result<Option<(SimulationId, Vec<u8>)>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let known = run!(
            &mut transaction,
            query_as(SIMULATION_OF_KEY).bind(owner).bind(idempotency_key),
            fetch_optional
        )?;
        transaction.commit().await?;
        Ok(known)
    }
}

fn check_simulation(simulation: &NewSimulation, jobs: &[NewJob]) -> Result<(), StoreError> {
    if simulation.trials == 0 || i64::try_from(simulation.trials).is_err() {
        return Err(StoreError::refused("a simulation has at least one trial, and fewer than 2^63"));
    }
    if simulation.idempotency_key.as_ref().is_some_and(|key| !is_key(key)) {
        let reason = format!("an idempotency key has 1 to {MAX_KEY_BYTES} bytes and no zero byte");
        return Err(StoreError::refused(reason));
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

const ADD_SIMULATION: &str = "
-- name: add simulation
insert into simulations (id, owner, workbook, idempotency_key, request, trials, root, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing
returning id";

const SIMULATION_OF_KEY: &str = "
-- name: find simulation by key
select id, request from simulations where owner = $1 and idempotency_key = $2";

const KNOWN_SIMULATION: &str = "
-- name: find simulation by key or name
select id, request from simulations where owner = $1 and (idempotency_key = $2 or id = $3)";
