//! What each event makes of a job: pure functions from the row as it is locked to the row as it will be.

use std::time::Duration;

use crate::delivery::{Outcome, Produced, Retry};
use crate::ids::JobId;
use crate::job::{Bell, Label, MAX_ERROR_BYTES, Priority, State};
use crate::store::row::row;

/// The first pause before a job is tried again is at most twice this, and each later one at most twice the one before.
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// No pause is longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

row! {
    /// A job's row, locked by this transaction.
    #[derive(Debug, Clone)]
    pub(super) struct Locked {
        pub(super) id: JobId,
        pub(super) label: Label,
        pub(super) priority: Priority,
        pub(super) state: State,
        pub(super) parent: Option<JobId>,
        pub(super) pending_children: i32,
        pub(super) attempt: i32,
        pub(super) max_attempts: i32,
        pub(super) epoch: i64,
        /// Whether its last attempt, which runs alone, is left to it or under way.
        pub(super) alone: bool,
        pub(super) cancel_requested: bool,
        /// Whether it runs under a lease that ran out.
        pub(super) expired: bool,
    }
}

/// How a run ended, as the store sees it.
#[derive(Debug)]
pub(super) enum Ending {
    /// Its holder said so.
    Settled(Outcome),
    /// Its holder was not heard of again.
    LeaseRanOut,
}

/// A row as it will be: it has no holder any more.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) id: JobId,
    pub(super) state: State,
    pub(super) attempt: i32,
    pub(super) alone: bool,
    pub(super) pending_children: i32,
    /// After which pause it may be claimed.
    pub(super) pause: Duration,
    /// Why, where there is something new to say.
    pub(super) error: Option<String>,
    pub(super) produced: Produced,
}

impl Locked {
    /// The bell that rings for it.
    pub(super) fn bell(&self) -> Bell {
        Bell { job: self.id, label: self.label, priority: self.priority }
    }

    /// The row with nothing but its state changed, and its holder gone.
    pub(super) fn becomes(&self, state: State) -> Change {
        Change {
            id: self.id,
            state,
            attempt: self.attempt,
            alone: false,
            pending_children: 0,
            pause: Duration::ZERO,
            error: None,
            produced: Produced::default(),
        }
    }

    /// The end of its run, if it runs under this epoch.
    pub(super) fn ends(&self, epoch: i64, ending: Ending) -> Option<Change> {
        if self.state != State::Running || self.epoch != epoch {
            return None;
        }
        match ending {
            Ending::Settled(outcome) => Some(self.settles(outcome)),
            Ending::LeaseRanOut => self.expired.then(|| self.loses_its_worker()),
        }
    }

    fn settles(&self, outcome: Outcome) -> Change {
        match outcome {
            Outcome::Completed(produced) => Change { produced, ..self.becomes(State::Succeeded) },
            Outcome::Failed { error, retry } => self.fails(cut(error), retry),
            Outcome::Cancelled | Outcome::Interrupted if self.cancel_requested => {
                self.becomes(State::Cancelled)
            }
            // Cancelled, though nobody asks for that any more: a retry by hand overtook its worker.
            Outcome::Cancelled | Outcome::Interrupted => self.is_handed_back(),
        }
    }

    fn fails(&self, error: String, retry: Retry) -> Change {
        let error = Some(error);
        if self.cancel_requested {
            return Change { error, ..self.becomes(State::Cancelled) };
        }
        match retry {
            Retry::Later if self.attempt < self.max_attempts => {
                Change { error, pause: self.back_off(), ..self.becomes(State::Scheduled) }
            }
            Retry::Later | Retry::Never => Change { error, ..self.becomes(State::Failed) },
        }
    }

    fn is_handed_back(&self) -> Change {
        let attempt = if self.has_begun() { (self.attempt - 1).max(0) } else { self.attempt };
        Change { attempt, alone: self.alone, ..self.becomes(State::Ready) }
    }

    /// A job that runs alone is claimed first, and begins once its worker has nothing else in hand.
    fn has_begun(&self) -> bool {
        !self.alone || self.attempt == self.max_attempts
    }

