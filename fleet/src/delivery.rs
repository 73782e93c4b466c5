//! A job in a worker's hands, and how it leaves them.

use std::time::Duration;

use crate::ids::{JobId, SimulationId, UserId};
use crate::job::{Kind, NewJob};

/// A claimed job: the right to settle it, once, while its lease lasts. Settling consumes it, so one that was settled or
/// handed back cannot be settled again; and the store refuses an epoch that is no longer the last.
#[derive(Debug)]
pub struct Delivery {
    /// Which job.
    pub job: JobId,
    /// The fence: how often the job was claimed, this time included.
    pub epoch: i64,
    /// What is to be done.
    pub kind: Kind,
    /// Which simulation it is part of.
    pub simulation: Option<SimulationId>,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// Whether that one is synthetic, so that this counts as nobody's work.
    pub synthetic: bool,
    /// What its kind needs to know.
    pub payload: Vec<u8>,
    /// Which try this is, from 1.
    pub attempt: u16,
    /// How many there are.
    pub max_attempts: u16,
    /// Whether it is the last try of a job whose workers died: it runs with nothing beside it on its worker, so that what
    /// a neighbour did is not held against it, and its attempt counts once it begins.
    pub alone: bool,
    /// How long this one may take.
    pub timeout: Duration,
    /// The submitter's `traceparent`.
    pub trace_context: Option<String>,
}

/// The name of a delivery, to renew its lease by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// Which job.
    pub job: JobId,
    /// The fence.
    pub epoch: i64,
}

/// How a run of a job ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done.
    Completed(Produced),
    /// It failed, with words for the one who submitted it.
    Failed {
        /// Why.
        error: String,
        /// Whether another try may do better.
        retry: Retry,
    },
    /// Its owner no longer wants it, and it stopped.
    Cancelled,
    /// It was stopped for no fault of its own, as when its worker drains: no attempt is spent.
    Interrupted,
}

/// Whether a failure may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Tried again after a while, if attempts are left.
    Later,
    /// The same would happen again.
    Never,
}

/// What a job made. Blobs are named by job and epoch, so that only the winner's are ever seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Produced {
    /// The result itself, if it is small.
    pub result: Option<Vec<u8>>,
    /// The blob that holds the result, if it is not.
    pub result_key: Option<String>,
    /// The blob that holds the samples of a simulation, if they were asked for.
    pub samples_key: Option<String>,
    /// How far it came in the end, in units of its kind (trials of a simulation), if that is counted.
    pub progress: Option<u64>,
    /// The job that is submitted in the transaction that writes this one's end, so that the one is never without the
    /// other. It has no parent and no children.
    pub followed_by: Option<Box<NewJob>>,
}

/// A delivery that ended, to be written.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which job, under which fence.
    pub held: Held,
    /// How it ended.
    pub outcome: Outcome,
}

impl Delivery {
    /// Its name.
    #[must_use]
    pub fn held(&self) -> Held {
        Held { job: self.job, epoch: self.epoch }
    }

    /// Ends it.
    #[must_use]
    pub fn settle(self, outcome: Outcome) -> Settlement {
        Settlement { held: self.held(), outcome }
    }
}
