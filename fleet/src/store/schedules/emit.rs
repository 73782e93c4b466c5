//! Decides the ticks that are due, and writes decision, tick and job in one transaction.

use std::borrow::Cow;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::RecordedTick;
use crate::audit::{Act, Action};
use crate::ids::JobId;
use crate::job::{Bell, Kind, Label, NewJob, Priority, Start};
use crate::schedule::{Decision, Fate, Missed, MissedWhy, Schedule, Standing, Timetable, Work};
use crate::store::columns::Instant;
use crate::store::jobs::submit::bells;
use crate::store::transaction::Transaction;
use crate::store::{Store, StoreError};

/// What became of ticks is kept for so long: more than a year, for those of a month.
const KEPT: TimeDelta = TimeDelta::days(400);
/// A scheduled job is tried so often.
const ATTEMPTS: u16 = 3;

/// What a look at the timetable wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Emission {
    /// Rings for the new jobs.
    pub bells: Vec<Bell>,
    /// What became of which ticks.
    pub recorded: Vec<RecordedTick>,
}

/// Whether one who emits by hand waits for the maintenance window as everybody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideWindows {
    /// What deletes is refused there.
    Refused,
    /// It is an emergency.
    Allowed,
}

impl Store {
    /// Emits what is due, at most one tick of each schedule. Any number of schedulers may do so at once. While the service
    /// is read-only only backups are looked at; to the others that is a time in which no scheduler ran.
    pub async fn emit_due(&self, timetable: &Timetable) -> Result<Emission, StoreError> {
        if !self.is_anything_due(timetable).await? {
            return Ok(Emission::default());
        }
        let mut transaction = self.begin().await?;
        transaction.lock_schedules().await?;
        let timetable = &*transaction.looked_at(timetable).await?;
        let now = transaction.now().await?;
        let standings = transaction.standings().await?;
        let mut emission = Emission::default();
        for (schedule, decision) in timetable.look(&standings, now.0) {
            if let Some(act) = change_of(schedule, standings.get(&schedule.name)) {
                transaction.note(&self.actor, act).await?;
            }
            transaction.write_decision(schedule, &decision, now, &mut emission).await?;
        }
        transaction.commit().await?;
        Ok(emission)
    }

    /// Emits one schedule of the timetable now, and records that somebody asked for it. Its ticks stay as they are.
    pub async fn emit_by_hand(
        &self,
        timetable: &Timetable,
        name: &str,
        outside_windows: OutsideWindows,
    ) -> Result<Emission, StoreError> {
        let schedule = timetable.named(name).ok_or(StoreError::NotFound { what: "schedule" })?;
        let mut transaction = self.begin().await?;
        transaction.lock_schedules().await?;
        if schedule.work != Work::Job(Kind::Backup) {
            transaction.check_writable().await?;
        }
        let Instant(now) = transaction.now().await?;
        if outside_windows == OutsideWindows::Refused {
            check_window(timetable, schedule, now)?;
        }
        let standings = transaction.standings().await?;
        let unfinished = timetable.unfinished(schedule, &standings);
        if let Some(job) = unfinished {
            return Err(StoreError::conflict(format!("job {job} of this concurrency key has not ended")));
        }
        let begun = || Standing { cron: schedule.cron.as_str().to_owned(), mark: now, unfinished: None };
        let standing = standings.get(name).cloned().unwrap_or_else(begun);
        let mut emission = Emission::default();
        transaction.emit(schedule, (now, Fate::ByHand), standing, &mut emission).await?;
        transaction.note(&self.actor, Act::on(Action::ScheduleRun, name)).await?;
        transaction.commit().await?;
        Ok(emission)
    }

    /// Without a lock: most looks find nothing to do.
    async fn is_anything_due(&self, timetable: &Timetable) -> Result<bool, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let timetable = &*transaction.looked_at(timetable).await?;
        let Instant(now) = transaction.now().await?;
        let standings = transaction.standings().await?;
        transaction.commit().await?;
        Ok(!timetable.look(&standings, now).is_empty())
    }
}

/// What is new about a schedule since a scheduler last wrote down how far it is.
fn change_of(schedule: &Schedule, standing: Option<&Standing>) -> Option<Act> {
    let cron = schedule.cron.as_str();
    match standing {
        None => Some(Act::on(Action::ScheduleAdded, &schedule.name).saying(cron)),
        Some(known) if known.cron != cron => {
            let change = format!("{} to {cron}", known.cron);
            Some(Act::on(Action::ScheduleChanged, &schedule.name).saying(change))
        }
        Some(_) => None,
    }
}

