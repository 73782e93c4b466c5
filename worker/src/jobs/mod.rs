//! What each kind of job does.

mod combine;
pub mod failure;
mod maintenance;
mod publish;
mod resource_watch;
mod simulate;
mod slice;
mod smoke_test;

use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::delivery::{Delivery, Outcome, Produced, Retry};
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::job::Kind;
use fermiac_fleet::panics::words_of;
use fermiac_fleet::store::Store;
use fermiac_maintenance::Context;
use fermiac_maintenance::retention::lifecycle::Lifecycle;
use fermiac_simulation::Observer;
use fermiac_smoke::Smoke;
use futures_util::FutureExt;
use serde::de::DeserializeOwned;

use crate::figures;
use crate::models::Models;
use crate::places::Place;
use crate::running::{Stop, Tether};
use crate::settings::Settings;
use failure::JobError;

/// Runs deliveries of every kind.
#[derive(Debug)]
pub struct Runner {
    store: Store,
    blobs: Blobs,
    models: Models,
    threads: NonZeroUsize,
    maintenance: Option<Context>,
    smoke: Option<Smoke>,
    lifecycle: Option<Lifecycle>,
}

impl Runner {
    /// Runs with these homes.
    pub fn new(store: Store, blobs: Blobs, settings: &Settings) -> Runner {
        let models = Models::new(store.clone(), blobs.clone(), settings.cache_bytes);
        Runner {
            store,
            blobs,
            models,
            threads: settings.threads,
            maintenance: None,
            smoke: None,
            lifecycle: None,
        }
    }

    /// Runs the platform's own jobs too.
    pub fn maintain(&mut self, context: Context) {
        self.maintenance = Some(context);
    }

    /// Makes smoke tests too.
    pub fn test(&mut self, smoke: Smoke) {
        self.smoke = Some(smoke);
    }

    /// Has the buckets follow rules too.
    pub fn lead(&mut self, lifecycle: Lifecycle) {
        self.lifecycle = Some(lifecycle);
    }

    /// Runs one delivery to its end, at `place` if it computes. A panic is that job's failure.
    pub async fn run(&self, delivery: &Delivery, tether: &Arc<Tether>, place: &Place) -> Outcome {
        let doing = AssertUnwindSafe(self.done(delivery, tether, place)).catch_unwind();
        let done = doing.await.unwrap_or_else(|panic| Err(panicked(delivery, words_of(&*panic))));
        let outcome = match (done, tether.stop()) {
            (Ok(produced), _) => Outcome::Completed(self.validated(delivery, produced)),
            (Err(_), Some(Stop::Cancelled)) => Outcome::Cancelled,
            (Err(_), Some(Stop::Interrupted | Stop::Lost)) => Outcome::Interrupted,
            (Err(_), Some(Stop::TimedOut)) => JobError::timed_out(delivery.timeout).into(),
            (Err(error), None) => error.into(),
        };
        figures::completed(delivery, &outcome);
        log(&outcome);
        outcome
    }

    async fn done(
        &self,
        delivery: &Delivery,
        tether: &Arc<Tether>,
        place: &Place,
    ) -> Result<Produced, JobError> {
        match delivery.kind {
            Kind::Simulate => self.simulate(delivery, tether, place).await,
            Kind::Slice => self.slice(delivery, tether, place).await,
            Kind::Combine => self.combine(delivery, tether, place).await,
            Kind::Probe => Ok(Produced::default()),
            Kind::ResourceWatch => until_told(tether, resource_watch::resource_watch(delivery)).await,
            // Deep in futures of its own.
            Kind::Backup => until_told(tether, Box::pin(self.backup(delivery))).await,
            Kind::RestoreDrill => until_told(tether, Box::pin(self.restore_drill(delivery))).await,
            Kind::SmokeTest => until_told(tether, Box::pin(self.smoke_test(delivery))).await,
            Kind::Retention => Box::pin(self.retention(delivery, tether)).await,
        }
    }
}

/// Ends what never looks at its tether, wherever it hangs, once it is told to stop; what it does on threads of its own ends
/// there, unheard. While the worker drains it goes on: it may be done in time.
async fn until_told(
    tether: &Tether,
    doing: impl Future<Output = Result<Produced, JobError>>,
) -> Result<Produced, JobError> {
    let told = async {
        tether.told_to_stop().await;
        if tether.stop() == Some(Stop::Interrupted) {
            pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        done = doing => done,
        () = told => Err(JobError::stopped()),
    }
}

/// What a user's job died of is our matter; the words may be of another's data.
fn panicked(delivery: &Delivery, words: &str) -> JobError {
    match delivery.owner {
        Some(_) => JobError::panicked(&words),
        None => JobError::panicked_in_words(&words),
    }
}

fn log(outcome: &Outcome) {
    match outcome {
        Outcome::Completed(_) => tracing::info!("job done"),
        Outcome::Failed { error, retry } => {
            tracing::warn!(error, is_tried_again = (*retry == Retry::Later), "job failed");
        }
        Outcome::Cancelled => tracing::info!("job cancelled"),
        Outcome::Interrupted => tracing::info!("job interrupted"),
    }
}

/// What a job's payload says.
fn payload<T: DeserializeOwned>(delivery: &Delivery) -> Result<T, JobError> {
    serde_json::from_slice(&delivery.payload).map_err(|error| {
        JobError::permanent(format!("the payload of this {} cannot be read: {error}", delivery.kind))
    })
}

fn simulation_of(delivery: &Delivery) -> Result<SimulationId, JobError> {
    let missing = || JobError::permanent(format!("this {} belongs to no simulation", delivery.kind));
    delivery.simulation.ok_or_else(missing)
}

/// Computes off the runtime's threads. A panic fails the job and nothing else.
async fn on_own_threads<T: Send + 'static>(
    compute: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    tokio::task::spawn_blocking(compute).await.unwrap_or_else(|error| Err(JobError::panicked(&error)))
}

/// The engine's view of a [`Tether`].
struct Watch(Arc<Tether>);

impl Observer for Watch {
    fn progress(&self, trials_done: u64) {
        self.0.progress(trials_done);
    }

    fn cancelled(&self) -> bool {
        self.0.is_stopping()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fermiac_fleet::delivery::Held;
    use fermiac_fleet::ids::JobId;

    use super::*;
    use crate::running::Running;

    fn tether(running: &Running, timeout: Duration) -> Arc<Tether> {
        running.begin(Held { job: JobId::new(), epoch: 1 }, timeout)
    }

    #[tokio::test]
    async fn what_hangs_ends_when_its_time_is_up() {
        let running = Running::default();
        let late = tether(&running, Duration::ZERO);
        let hanging = until_told(&late, pending());
        running.tell_late();
        assert!(hanging.await.is_err());
        assert_eq!(late.stop(), Some(Stop::TimedOut));
    }

    #[tokio::test]
    async fn what_is_nearly_done_when_the_worker_drains_is_done() {
        let running = Running::default();
        let interrupted = tether(&running, Duration::from_secs(60));
        running.interrupt_all();
        let doing = async {
            tokio::task::yield_now().await;
            Ok(Produced::default())
        };
        assert!(until_told(&interrupted, doing).await.is_ok());
    }
}
