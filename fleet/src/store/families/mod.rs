//! How jobs end, singly and in families: settlements, lost leases, cancellation, retry by hand.
//!
//! A family is a parent and the children that it waits for. A child that succeeds is counted off; one that fails for
//! good fails its parent, and its siblings are no longer wanted. All of it is one transaction, which holds the parent.

mod plan;

use std::collections::{BTreeMap, BTreeSet};

use plan::{End, News, Plan};

use super::jobs::submit::{bells, check};
use super::machine::{Change, Ending, Locked};
use super::transaction::Transaction;
use super::{Store, StoreError};
use crate::audit::{Act, Action};
use crate::delivery::{Held, Outcome, Settlement};
use crate::ids::JobId;
use crate::job::{Bell, NewJob, State};

/// What became of settlements.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Those that are written.
    pub written: Vec<Held>,
    /// Those whose epoch was no longer the last, or whose job had ended: nothing of them is written.
    pub superseded: Vec<Held>,
    /// For the jobs that may be claimed now.
    pub bells: Vec<Bell>,
}

/// What became of jobs whose workers were not heard of again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// For those that may be claimed again, and for whatever else became ready.
    pub bells: Vec<Bell>,
    /// Those that killed their last worker: dead letters now.
    pub dead: Vec<JobId>,
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// It is cancelled.
    Cancelled,
    /// It runs; its worker is asked to stop.
    Requested,
    /// It was cancelled before.
    Already,
}

impl Store {
    /// Writes how runs ended. A settlement under an epoch that is not the last writes nothing.
    pub async fn settle(&self, settlements: Vec<Settlement>) -> Result<Settled, StoreError> {
        let mut transaction = self.begin().await?;
        let settled = transaction.settle(settlements).await?;
        transaction.commit().await?;
        Ok(settled)
    }

    /// Hands jobs back for no fault of theirs, as when a worker drains: no attempt is spent.
    pub async fn release(&self, held: &[Held]) -> Result<Vec<Bell>, StoreError> {
        let back = held.iter().map(|&held| Settlement { held, outcome: Outcome::Interrupted });
        Ok(self.settle(back.collect()).await?.bells)
    }

    /// Takes jobs whose lease ran out from their workers, at most so many.
    pub async fn rescue(&self, limit: u32) -> Result<Rescued, StoreError> {
        let mut transaction = self.begin().await?;
        let lost = transaction.expired(limit).await?;
        let endings = lost.into_iter().map(|held| (held, Ending::LeaseRanOut)).collect();
        let plan = transaction.end_runs(endings).await?;
        transaction.commit().await?;
        Ok(Rescued { bells: plan.bells, dead: plan.dead })
    }

    /// Cancels a job, its children and what waits for it: at once where nobody has begun, else by asking its worker.
    pub async fn cancel(&self, job: JobId) -> Result<Cancellation, StoreError> {
        let mut transaction = self.begin().await?;
        let cancellation = transaction.cancel(job).await?;
        transaction.commit().await?;
        Ok(cancellation)
    }

    /// Tries a dead letter again, with all its attempts: a family as a whole, less the children that succeeded.
    pub async fn retry(&self, job: JobId) -> Result<Vec<Bell>, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.check_writable().await?;
        let bells = transaction.retry(job).await?;
        transaction.note(&self.actor, Act::on(Action::JobRetried, job)).await?;
        transaction.commit().await?;
        Ok(bells)
    }
}

impl Transaction {
    /// As [`Store::settle`].
    pub(super) async fn settle(&mut self, settlements: Vec<Settlement>) -> Result<Settled, StoreError> {
        let endings = settlements.into_iter().map(|one| (one.held, Ending::Settled(one.outcome))).collect();
        let plan = self.end_runs(endings).await?;
        Ok(Settled { written: plan.written, superseded: plan.superseded, bells: plan.bells })
    }

    async fn end_runs(&mut self, endings: Vec<(Held, Ending)>) -> Result<Plan, StoreError> {
        let mut plan = Plan::default();
        if endings.is_empty() {
            return Ok(plan);
        }
        let mut ids: BTreeSet<JobId> = endings.iter().map(|(held, _)| held.job).collect();
        let parents = by_id(self.lock_parents_of(&Vec::from_iter(ids.iter().copied())).await?);
        // Whose family may end with it locks the whole family now: afterwards it could wait for who waits for it.
        let may_end_a_family = |(_, ending): &&(Held, Ending)| {
            matches!(ending, Ending::LeaseRanOut | Ending::Settled(Outcome::Failed { .. }))
        };
        let ends: Vec<JobId> = endings.iter().filter(may_end_a_family).map(|(held, _)| held.job).collect();
        ids.extend(self.siblings_of(&ends).await?);
        let ids = Vec::from_iter(ids);
        let jobs = by_id(self.lock(&ids).await?);
        let mut news: BTreeMap<JobId, News> = BTreeMap::new();
        for (held, ending) in endings {
            plan.end_run(&jobs, held, ending, &mut news);
        }
        for (parent, news) in news {
            if let Some(parent) = parents.get(&parent) {
                self.tell_parent(parent, news, &mut plan).await?;
            }
        }
        let kept = |id: &JobId| jobs.get(id).or_else(|| parents.get(id));
        plan.bells = plan.ready().filter_map(|id| kept(&id)).map(Locked::bell).collect();
        self.carry_out(&plan).await?;
        self.submit_what_follows(&mut plan).await?;
        Ok(plan)
    }

