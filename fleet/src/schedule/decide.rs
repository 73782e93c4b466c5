//! What a look at a schedule decides.
//!
//! 1. A schedule that is new, or whose cron changed, begins now: it owes nothing for the past.
//! 2. Work that deletes is decided only while a maintenance window is open; its ticks wait until then.
//! 3. Of the ticks since the mark that are due, only the newest may be emitted; all older ones are missed.
//! 4. The newest is emitted if it is in time, or as its schedule catches up; else it is missed too.
//! 5. If an earlier job of its concurrency key has not ended, it is skipped instead.
//!
//! The mark only grows, so a clock that steps back emits nothing again. But a mark that lies more than
//! [`MOST_AHEAD`] ahead was set by a clock that was wrong, and would silence the schedule until that time comes: then
//! the schedule begins anew. What was emitted by the wrong clock is not emitted again, because of its name.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{CatchUp, Fate, Schedule, Timetable, Windows, Work};
use crate::ids::JobId;

/// A mark that is further ahead of the clock is not believed.
const MOST_AHEAD: TimeDelta = TimeDelta::days(1);
/// Missed ticks are counted to this many: after a year's absence, a schedule of every minute must not cost seconds.
pub const MOST_COUNTED: u32 = 10_000;

/// How a schedule stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The cron that its ticks were decided by.
    pub cron: String,
    /// Every tick up to here is decided.
    pub mark: DateTime<Utc>,
    /// Its last job, if that has not ended.
    pub unfinished: Option<JobId>,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Every tick up to here is decided from now on.
    pub mark: DateTime<Utc>,
    /// The ticks that are missed.
    pub missed: Option<Missed>,
    /// The newest tick, if it is not among them.
    pub tick: Option<(DateTime<Utc>, Fate)>,
    /// The job that it is skipped for.
    pub unfinished: Option<JobId>,
}

/// A run of ticks that are missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
    /// How many they are, counted to [`MOST_COUNTED`].
    pub count: u32,
    /// Why.
    pub why: MissedWhy,
}

/// Why ticks are missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissedWhy {
    /// No scheduler looked in time.
    NobodyLooked,
    /// They waited for a maintenance window, and a newer one took their place.
    Superseded,
}

impl Timetable {
    /// What a look at all schedules decides, where each stands as told by its name: those that there is something to
    /// write of, in the order of their ticks. What one emits keeps the others of its concurrency key from it.
    #[must_use]
    pub fn look(
        &self,
        standings: &HashMap<String, Standing>,
        now: DateTime<Utc>,
    ) -> Vec<(&Schedule, Decision)> {
        let mut busy = self.busy(standings);
        let decided = self.schedules.iter().filter_map(|schedule| {
            Some((schedule, decide(schedule, &self.windows, standings.get(&schedule.name), now)?))
        });
        let mut decided: Vec<(&Schedule, Decision)> = decided.collect();
        decided.sort_by_key(|(_, decision)| decision.mark);
        for (schedule, decision) in &mut decided {
            let (Some(key), Some((tick, fate))) = (schedule.concurrency_key(), &mut decision.tick) else {
                continue;
            };
            decision.unfinished = busy.get(key).copied();
            match (decision.unfinished, schedule.work) {
                (Some(_), _) => *fate = Fate::Skipped,
                (None, Work::Job(_)) => _ = busy.insert(key, schedule.job(*tick)),
                (None, Work::Scale { .. }) => {}
            }
        }
        decided
    }

    /// The job that keeps a schedule from emitting another, if there is one.
    #[must_use]
    pub fn unfinished(&self, schedule: &Schedule, standings: &HashMap<String, Standing>) -> Option<JobId> {
        self.busy(standings).remove(schedule.concurrency_key()?)
    }

    /// By concurrency key, a job that has not ended.
    fn busy(&self, standings: &HashMap<String, Standing>) -> HashMap<&str, JobId> {
        let with_keys = self.schedules.iter().filter_map(|one| Some((one.concurrency_key()?, &one.name)));
        with_keys.filter_map(|(key, name)| Some((key, standings.get(name)?.unfinished?))).collect()
    }
}

/// What a look at one schedule decides, whatever else is at work; nothing if there is nothing to write.
fn decide(
    schedule: &Schedule,
    windows: &Windows,
    standing: Option<&Standing>,
    now: DateTime<Utc>,
) -> Option<Decision> {
    let Some(standing) = standing else { return Some(Decision::beginning(now)) };
    if standing.cron != schedule.cron.as_str() {
        return Some(Decision::beginning(now.max(standing.mark.min(now + MOST_AHEAD))));
    }
    if standing.mark > now + MOST_AHEAD {
        return Some(Decision::beginning(now));
    }
    let waits = schedule.work.is_destructive();
    let open_since = if waits { windows.open_since(now)? } else { DateTime::<Utc>::MIN_UTC };
    let newest = schedule.newest_due(now).filter(|tick| *tick > standing.mark)?;
    let late = now - schedule.due(newest).max(open_since);
    let fate = if late <= schedule.start_deadline {
        Some(Fate::Emitted)
    } else {
        schedule.catches_up(newest, now).then_some(Fate::CaughtUp)
    };
    let last_missed = if fate.is_some() { schedule.cron.before(newest) } else { Some(newest) };
    let why = if waits && !windows.0.is_empty() { MissedWhy::Superseded } else { MissedWhy::NobodyLooked };
    let missed = last_missed.and_then(|last| schedule.missed(standing.mark, last, why));
    Some(Decision { mark: newest, missed, tick: fate.map(|fate| (newest, fate)), unfinished: None })
}

impl Decision {
    fn beginning(mark: DateTime<Utc>) -> Decision {
        Decision { mark, missed: None, tick: None, unfinished: None }
    }
}

impl Schedule {
    fn catches_up(&self, tick: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        match self.catch_up {
            CatchUp::Skip => false,
            CatchUp::Newest => true,
            CatchUp::Interval => self.cron.after(tick).is_none_or(|next| now < next),
            CatchUp::Within(span) => now - tick <= span,
        }
    }

    /// The ticks after `mark` up to `last`.
    fn missed(&self, mark: DateTime<Utc>, last: DateTime<Utc>, why: MissedWhy) -> Option<Missed> {
        let first = self.cron.after(mark).filter(|first| *first <= last)?;
        let following = std::iter::successors(Some(first), |tick| self.cron.after(*tick));
        let count = following.take_while(|tick| *tick <= last).take(MOST_COUNTED as usize).count();
        Some(Missed { first, last, count: count as u32, why })
    }
}
