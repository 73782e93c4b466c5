//! The deliveries in this worker's hands: their leases are renewed together, and each is told when to stop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use fermiac_fleet::delivery::Held;
use fermiac_fleet::store::{LeaseState, Renewal, Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::patience::ANSWERED_WITHIN;

/// Leases are renewed, progress written and cancellations heard so often.
const RENEW_EVERY: Duration = Duration::from_millis(500);

/// Why a job should stop before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stop {
    /// Its owner no longer wants it.
    Cancelled = 1,
    /// It takes longer than it may.
    TimedOut = 2,
    /// The worker drains.
    Interrupted = 3,
    /// Another worker has it: whatever comes of it is thrown away.
    Lost = 4,
}

/// What a running job and the worker tell each other.
#[derive(Debug)]
pub struct Tether {
    progress: AtomicU64,
    stop: AtomicU8,
    is_stopping: AtomicBool,
    told: Notify,
    deadline: Option<Instant>,
}

impl Tether {
    fn new(deadline: Option<Instant>) -> Tether {
        Tether {
            progress: AtomicU64::new(0),
            stop: AtomicU8::new(0),
            is_stopping: AtomicBool::new(false),
            told: Notify::new(),
            deadline,
        }
    }

    /// The job is so far.
    pub fn progress(&self, units: u64) {
        self.progress.fetch_max(units, Ordering::Relaxed);
    }

    /// Whether the job should stop; cheap enough to ask between any two steps.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Waits until the job should stop. For one at a time.
    pub async fn told_to_stop(&self) {
        while !self.is_stopping() {
            self.told.notified().await;
        }
    }

    /// Why it should.
    pub fn stop(&self) -> Option<Stop> {
        match self.stop.load(Ordering::Relaxed) {
            1 => Some(Stop::Cancelled),
            2 => Some(Stop::TimedOut),
            3 => Some(Stop::Interrupted),
            4 => Some(Stop::Lost),
            _ => None,
        }
    }

    /// Tells the job to stop; the first reason stays, unless the job is lost.
    fn tell(&self, stop: Stop) {
        if stop == Stop::Lost {
            self.stop.store(stop as u8, Ordering::Relaxed);
        } else {
            // Told twice, it stops once.
            let _ = self.stop.compare_exchange(0, stop as u8, Ordering::Relaxed, Ordering::Relaxed);
        }
        self.is_stopping.store(true, Ordering::Relaxed);
        self.told.notify_one();
    }
}

/// All deliveries that run here.
#[derive(Debug, Clone, Default)]
pub struct Running {
    held: Arc<Mutex<HashMap<Held, Arc<Tether>>>>,
}

impl Running {
    /// Takes in a delivery that begins.
    pub fn begin(&self, held: Held, timeout: Duration) -> Arc<Tether> {
        self.take_in(held, Tether::new(Some(Instant::now() + timeout)))
    }

    /// Takes in a delivery that waits for its beginning, as long as it takes.
    pub fn wait(&self, held: Held) -> Arc<Tether> {
        self.take_in(held, Tether::new(None))
    }

    fn take_in(&self, held: Held, tether: Tether) -> Arc<Tether> {
        let tether = Arc::new(tether);
        self.lock().insert(held, Arc::clone(&tether));
        tether
    }

    /// Forgets one that ended.
    pub fn end(&self, held: Held) {
        self.lock().remove(&held);
    }

    /// Tells all to stop for no fault of their own.
    pub fn interrupt_all(&self) {
        self.lock().values().for_each(|tether| tether.tell(Stop::Interrupted));
    }

    /// All that are here.
    pub fn held(&self) -> Vec<Held> {
        self.lock().keys().copied().collect()
    }

    /// Renews all leases until told to end. A store that cannot be reached is asked again next time: the jobs go on, and
    /// if their leases run out meanwhile, the fence keeps out what they come to.
    pub async fn keep(&self, store: &Store, lease: Duration, ended: CancellationToken) {
        let mut every = tokio::time::interval(RENEW_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                _ = every.tick() => {}
            }
            self.tell_late();
            let renewals = self.renewals();
            if renewals.is_empty() {
                continue;
            }
            match StoreError::unless_silent(ANSWERED_WITHIN, store.renew(&renewals, lease)).await {
                Ok(verdicts) => self.hear(&verdicts),
                Err(error) => tracing::warn!(%error, jobs = renewals.len(), "cannot renew leases"),
            }
        }
    }

    fn renewals(&self) -> Vec<Renewal> {
        let progress =
            |tether: &Tether| Some(tether.progress.load(Ordering::Relaxed)).filter(|units| *units > 0);
        self.lock().iter().map(|(held, tether)| Renewal { held: *held, progress: progress(tether) }).collect()
    }

    pub(crate) fn tell_late(&self) {
        let now = Instant::now();
        self.lock()
            .values()
            .filter(|tether| tether.deadline.is_some_and(|deadline| deadline <= now))
            .for_each(|tether| tether.tell(Stop::TimedOut));
    }

    fn hear(&self, verdicts: &[(Held, LeaseState)]) {
        let held = self.lock();
        for (name, verdict) in verdicts {
            let Some(tether) = held.get(name) else { continue };
            match verdict {
                LeaseState::Kept => {}
                LeaseState::CancelRequested => tether.tell(Stop::Cancelled),
                LeaseState::Lost => tether.tell(Stop::Lost),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Held, Arc<Tether>>> {
        self.held.lock().expect("nothing that can panic runs under this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_fleet::ids::JobId;

    fn held() -> Held {
        Held { job: JobId::new(), epoch: 1 }
    }

    #[test]
    fn the_first_reason_to_stop_stays_unless_the_job_is_lost() {
        let running = Running::default();
        let held = held();
        let tether = running.begin(held, Duration::from_secs(60));
        assert!(!tether.is_stopping() && tether.stop().is_none());
        running.hear(&[(held, LeaseState::CancelRequested)]);
        running.interrupt_all();
        assert_eq!(tether.stop(), Some(Stop::Cancelled));
        running.hear(&[(held, LeaseState::Lost)]);
        assert_eq!(tether.stop(), Some(Stop::Lost));
    }

    #[test]
    fn a_job_past_its_timeout_is_told_to_stop() {
        let running = Running::default();
        let tether = running.begin(held(), Duration::ZERO);
        let patient = running.begin(held(), Duration::from_secs(60));
        let waiting = running.wait(held());
        running.tell_late();
        assert_eq!((tether.stop(), patient.stop(), waiting.stop()), (Some(Stop::TimedOut), None, None));
    }

    #[test]
    fn progress_never_falls() {
        let running = Running::default();
        let tether = running.begin(held(), Duration::from_secs(60));
        [5, 9, 7].into_iter().for_each(|units| tether.progress(units));
        assert_eq!(running.renewals()[0].progress, Some(9));
    }
}