    /// Only an attempt alone tells who kills workers: of jobs that died together any may have done it. They are ready
    /// together again and may well be claimed together, so the last attempt of each runs alone. It becomes a dead letter
    /// by that one or not at all: one whose last attempt had company (others had failed) is given it again.
    fn loses_its_worker(&self) -> Change {
        if self.cancel_requested {
            return self.becomes(State::Cancelled);
        }
        if !self.has_begun() {
            return Change { alone: true, ..self.becomes(State::Ready) };
        }
        let times = if self.attempt == 1 { "once".to_owned() } else { format!("{} times", self.attempt) };
        let error = Some(format!("its worker died or stopped answering {times}"));
        if self.alone {
            return Change { error, ..self.becomes(State::Failed) };
        }
        let attempt = self.attempt.min(self.max_attempts - 1);
        Change { error, attempt, alone: attempt == self.max_attempts - 1, ..self.becomes(State::Ready) }
    }

    /// Tried again by hand, with all its attempts.
    pub(super) fn is_retried(&self, pending_children: i32) -> Change {
        let state = if pending_children > 0 { State::Waiting } else { State::Ready };
        Change { attempt: 0, pending_children, ..self.becomes(state) }
    }

    /// The parent's row after so many more children succeeded.
    pub(super) fn children_succeed(&self, count: i32) -> Change {
        let pending_children = (self.pending_children - count).max(0);
        let state = if pending_children > 0 { State::Waiting } else { State::Ready };
        Change { pending_children, ..self.becomes(state) }
    }

