//! Rings for jobs that are ready and whose bell was lost.
//!
//! Whoever makes a job ready rings at once, so bells are missing only after a crash between the two, or when Redis lost
//! what it held. That shows: a stream is shorter than the jobs that are ready for it. A difference that lasts for two
//! ticks is no bell on its way, and the relay rings for ready jobs, oldest first, a page a tick, until it is gone. A bell
//! too many finds its job taken and is answered.

use std::collections::HashMap;
use std::time::Duration;

use fermiac_fleet::job::{Label, Priority};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Cursor, Store};
use fermiac_fleet::telemetry::metrics as names;

use super::{Duty, DutyError};

/// Rings at most so often for one stream in one tick.
const PAGE: u32 = 10_000;
/// A stream so long keeps its workers busy; what it lacks is looked for once it is shorter.
const LONG: u64 = 100_000;
/// Bells are missing for so many ticks before they are rung again.
const PATIENCE: u32 = 2;
/// A job that became ready later may have its bell on the way.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// The duty.
#[derive(Debug)]
pub struct Relay {
    store: Store,
    queue: Queue,
    sweeps: HashMap<(Label, Priority), Sweep>,
}

/// Through the ready jobs of a stream that lacks bells.
#[derive(Debug, Default)]
struct Sweep {
    ticks: u32,
    after: Option<Cursor>,
}

/// What a tick did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rung {
    /// How many bells it rang.
    pub rung: usize,
}

impl Relay {
    /// Between a store and a queue.
    #[must_use]
    pub fn new(store: Store, queue: Queue) -> Relay {
        Relay { store, queue, sweeps: HashMap::new() }
    }

    async fn relay(&mut self, label: Label, priority: Priority) -> Result<usize, DutyError> {
        let length = self.queue.length(label, priority).await?;
        let is_missing =
            length < LONG && self.store.ready_count(label, priority, length as u32 + 1).await? > length;
        if !is_missing {
            self.sweeps.remove(&(label, priority));
            return Ok(0);
        }
        let sweep = self.sweeps.entry((label, priority)).or_default();
        sweep.ticks += 1;
        if sweep.ticks < PATIENCE {
            return Ok(0);
        }
        let (bells, after) = self.store.ready_page(label, priority, sweep.after, ON_ITS_WAY, PAGE).await?;
        self.queue.ring(&bells).await?;
        sweep.after = after;
        Ok(bells.len())
    }
}

impl Duty for Relay {
    const NAME: &str = "relay";
    type Done = Rung;

    async fn tick(&mut self) -> Result<Rung, DutyError> {
        let mut rung = 0;
        // Nobody would claim the others' jobs: their bells ring once somebody will.
        let is_read_only = self.store.read_only().await?.is_some();
        let is_rung = |label: Label| !is_read_only || label == Label::Maintenance;
        for label in Label::ALL.iter().filter(|label| is_rung(**label)) {
            for priority in Priority::ALL {
                rung += self.relay(*label, *priority).await?;
            }
        }
        metrics::counter!(names::BELLS_RELAYED).increment(rung as u64);
        Ok(Rung { rung })
    }

    fn tell(done: &Rung) {
        if done.rung > 0 {
            tracing::info!(duty = Self::NAME, bells = done.rung, "bells that were lost ring again");
        }
    }
}
