//! Into which slices a run is cut.

use super::Run;
use super::kept::Kept;
use super::pilot::seconds_per_trial;
use crate::engine::Engine;
use crate::random::Sampling;
use crate::statistics::moments::BLOCK;
use crate::statistics::rank::RANKED;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// What a slice costs beside its trials: a job is claimed and settled, and its part stored.
const SECONDS_PER_SLICE: f64 = 4e-3;
/// By how much of a slice the last worker is expected to be behind the others.
const UNEVENNESS: f64 = 0.25;
/// A slice takes about so long at most: it is what is lost with a worker.
const LONGEST_SECONDS: f64 = 1.5;
/// All trials that are ranked lie in the first.
const SHORTEST: u64 = if RANKED > BLOCK as u64 { RANKED } else { BLOCK as u64 };
/// The most slices of a run.
const MOST_SLICES: u64 = 4096;
/// Where every trial is kept, the part of a slice has at most so many values, 64 MiB of them: it has to be sent.
const MOST_VALUES: u64 = 1 << 23;

/// The trials of each slice of a run of `plan`, in order, to be done by so many workers of one thread each: equally
/// long but for the last, a power of two and at least 65,536, so that all trials that are ranked lie in the first.
/// Where there may be several, some trials are timed. Any other cut into aligned slices gives the same results.
pub fn slices<E: Engine>(engine: &E, plan: &Plan, run: &Run, workers: usize) -> Vec<Range<u64>> {
    let seconds = if run.trials > SHORTEST { seconds_per_trial(engine, plan) } else { 0.0 };
    let crew = Crew { workers: workers.max(1) as u64, seconds_per_trial: seconds };
    cut(plan, run, engine.sampling(), crew)
}

/// Equal workers of one thread each.
#[derive(Debug, Clone, Copy)]
struct Crew {
    workers: u64,
    seconds_per_trial: f64,
}

fn cut(plan: &Plan, run: &Run, sampling: Sampling, crew: Crew) -> Vec<Range<u64>> {
    let length = length(plan, run, sampling, crew);
    let end = |first: u64| (first + length).min(run.trials);
    (0..run.trials.div_ceil(length)).map(|slice| slice * length..end(slice * length)).collect()
}

/// The length with which the run is expected to be over soonest, and the longest of several such.
fn length(plan: &Plan, run: &Run, sampling: Sampling, crew: Crew) -> u64 {
    let is_tallied = Kept::new(run, plan, sampling).tallied;
    let sent = if is_tallied { u64::MAX } else { MOST_VALUES / run.kept_columns(plan).max(1) };
    let bearable = (LONGEST_SECONDS / crew.seconds_per_trial) as u64;
    let few_enough = run.trials.div_ceil(MOST_SLICES).next_power_of_two();
    let shortest = few_enough.max(SHORTEST);
    let longest = sent.min(bearable).min(run.trials.saturating_mul(2)).max(shortest);
    let lengths = (shortest.ilog2()..=longest.ilog2()).rev().map(|exponent| 1 << exponent);
    let expected = |length: &u64| crew.expected_seconds(run.trials, *length);
    lengths.min_by(|a, b| expected(a).total_cmp(&expected(b))).unwrap_or(shortest)
}

impl Crew {
    /// How long a run takes whose slices are shared out: as long as the worker takes that has the most to do, who
    /// ends somewhat later than that, and the merging.
    fn expected_seconds(self, trials: u64, length: u64) -> f64 {
        let (whole, rest) = (trials / length, trials % length);
        let (slices, most_trials) = match (whole % self.workers, whole / self.workers) {
            (0, each) => (each + u64::from(rest > 0), (each * length + rest) as f64),
            (_, each) => (each + 1, (each + 1) as f64 * length as f64),
        };
        let busy = most_trials * self.seconds_per_trial + slices as f64 * SECONDS_PER_SLICE;
        if trials <= length {
            return busy;
        }
        busy + UNEVENNESS * length as f64 * self.seconds_per_trial + SECONDS_PER_SLICE
    }
}

#[cfg(test)]
mod tests {
    use super::super::slice::level;
    use super::*;
    use crate::simulation::{Keep, MAX_VALUES};
    use proptest::prelude::*;

    fn plan(outputs: u32) -> Plan {
        Plan { outputs, ..Plan::default() }
    }

    fn run(trials: u64) -> Run {
        Run { trials, threads: 1, keep: Keep::Outputs, max_values: MAX_VALUES }
    }

    fn lengths(seconds_per_trial: f64, run: &Run, workers: u64) -> Vec<u64> {
        let found = cut(&plan(1), run, Sampling::Random, Crew { workers, seconds_per_trial });
        found.iter().map(|slice| slice.end - slice.start).collect()
    }

    #[test]
    fn little_work_is_one_slice() {
        assert_eq!(lengths(4e-9, &run(1_000_000), 100), [1_000_000]);
        assert_eq!(lengths(1e-3, &run(65_536), 100), [65_536]);
        assert_eq!(lengths(0.0, &run(1), 1), [1]);
    }

    #[test]
    fn much_work_is_several_slices_a_worker() {
        let found = lengths(15e-6, &run(6_666_667), 8).len();
        assert!((8 * 4..8 * 16).contains(&found), "{found}");
    }

    #[test]
    fn no_slice_is_so_long_that_much_is_lost_with_it() {
        let found = lengths(1e-7, &run(1 << 27), 1);
        assert!(found[0] as f64 * 1e-7 <= LONGEST_SECONDS && found.len() < 200, "{} slices", found.len());
    }

    #[test]
    fn two_workers_get_about_the_same() {
        for (seconds_per_trial, bound) in [(6e-9, 1.2), (50e-9, 1.1), (1.6e-6, 1.05)] {
            let mut busy = [0, 0];
            for length in lengths(seconds_per_trial, &Run { keep: Keep::Nothing, ..run(10_000_000) }, 2) {
                *busy.iter_mut().min().unwrap() += length;
            }
            let longest = *busy.iter().max().unwrap();
            assert!(longest as f64 <= bound * 5e6, "{seconds_per_trial}: {busy:?}");
        }
    }

    #[test]
    fn parts_stay_small_enough_to_be_sent() {
        let first = |run: &Run| {
            cut(&plan(50), run, Sampling::Random, Crew { workers: 1, seconds_per_trial: 1e-9 })[0].clone()
        };
        assert_eq!(first(&run(5_000_000)), 0..1 << 17);
        assert_eq!(first(&Run { keep: Keep::Nothing, ..run(5_000_000) }), 0..5_000_000);
    }

    proptest! {
        #[test]
        fn any_run_is_cut_into_slices_without_gap_or_overlap(
            seconds_per_trial in prop_oneof![Just(0.0), 1e-9..1e-7f64, 1e-6..1e-3f64],
            outputs in 1u32..2000,
            trials in prop_oneof![1u64..1_000_000, 1u64..1_000_000_000],
            workers in prop_oneof![1u64..10, 1u64..u64::MAX],
        ) {
            let crew = Crew { workers, seconds_per_trial };
            let found = cut(&plan(outputs), &run(trials), Sampling::Random, crew);
            prop_assert!((1..=MOST_SLICES).contains(&(found.len() as u64)));
            prop_assert!(found.iter().all(|slice| level(slice, trials).is_some()));
            prop_assert!(found[0].end >= trials.min(RANKED));
            prop_assert_eq!((found[0].start, found[found.len() - 1].end), (0, trials));
            prop_assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