    /// A name that is known adds nothing: what follows a job follows it once.
    async fn submit_what_follows(&mut self, plan: &mut Plan) -> Result<(), StoreError> {
        let jobs: Vec<NewJob> = plan
            .changes
            .values()
            .filter_map(|change| change.produced.followed_by.as_deref().cloned())
            .collect();
        check(&jobs)?;
        let added = self.insert(&jobs).await?;
        plan.bells.extend(bells(&jobs).into_iter().filter(|bell| added.contains(&bell.job)));
        Ok(())
    }

    async fn tell_parent(&mut self, parent: &Locked, news: News, plan: &mut Plan) -> Result<(), StoreError> {
        match (parent.state, news.end) {
            (State::Waiting, None) => {
                if news.succeeded > 0 {
                    plan.changes.insert(parent.id, parent.children_succeed(news.succeeded));
                }
            }
            (State::Waiting, Some(end)) => {
                let change = match end {
                    End::Failed(error) => Change { error: Some(error), ..parent.becomes(State::Failed) },
                    End::Cancelled => parent.becomes(State::Cancelled),
                };
                plan.changes.insert(parent.id, change);
                let siblings = self.lock_children_of(parent.id).await?;
                plan.cancel_unfinished(&siblings);
            }
            // It ended before, and whichever of its children ran was asked to stop then.
            (_, _) => {}
        }
        Ok(())
    }

    /// As [`Store::cancel`].
    pub(super) async fn cancel(&mut self, job: JobId) -> Result<Cancellation, StoreError> {
        let (head, children) = self.lock_family_of(job).await?;
        let named = named(job, &head, &children)?;
        match named.state {
            State::Cancelled => return Ok(Cancellation::Already),
            State::Succeeded | State::Failed => {
                return Err(StoreError::conflict(format!(
                    "the job has {}: there is nothing to cancel",
                    named.state
                )));
            }
            State::Scheduled | State::Waiting | State::Ready | State::Running => {}
        }
        let mut plan = Plan::default();
        plan.cancel_unfinished(std::slice::from_ref(&head));
        plan.cancel_unfinished(&children);
        self.carry_out(&plan).await?;
        let waits = named.state == State::Running;
        Ok(if waits { Cancellation::Requested } else { Cancellation::Cancelled })
    }

    async fn retry(&mut self, job: JobId) -> Result<Vec<Bell>, StoreError> {
        let (head, children) = self.lock_family_of(job).await?;
        let named = named(job, &head, &children)?;
        if head.state != State::Failed || named.state == State::Succeeded {
            let state = named.state;
            return Err(StoreError::conflict(format!(
                "only a failed job can be tried again: this one is {state}"
            )));
        }
        let mut plan = Plan::default();
        let mut wanted_again = Vec::new();
        let mut pending = 0;
        for child in children.iter().filter(|child| child.state != State::Succeeded) {
            pending += 1;
            if child.state.is_terminal() {
                plan.changes.insert(child.id, child.is_retried(0));
            } else {
                wanted_again.push(child.id);
            }
        }
        plan.changes.insert(head.id, head.is_retried(pending));
        self.ask_to_stop(&wanted_again, false).await?;
        let family = children.iter().chain([&head]);
        plan.bells = family.filter(|one| plan.is_ready(one.id)).map(Locked::bell).collect();
        self.carry_out(&plan).await?;
        Ok(plan.bells)
    }

    /// The head of a job's family, which may be itself, and its children, all locked.
    async fn lock_family_of(&mut self, job: JobId) -> Result<(Locked, Vec<Locked>), StoreError> {
        let head = match self.lock_parents_of(&[job]).await?.pop() {
            Some(parent) => parent,
            None => self.lock(&[job]).await?.pop().ok_or(StoreError::NotFound { what: "job" })?,
        };
        let children = self.lock_children_of(head.id).await?;
        Ok((head, children))
    }

    async fn carry_out(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let changes: Vec<&Change> = plan.changes.values().collect();
        self.write(&changes).await?;
        self.ask_to_stop(&plan.asked_to_stop, true).await
    }
}

fn named<'a>(job: JobId, head: &'a Locked, children: &'a [Locked]) -> Result<&'a Locked, StoreError> {
    let mut family = children.iter().chain([head]);
    family.find(|one| one.id == job).ok_or(StoreError::NotFound { what: "job" })
}

fn by_id(jobs: Vec<Locked>) -> BTreeMap<JobId, Locked> {
    jobs.into_iter().map(|job| (job.id, job)).collect()
}
