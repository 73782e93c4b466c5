//! What a transaction is about to write, as it grows from one event to all that follow from it.

use std::collections::BTreeMap;

use crate::delivery::Held;
use crate::ids::JobId;
use crate::job::{Bell, State};
use crate::store::machine::{Change, Ending, Locked};

/// What a transaction is about to write.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) changes: BTreeMap<JobId, Change>,
    pub(super) asked_to_stop: Vec<JobId>,
    pub(super) written: Vec<Held>,
    pub(super) superseded: Vec<Held>,
    pub(super) bells: Vec<Bell>,
    pub(super) dead: Vec<JobId>,
}

/// What happened to a parent's children.
#[derive(Default)]
pub(super) struct News {
    pub(super) succeeded: i32,
    pub(super) end: Option<End>,
}

/// Why a parent will never have all its children.
pub(super) enum End {
    Failed(String),
    Cancelled,
}

impl Plan {
    pub(super) fn end_run(
        &mut self,
        jobs: &BTreeMap<JobId, Locked>,
        held: Held,
        ending: Ending,
        news: &mut BTreeMap<JobId, News>,
    ) {
        let job = jobs.get(&held.job).filter(|job| !self.changes.contains_key(&job.id));
        let ended = job.and_then(|job| Some((job, job.ends(held.epoch, ending)?)));
        let Some((job, change)) = ended else {
            self.superseded.push(held);
            return;
        };
        self.written.push(held);
        if change.state == State::Failed {
            self.dead.push(job.id);
        }
        if let Some(parent) = job.parent {
            news.entry(parent).or_default().hear(job, &change);
        }
        self.changes.insert(job.id, change);
    }

    pub(super) fn cancel_unfinished(&mut self, jobs: &[Locked]) {
        for job in jobs.iter().filter(|job| !job.state.is_terminal()) {
            match self.changes.get(&job.id) {
                Some(change) if change.state.is_terminal() => {}
                None if job.state == State::Running => self.asked_to_stop.push(job.id),
                Some(_) | None => {
                    self.changes.insert(job.id, job.becomes(State::Cancelled));
                }
            }
        }
    }

    pub(super) fn ready(&self) -> impl Iterator<Item = JobId> {
        self.changes.values().filter(|change| change.state == State::Ready).map(|change| change.id)
    }

    pub(super) fn is_ready(&self, job: JobId) -> bool {
        self.changes.get(&job).is_some_and(|change| change.state == State::Ready)
    }
}

impl News {
    pub(super) fn hear(&mut self, child: &Locked, change: &Change) {
        match change.state {
            State::Succeeded => self.succeeded += 1,
            State::Failed => {
                let why = change.error.as_deref().unwrap_or("without a word");
                self.end = Some(End::Failed(format!("slice {} failed: {why}", child.id)));
            }
            State::Cancelled if self.end.is_none() => self.end = Some(End::Cancelled),
            State::Cancelled | State::Scheduled | State::Waiting | State::Ready | State::Running => {}
        }
    }
}
