//! Runs the duties while it leads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::queue::{ConsumerName, Queue};
use fermiac_fleet::schedule::Timetable;
use fermiac_fleet::store::Store;
use fermiac_fleet::telemetry::metrics as names;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::duties::audit::Audit;
use crate::duties::measure::Measure;
use crate::duties::orphans::Orphans;
use crate::duties::promote::Promote;
use crate::duties::relay::Relay;
use crate::duties::rescue::Rescue;
use crate::duties::schedules::Schedules;
use crate::duties::{Duty, DutyError};
use crate::leader::{Candidate, lead};

/// How often each duty is done.
#[derive(Debug, Clone, Copy)]
pub struct Periods {
    /// [`crate::duties::relay`].
    pub relay: Duration,
    /// [`crate::duties::promote`].
    pub promote: Duration,
    /// [`crate::duties::rescue`].
    pub rescue: Duration,
    /// [`crate::duties::schedules`].
    pub schedules: Duration,
    /// [`crate::duties::orphans`].
    pub orphans: Duration,
    /// [`crate::duties::measure`].
    pub measure: Duration,
    /// [`crate::duties::audit`].
    pub audit: Duration,
    /// How long a scheduler leads without a sign of life: another then does the duties, and whatever waited for one is
    /// to be within the 15 s in which a crashed worker's job must run again.
    pub term: Duration,
}

impl Default for Periods {
    fn default() -> Periods {
        Periods {
            relay: Duration::from_millis(500),
            promote: Duration::from_millis(250),
            rescue: Duration::from_secs(1),
            schedules: Duration::from_secs(1),
            orphans: Duration::from_secs(600),
            measure: Duration::from_secs(5),
            audit: Duration::from_secs(5),
            term: Duration::from_secs(6),
        }
    }
}

/// One scheduler of perhaps several.
#[derive(Debug, Clone)]
pub struct Scheduler {
    store: Store,
    queue: Queue,
    blobs: Blobs,
    periods: Periods,
    timetable: Arc<Timetable>,
}

impl Scheduler {
    /// A scheduler that has not begun, with nothing to do by the clock.
    #[must_use]
    pub fn new(store: Store, queue: Queue, blobs: Blobs, periods: Periods) -> Scheduler {
        Scheduler { store, queue, blobs, periods, timetable: Arc::default() }
    }

    /// The same, with this timetable.
    #[must_use]
    pub fn with_timetable(self, timetable: Timetable) -> Scheduler {
        Scheduler { timetable: Arc::new(timetable), ..self }
    }

    /// Does the duties, while it leads, until told to end.
    pub async fn run(self, ended: CancellationToken) {
        let holder = ConsumerName::fresh().to_string();
        let (sender, leading) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let Scheduler { store, queue, blobs, periods, timetable } = self;
        let candidate = Candidate { store: store.clone(), holder, term: periods.term };
        tasks.spawn(lead(candidate, sender, ended.clone()));
        let relay = Relay::new(store.clone(), queue.clone());
        tasks.spawn(repeat(relay, periods.relay, leading.clone(), ended.clone()));
        let promote = Promote::new(store.clone(), queue.clone());
        tasks.spawn(repeat(promote, periods.promote, leading.clone(), ended.clone()));
        let rescue = Rescue::new(store.clone(), queue.clone());
        tasks.spawn(repeat(rescue, periods.rescue, leading.clone(), ended.clone()));
        let schedules = Schedules::new(store.clone(), queue, timetable);
        tasks.spawn(repeat(schedules, periods.schedules, leading.clone(), ended.clone()));
        let orphans = Orphans::new(store.clone(), blobs);
        tasks.spawn(repeat(orphans, periods.orphans, leading.clone(), ended.clone()));
        let measure = Measure::new(store.clone());
        tasks.spawn(repeat(measure, periods.measure, leading.clone(), ended.clone()));
        tasks.spawn(repeat(Audit::new(store), periods.audit, leading, ended));
        while let Some(end) = tasks.join_next().await {
            if let Err(error) = end {
                tracing::error!(%error, "a task of the scheduler panicked");
            }
        }
    }
}

/// Does one duty every `period` while leading. A failure is logged, and the next tick tries again.
async fn repeat<D: Duty>(
    mut duty: D,
    period: Duration,
    mut leading: watch::Receiver<bool>,
    ended: CancellationToken,
) {
    metrics::counter!(names::DUTY_FAILURES, "duty" => D::NAME).increment(0);
    let mut every = tokio::time::interval(period);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = ended.cancelled() => return,
            led = leading.wait_for(|leads| *leads) => if led.is_err() { return },
        }
        tokio::select! {
            () = ended.cancelled() => return,
            _ = every.tick() => {}
        }
        let started = Instant::now();
        let done = tokio::time::timeout(D::WITHIN, duty.tick()).await;
        metrics::histogram!(names::DUTY_SECONDS, "duty" => D::NAME).record(started.elapsed());
        match done.unwrap_or(Err(DutyError::Silent(D::WITHIN))) {
            Ok(done) => D::tell(&done),
            Err(error) => log(D::NAME, &error),
        }
    }
}

fn log(duty: &'static str, error: &DutyError) {
    metrics::counter!(names::DUTY_FAILURES, "duty" => duty).increment(1);
    tracing::warn!(duty, %error, "duty failed; its next tick tries again");
}
