//! Takes jobs and bells out of the hands of the dead.
//!
//! A job whose lease ran out is ready again, if it has attempts left, and ahead of what waits; one that lost all its
//! attempts so is a dead letter, for it may well be what kills its workers. A bell that someone heard and did not answer
//! rings again. Consumers of workers that are gone, and the rows of those workers, are removed.

use std::time::Duration;

use fermiac_fleet::job::{Bell, Priority};
use fermiac_fleet::queue::{ConsumerName, Queue};
use fermiac_fleet::store::Store;
use fermiac_fleet::telemetry::metrics as names;

use super::{Duty, DutyError};

/// So many jobs or bells at once.
const BATCH: u32 = 1_000;
/// A bell that was not answered for so long was heard by one who is gone.
const UNANSWERED: Duration = Duration::from_secs(5);
/// A worker that did not show for so long is gone.
const SILENT: Duration = Duration::from_secs(60);
/// Consumers are looked through every so many ticks.
const TICKS_PER_SWEEP: u32 = 30;

/// The duty.
#[derive(Debug)]
pub struct Rescue {
    store: Store,
    queue: Queue,
    ticks: u32,
}

/// What a tick did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Jobs that are ready again.
    pub jobs: usize,
    /// Jobs that became dead letters.
    pub dead: usize,
    /// Bells that ring again.
    pub bells: usize,
    /// Consumers that were removed.
    pub consumers: usize,
}

impl Rescue {
    /// Of a store and a queue.
    #[must_use]
    pub fn new(store: Store, queue: Queue) -> Rescue {
        Rescue { store, queue, ticks: 0 }
    }

    async fn remove_the_dead(&mut self) -> Result<usize, DutyError> {
        self.ticks = (self.ticks + 1) % TICKS_PER_SWEEP;
        if self.ticks != 1 {
            return Ok(0);
        }
        self.store.forget_dead(SILENT).await?;
        let alive = self.store.workers(SILENT).await?;
        let alive: Vec<ConsumerName> =
            alive.into_iter().map(|worker| ConsumerName::from(worker.beat.id)).collect();
        Ok(self.queue.remove_dead_consumers(&alive).await?)
    }
}

impl Duty for Rescue {
    const NAME: &str = "rescue";
    type Done = Rescued;

    async fn tick(&mut self) -> Result<Rescued, DutyError> {
        let rescued = self.store.rescue(BATCH).await?;
        metrics::counter!(names::JOBS_RESCUED).increment(rescued.bells.len() as u64);
        metrics::counter!(names::JOBS_DEAD).increment(rescued.dead.len() as u64);
        // They had their turn: behind all that waits now, the next one would come as late as the backlog is long. Which
        // stream a bell rings in is no matter of the job's.
        let bells: Vec<Bell> =
            rescued.bells.iter().map(|bell| Bell { priority: Priority::High, ..*bell }).collect();
        self.queue.ring(&bells).await?;
        let again = self.queue.rescue(UNANSWERED, BATCH as usize).await?;
        let consumers = self.remove_the_dead().await?;
        Ok(Rescued {
            jobs: rescued.bells.len(),
            dead: rescued.dead.len(),
            bells: again.rung_again,
            consumers,
        })
    }

    fn tell(done: &Rescued) {
        if *done != Rescued::default() {
            let Rescued { jobs, dead, bells, consumers } = done;
            let what = "jobs and bells were taken out of the hands of the dead";
            tracing::info!(duty = Self::NAME, jobs, dead_letters = dead, bells, consumers, "{what}");
        }
    }
}
