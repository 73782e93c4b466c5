//! Emits what the timetable says is due.
//!
//! The tick, what became of it and its job are one transaction; only then the job's bell rings, and if it is lost the
//! relay rings it again.

use std::sync::Arc;

use fermiac_fleet::queue::Queue;
use fermiac_fleet::schedule::{Fate, Timetable};
use fermiac_fleet::store::{RecordedTick, Store};
use fermiac_fleet::telemetry::metrics::{DESIRED_WORKERS, SCHEDULE_TICKS};

use super::{Duty, DutyError};

/// The duty.
#[derive(Debug)]
pub struct Schedules {
    store: Store,
    queue: Queue,
    timetable: Arc<Timetable>,
}

/// What a tick of the duty did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What became of which ticks of schedules.
    pub recorded: Vec<RecordedTick>,
}

impl Schedules {
    /// Of a timetable.
    #[must_use]
    pub fn new(store: Store, queue: Queue, timetable: Arc<Timetable>) -> Schedules {
        Schedules { store, queue, timetable }
    }
}

impl Duty for Schedules {
    const NAME: &str = "schedules";
    type Done = Looked;

    async fn tick(&mut self) -> Result<Looked, DutyError> {
        let emission = self.store.emit_due(&self.timetable).await?;
        for recorded in &emission.recorded {
            tell(recorded);
        }
        for desired in self.store.desired_workers().await? {
            metrics::gauge!(DESIRED_WORKERS, "label" => desired.label.name()).set(f64::from(desired.workers));
        }
        self.queue.ring(&emission.bells).await?;
        Ok(Looked { recorded: emission.recorded })
    }

    /// Each tick has its own line already.
    fn tell(_: &Looked) {}
}

/// One line for each: what was not done is a warning.
fn tell(recorded: &RecordedTick) {
    let RecordedTick { schedule, tick, through, ticks, fate, job, reason } = recorded;
    let labels = [("schedule", schedule.clone()), ("fate", fate.name().to_owned())];
    metrics::counter!(SCHEDULE_TICKS, &labels).increment(u64::from(*ticks));
    let job = job.map(tracing::field::display);
    match fate {
        Fate::Emitted | Fate::CaughtUp | Fate::ByHand => {
            tracing::info!(schedule, %tick, %fate, job, "schedule ticked");
        }
        Fate::Skipped | Fate::Missed => {
            tracing::warn!(schedule, %tick, %through, ticks, %fate, reason, "schedule did nothing");
        }
    }
}
