//! How a simulation becomes jobs: one, or many slices and the one that merges them.

use std::ops::Range;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::delivery::Held;
use crate::ids::{JobId, SimulationId, UserId};
use crate::job::{Kind, Label, NewJob, Priority, Start};

/// A slice is tried so often: the first try may meet a dying worker, the second an unlucky one.
const ATTEMPTS: u16 = 3;
/// One job of a simulation may take so long.
const TIMEOUT: Duration = Duration::from_secs(3600);

/// What the row of a simulation holds for the workers: the request as it was accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredRequest {
    /// As it was posted, with its order of names: results stand in it.
    pub request: Box<RawValue>,
    /// The content hash of the workbook that it names.
    pub workbook_hash: Option<String>,
}

/// What the payload of a [`Kind::Slice`] says: which trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SliceWork {
    /// The first.
    pub first_trial: u64,
    /// The one after the last.
    pub end_trial: u64,
}

/// What the payload of a [`Kind::Combine`] says: which jobs made the parts, in the order of their trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombineWork {
    /// The slices.
    pub slices: Vec<JobId>,
}

/// The jobs of one simulation, to be submitted together.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationJobs {
    /// The one whose end is the end of the simulation.
    pub root: JobId,
    /// All of them.
    pub jobs: Vec<NewJob>,
}

/// What the jobs of a simulation have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Which one.
    pub simulation: SimulationId,
    /// Whose it is.
    pub owner: UserId,
    /// Which workers may do it.
    pub label: Label,
    /// How urgent it is.
    pub priority: Priority,
    /// The caller's `traceparent`.
    pub trace_context: Option<String>,
}

impl SimulationJobs {
    /// One job for each of `slices`, which cover all trials in order, and one that merges them; or a single job where
    /// there is one slice.
    #[must_use]
    pub fn of(common: &Common, slices: &[Range<u64>]) -> SimulationJobs {
        if let [_] | [] = slices {
            let root = common.job(Kind::Simulate, Vec::new(), Start::Now);
            return SimulationJobs { root: root.id, jobs: vec![root] };
        }
        let mut jobs: Vec<NewJob> = slices.iter().map(|trials| common.slice(trials)).collect();
        let work = CombineWork { slices: jobs.iter().map(|job| job.id).collect() };
        let root = common.job(Kind::Combine, json(&work), Start::AfterChildren(jobs.len() as u32));
        jobs.iter_mut().for_each(|slice| slice.parent = Some(root.id));
        jobs.insert(0, root);
        SimulationJobs { root: jobs[0].id, jobs }
    }
}

impl Common {
    fn slice(&self, trials: &Range<u64>) -> NewJob {
        let work = SliceWork { first_trial: trials.start, end_trial: trials.end };
        self.job(Kind::Slice, json(&work), Start::Now)
    }

    fn job(&self, kind: Kind, payload: Vec<u8>, start: Start) -> NewJob {
        NewJob {
            id: JobId::new(),
            kind,
            label: self.label,
            priority: self.priority,
            owner: Some(self.owner),
            simulation: Some(self.simulation),
            parent: None,
            payload,
            start,
            max_attempts: ATTEMPTS,
            timeout: TIMEOUT,
            idempotency_key: None,
            trace_context: self.trace_context.clone(),
        }
    }
}

/// Where the bytes of an uploaded workbook are.
#[must_use]
pub fn workbook_key(hash: &str) -> String {
    format!("workbooks/{hash}")
}

/// Where the part of a slice is, until its simulation is over.
#[must_use]
pub fn part_key(simulation: SimulationId, held: Held) -> String {
    format!("slices/{simulation}/{}-{}", held.job, held.epoch)
}

/// Where a result is that is too large for its row.
#[must_use]
pub fn result_key(simulation: SimulationId, held: Held) -> String {
    format!("results/{simulation}/{}-{}.json", held.job, held.epoch)
}

/// Where the samples of a simulation are.
#[must_use]
pub fn samples_key(simulation: SimulationId, held: Held) -> String {
    format!("samples/{simulation}/{}-{}.parquet", held.job, held.epoch)
}

fn json(work: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(work).expect("numbers and ids always have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common() -> Common {
        Common {
            simulation: SimulationId::new(),
            owner: UserId::new(),
            label: Label::Cpu,
            priority: Priority::Normal,
            trace_context: None,
        }
    }

    #[test]
    fn a_small_simulation_is_one_job() {
        let SimulationJobs { root, jobs } = SimulationJobs::of(&common(), std::slice::from_ref(&(0..10_000)));
        assert_eq!((jobs.len(), jobs[0].id, jobs[0].kind), (1, root, Kind::Simulate));
    }

    #[test]
    fn slices_have_one_parent_that_waits_for_all_and_knows_their_order() {
        let SimulationJobs { root, jobs } = SimulationJobs::of(&common(), &[0..65_536, 65_536..100_000]);
        assert_eq!((jobs[0].id, jobs[0].kind, jobs[0].start), (root, Kind::Combine, Start::AfterChildren(2)));
        assert!(jobs[1..].iter().all(|slice| slice.parent == Some(root) && slice.start == Start::Now));
        let work: CombineWork = serde_json::from_slice(&jobs[0].payload).unwrap();
        assert_eq!(work.slices, [jobs[1].id, jobs[2].id]);
        let second: SliceWork = serde_json::from_slice(&jobs[2].payload).unwrap();
        assert_eq!(second, SliceWork { first_trial: 65_536, end_trial: 100_000 });
    }
}
