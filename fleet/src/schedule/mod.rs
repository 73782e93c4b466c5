//! What happens by the clock: schedules, their ticks, and when a tick becomes a job.
//!
//! A *tick* is an instant that a schedule's cron names, in UTC. Each tick is decided once: it is emitted as a job, or
//! recorded as skipped or missed. [`Timetable::look`] says which, as a pure function of the schedule, of its high-water mark (the
//! last tick that was decided) and of the time; the store writes the decision, the tick and the job in one transaction.
//!
//! The name of a tick's job is derived from environment, schedule and tick, so that no number of schedulers, restarts
//! or clocks that step back makes two jobs of one tick.

mod cron;
mod decide;
mod span;
mod window;

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uuid::Uuid;

use crate::ids::JobId;
use crate::job::{Kind, Label, named};

pub use cron::Cron;
pub use decide::{Decision, MOST_COUNTED, Missed, MissedWhy, Standing};
pub use span::{parse_span, show_span};
pub use window::{Window, Windows};

/// Under this name stand the names of all schedules' jobs: the UUIDv5 of the DNS name `schedules.fermiac`.
const NAMESPACE: Uuid = Uuid::from_u128(0xc2ac_44ac_798b_5a9a_9c4d_9d77_0752_59ff);

/// All that an environment does by the clock.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timetable {
    /// In the order of their names.
    pub schedules: Vec<Schedule>,
    /// When destructive jobs may begin.
    pub windows: Windows,
}

impl Timetable {
    /// The schedule of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Schedule> {
        self.schedules.iter().find(|schedule| schedule.name == name)
    }

    /// The next tick of a schedule after an instant, and when it will be done: later by its jitter, and by the wait for
    /// a maintenance window.
    #[must_use]
    pub fn next(&self, schedule: &Schedule, after: DateTime<Utc>) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let tick = schedule.cron.after(after)?;
        let due = schedule.due(tick);
        if schedule.work.is_destructive() && self.windows.open_since(due).is_none() {
            return self.windows.next(due).map(|(opens, _)| (tick, opens));
        }
        Some((tick, due))
    }
}

/// One entry of the timetable.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Where; the name of a job tells environments apart.
    pub environment: String,
    /// What it is called; unique in its environment.
    pub name: String,
    /// What a tick does.
    pub work: Work,
    /// When it ticks.
    pub cron: Cron,
    /// What becomes of a tick that nobody looked at in time.
    pub catch_up: CatchUp,
    /// How late a tick may be and still be in time.
    pub start_deadline: TimeDelta,
    /// What happens when the job of an earlier tick has not ended.
    pub overlap: Overlap,
    /// A tick waits up to so long, so that many installations do not all do the same at the same moment.
    pub jitter: TimeDelta,
    /// How long one attempt may take.
    pub timeout: TimeDelta,
    /// Handed on to the job as its payload.
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// What a tick does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A worker does a job of this kind.
    Job(Kind),
    /// The scheduler itself notes how many workers there should be: once there are none, no worker could start others.
    Scale {
        /// Which workers.
        label: Label,
        /// How many.
        workers: u32,
    },
}

/// What becomes of a tick that was not looked at by its start deadline. Only ever the newest one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// It is missed.
    Skip,
    /// It is done, however late.
    Newest,
    /// It is done if the next tick has not come yet.
    Interval,
    /// It is done if it is no older than this.
    Within(TimeDelta),
}

/// What happens to a tick when a job of an earlier one has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Overlap {
    /// It is skipped. Schedules with the same key count as one.
    Forbid {
        /// The concurrency key; the schedule's own name, unless it says another.
        key: String,
    },
    /// It is emitted all the same.
    Allow,
}

named! {
    /// What became of a tick.
    Fate {
        /// It was emitted in time.
        Emitted = "emitted",
        /// It was emitted late, after an absence.
        CaughtUp = "caught_up",
        /// Somebody asked for it; its tick is when.
        ByHand = "by_hand",
        /// It came while an earlier one was at work.
        Skipped = "skipped",
        /// Nobody looked in time, or it waited for a window until a newer one took its place.
        Missed = "missed",
    }
}

impl Work {
    /// Its name in profiles and lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Work::Job(kind) => kind.name(),
            Work::Scale { .. } => "scale",
        }
    }

    /// Whether it waits for a maintenance window.
    #[must_use]
    pub fn is_destructive(self) -> bool {
        match self {
            Work::Job(kind) => kind.is_destructive(),
            Work::Scale { .. } => false,
        }
    }
}

impl Schedule {
    /// Of this work, with nothing out of the ordinary: skips what it missed and what overlaps, without jitter.
    #[must_use]
    pub fn new(environment: &str, name: &str, work: Work, cron: Cron) -> Schedule {
        Schedule {
            environment: environment.to_owned(),
            name: name.to_owned(),
            work,
            cron,
            catch_up: CatchUp::Skip,
            start_deadline: TimeDelta::minutes(5),
            overlap: Overlap::Forbid { key: name.to_owned() },
            jitter: TimeDelta::zero(),
            timeout: TimeDelta::hours(1),
            arguments: serde_json::Map::new(),
        }
    }

    /// The name of the job of a tick: the same whoever computes it, and another's for every other tick.
    #[must_use]
    pub fn job(&self, tick: DateTime<Utc>) -> JobId {
        let tick = tick.to_rfc3339_opts(SecondsFormat::Secs, true);
        let names = [self.environment.as_str(), &self.name, &tick];
        JobId(names.iter().fold(NAMESPACE, |name, part| Uuid::new_v5(&name, part.as_bytes())))
    }

    /// When a tick is due: its instant and its jitter, which is less than half the time to the next tick, so that two
    /// ticks are never due at nearly the same time.
    #[must_use]
    pub fn due(&self, tick: DateTime<Utc>) -> DateTime<Utc> {
        let half = self.cron.after(tick).map_or(self.jitter, |next| (next - tick) / 2);
        let most = self.jitter.min(half).num_milliseconds();
        if most <= 0 {
            return tick;
        }
        let chance = self.job(tick).0.as_u128() % most.unsigned_abs() as u128;
        // It is less than `most`, which is a number of milliseconds in 64 bits.
        tick + TimeDelta::milliseconds(chance as i64)
    }

    /// The newest tick that is due.
    pub(super) fn newest_due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let newest = self.cron.at_or_before(now)?;
        // The one before it was due before it came.
        if self.due(newest) <= now { Some(newest) } else { self.cron.before(newest) }
    }

    /// The concurrency key, where overlap is forbidden.
    #[must_use]
    pub fn concurrency_key(&self) -> Option<&str> {
        match &self.overlap {
            Overlap::Forbid { key } => Some(key),
            Overlap::Allow => None,
        }
    }
}