fn check_window(timetable: &Timetable, schedule: &Schedule, now: DateTime<Utc>) -> Result<(), StoreError> {
    if !schedule.work.is_destructive() {
        return Ok(());
    }
    timetable.windows.check(&schedule.name, now).map_err(StoreError::conflict)
}

impl Transaction {
    /// As much of the timetable as is emitted now.
    async fn looked_at<'a>(&mut self, timetable: &'a Timetable) -> Result<Cow<'a, Timetable>, StoreError> {
        if self.read_only().await?.is_none() {
            return Ok(Cow::Borrowed(timetable));
        }
        let mut backups = timetable.clone();
        backups.schedules.retain(|schedule| schedule.work == Work::Job(Kind::Backup));
        Ok(Cow::Owned(backups))
    }

    async fn write_decision(
        &mut self,
        schedule: &Schedule,
        decision: &Decision,
        now: Instant,
        emission: &mut Emission,
    ) -> Result<(), StoreError> {
        let cron = schedule.cron.as_str().to_owned();
        let standing = Standing { cron, mark: decision.mark, unfinished: None };
        self.write_standing(&schedule.name, &standing, None).await?;
        if let Some(missed) = decision.missed {
            let recorded = missed_ticks(schedule, missed);
            self.record(&recorded, now).await?;
            emission.recorded.push(recorded);
        }
        match decision.tick {
            Some((tick, Fate::Skipped)) => {
                let reason = decision.unfinished.map(|job| format!("job {job} had not ended"));
                let recorded = RecordedTick { reason, ..one_tick(schedule, tick, Fate::Skipped) };
                self.record(&recorded, now).await?;
                emission.recorded.push(recorded);
            }
            Some(decided) => self.emit(schedule, decided, standing, emission).await?,
            None => {}
        }
        self.forget_ticks(&schedule.name, Instant(now.0 - KEPT)).await
    }

    /// Writes the tick and does its work, unless that tick was emitted before.
    async fn emit(
        &mut self,
        schedule: &Schedule,
        (tick, fate): (DateTime<Utc>, Fate),
        standing: Standing,
        emission: &mut Emission,
    ) -> Result<(), StoreError> {
        let now = self.now().await?;
        let job = match schedule.work {
            Work::Job(kind) => Some(new_job(schedule, kind, tick, fate)),
            Work::Scale { .. } => None,
        };
        let id = job.as_ref().map(|job| job.id);
        // Before the tick, which names it.
        self.write_standing(&schedule.name, &standing, id).await?;
        let recorded = RecordedTick { job: id, ..one_tick(schedule, tick, fate) };
        if !self.record(&recorded, now).await? {
            return Ok(());
        }
        emission.recorded.push(recorded);
        if let Some(job) = job {
            let added = self.insert(std::slice::from_ref(&job)).await?;
            emission.bells.extend(bells(&[job]).into_iter().filter(|bell| added.contains(&bell.job)));
        } else if let Work::Scale { label, workers } = schedule.work {
            self.desire(label, workers, Instant(tick), &schedule.name).await?;
        }
        Ok(())
    }
}

fn missed_ticks(schedule: &Schedule, Missed { first, last, count, why }: Missed) -> RecordedTick {
    let reason = match why {
        MissedWhy::NobodyLooked => "no scheduler looked in time",
        MissedWhy::Superseded => "a newer tick took its place when a maintenance window opened",
    };
    RecordedTick {
        through: last,
        ticks: count,
        reason: Some(reason.to_owned()),
        ..one_tick(schedule, first, Fate::Missed)
    }
}

fn one_tick(schedule: &Schedule, tick: DateTime<Utc>, fate: Fate) -> RecordedTick {
    RecordedTick {
        schedule: schedule.name.clone(),
        tick,
        through: tick,
        ticks: 1,
        fate,
        job: None,
        reason: None,
    }
}

fn new_job(schedule: &Schedule, kind: Kind, tick: DateTime<Utc>, fate: Fate) -> NewJob {
    let payload = serde_json::Value::Object(schedule.arguments.clone()).to_string().into_bytes();
    NewJob {
        id: if fate == Fate::ByHand { JobId::new() } else { schedule.job(tick) },
        kind,
        label: Label::Maintenance,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload,
        start: Start::Now,
        max_attempts: ATTEMPTS,
        timeout: schedule.timeout.to_std().unwrap_or(Duration::ZERO),
        idempotency_key: None,
        trace_context: None,
    }
}
