//! The threads of a run, and where they run.
//!
//! In its first milliseconds a run has short phases, between which threads sleep. A guest of a hypervisor takes a
//! processor on which nothing runs for one that is not to be had, and wakes the thread where its waker runs: both take
//! turns on one processor until the system looks again, milliseconds later. So where a run has a thread for every
//! processor, each stays on its own. Where it has fewer, the system knows better which are free. Nor do threads stay that
//! wait for another device: what its driver begins on them would stay with them.

use super::NoThreads;
use crate::engine::Engine;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// So many, at least one, for an engine.
pub(super) fn threads<E: Engine>(threads: usize, engine: &E) -> Result<ThreadPool, NoThreads> {
    let threads = threads.max(1);
    let processors = affinity::processors();
    let has_one_each = threads > 1 && processors.len() == threads && !engine.computes_elsewhere();
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("trials-{number}"))
        .start_handler(move |number| {
            if has_one_each {
                affinity::stay_on(processors[number]);
            }
        })
        .build()
        .map_err(|error| NoThreads { threads, reason: error.to_string() })
}

#[cfg(target_os = "linux")]
mod affinity {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// Those that the calling thread may run on; none where that cannot be said.
    pub fn processors() -> Vec<usize> {
        let may_run_on = sched_getaffinity(None).unwrap_or_default();
        (0..CpuSet::MAX_CPU).filter(|processor| may_run_on.is_set(*processor)).collect()
    }

    /// Has the calling thread run on one processor alone, if the system lets it.
    pub fn stay_on(processor: usize) {
        let mut alone = CpuSet::new();
        alone.set(processor);
        // It runs as well elsewhere, only maybe later.
        let _ = sched_setaffinity(None, &alone);
    }
}

#[cfg(not(target_os = "linux"))]
mod affinity {
    pub fn processors() -> Vec<usize> {
        Vec::new()
    }

    pub fn stay_on(_processor: usize) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::affinity::processors;
    use super::*;

    struct Nothing {
        elsewhere: bool,
    }

    impl Engine for Nothing {
        type Scratch = ();

        fn computes_elsewhere(&self) -> bool {
            self.elsewhere
        }

        fn scratch(&self) {}

        fn evaluate(&self, (): &mut (), _first_trial: u64, _columns: &mut [&mut [f64]]) {}
    }

    /// The processors that each of so many threads may run on.
    fn processors_of(count: usize, elsewhere: bool) -> Vec<Vec<usize>> {
        threads(count, &Nothing { elsewhere }).expect("few threads begin").broadcast(|_| processors())
    }

    #[test]
    fn as_many_threads_as_processors_have_one_each() {
        let all = processors();
        assert_eq!(processors_of(all.len(), false).concat(), all);
    }

    #[test]
    fn others_run_where_they_can() {
        let all = processors();
        for (count, elsewhere) in [(1, false), (all.len() + 1, false), (all.len(), true)] {
            assert_eq!(processors_of(count, elsewhere), vec![all.clone(); count]);
        }
    }
}