    /// Exponential, with full jitter: anything from the first pause to the bound that doubles with each attempt. The
    /// chance is a hash of job and epoch: spread like any other, and the same in every test.
    fn back_off(&self) -> Duration {
        let doublings = u32::try_from(self.attempt).unwrap_or(0).min(16);
        let bound = (FIRST_BACK_OFF * 2_u32.pow(doublings)).min(LONGEST_BACK_OFF);
        let chance = scrambled(self.id.0.as_u128() as u64 ^ self.epoch.unsigned_abs().rotate_left(32));
        let fraction = (chance >> 11) as f64 / (1_u64 << 53) as f64;
        FIRST_BACK_OFF + (bound - FIRST_BACK_OFF).mul_f64(fraction)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn scrambled(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The beginning of an error, as much as is kept. A zero byte, which Postgres refuses in a text, is left out.
fn cut(mut error: String) -> String {
    error.retain(|character| character != '\0');
    let end = (0..=MAX_ERROR_BYTES.min(error.len())).rev().find(|&end| error.is_char_boundary(end));
    error.truncate(end.unwrap_or(0));
    error
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn running(attempt: i32, max_attempts: i32, cancel_requested: bool) -> Locked {
        Locked {
            id: JobId::new(),
            label: Label::Cpu,
            priority: Priority::Normal,
            state: State::Running,
            parent: None,
            pending_children: 0,
            attempt,
            max_attempts,
            epoch: i64::from(attempt),
            alone: false,
            cancel_requested,
            expired: true,
        }
    }

    fn running_alone(attempt: i32, max_attempts: i32) -> Locked {
        Locked { alone: true, epoch: i64::from(attempt), ..running(attempt, max_attempts, false) }
    }

    fn failed(retry: Retry) -> Ending {
        Ending::Settled(Outcome::Failed { error: "no".to_owned(), retry })
    }

    #[test]
    fn failure_is_retried_while_attempts_are_left() {
        let ends = |job: Locked, retry| job.ends(job.epoch, failed(retry)).unwrap().state;
        assert_eq!(ends(running(1, 2, false), Retry::Later), State::Scheduled);
        assert_eq!(ends(running(2, 2, false), Retry::Later), State::Failed);
        assert_eq!(ends(running(1, 2, false), Retry::Never), State::Failed);
        assert_eq!(ends(running(1, 2, true), Retry::Later), State::Cancelled);
    }

    #[test]
    fn interrupted_job_keeps_its_attempt() {
        let change = running(2, 3, false).ends(2, Ending::Settled(Outcome::Interrupted)).unwrap();
        assert_eq!((change.state, change.attempt), (State::Ready, 1));
    }

    #[test]
    fn lease_that_ran_out_spends_the_attempt() {
        let change = running(1, 3, false).ends(1, Ending::LeaseRanOut).unwrap();
        assert_eq!((change.state, change.attempt, change.alone), (State::Ready, 1, false));
        let last = running_alone(3, 3).ends(3, Ending::LeaseRanOut).unwrap();
        assert_eq!((last.state, last.alone), (State::Failed, false));
        assert_eq!(last.error.as_deref(), Some("its worker died or stopped answering 3 times"));
    }

    #[test]
    fn last_attempt_after_lost_workers_runs_alone() {
        let change = running(2, 3, false).ends(2, Ending::LeaseRanOut).unwrap();
        assert_eq!((change.state, change.attempt, change.alone), (State::Ready, 2, true));
        let in_company = running(3, 3, false).ends(3, Ending::LeaseRanOut).unwrap();
        assert_eq!((in_company.state, in_company.attempt, in_company.alone), (State::Ready, 2, true));
    }

    #[test]
    fn attempt_alone_that_has_not_begun_is_not_spent() {
        for ending in [Ending::LeaseRanOut, Ending::Settled(Outcome::Interrupted)] {
            let change = running_alone(2, 3).ends(2, ending).unwrap();
            assert_eq!((change.state, change.attempt, change.alone), (State::Ready, 2, true));
            assert_eq!(change.error, None);
        }
        let interrupted = running_alone(3, 3).ends(3, Ending::Settled(Outcome::Interrupted)).unwrap();
        assert_eq!((interrupted.state, interrupted.attempt, interrupted.alone), (State::Ready, 2, true));
    }

    #[test]
    fn another_epoch_changes_nothing() {
        assert!(running(2, 3, false).ends(1, Ending::Settled(Outcome::Interrupted)).is_none());
    }

    /// What ends a run in the property below.
    fn endings() -> impl Strategy<Value = Ending> {
        (0..6_u8).prop_map(|chance| match chance {
            0 => failed(Retry::Later),
            1 => Ending::Settled(Outcome::Interrupted),
            _ => Ending::LeaseRanOut,
        })
    }

    proptest! {
        #[test]
        fn lost_worker_makes_a_dead_letter_only_of_a_job_that_began_alone(
            max_attempts in 1..5_i32,
            story in prop::collection::vec((endings(), any::<bool>()), 1..40),
        ) {
            let mut job = running(0, max_attempts, false);
            let mut losses = 0;
            for (ending, begins) in story {
                // The claim, and for one that runs alone perhaps its beginning.
                job.attempt += i32::from(!job.alone || begins);
                let (was_alone, begun) = (job.alone, job.has_begun());
                let is_lost = matches!(ending, Ending::LeaseRanOut);
                let is_failure = matches!(ending, Ending::Settled(Outcome::Failed { .. }));
                // What has not begun does not fail.
                if is_failure && !begun {
                    return Ok(());
                }
                losses += i32::from(is_lost && begun);
                let change = job.ends(job.epoch, ending).unwrap();
                prop_assert!(!change.alone || (change.state == State::Ready && change.attempt == max_attempts - 1));
                if change.state == State::Failed {
                    prop_assert!(is_failure || (was_alone && begun));
                    return Ok(());
                }
                prop_assert!(losses <= max_attempts, "it goes on killing workers");
                (job.attempt, job.alone) = (change.attempt, change.alone);
            }
        }

        #[test]
        fn pause_is_within_the_bound_that_doubles(attempt in 1..100_i32, epoch in 1..1_000_i64) {
            let job = Locked { epoch, ..running(attempt, 100, false) };
            let bound = 2_f64.powi(attempt.min(16)).min(600.0);
            let pause = job.back_off().as_secs_f64();
            prop_assert!((1.0..=bound).contains(&pause), "{pause} of {bound}");
        }

        #[test]
        fn error_that_is_kept_is_a_beginning(error in "\\PC{0,3000}") {
            let kept = cut(error.clone());
            prop_assert!(kept.len() <= MAX_ERROR_BYTES && error.starts_with(&kept));
        }
    }
}
