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

/// What a slice costs beside its trials: a job is claimed and settled, its part stored and merged, and the first numbers
/// of its outputs are gathered before any can be counted. Measured: docs/benchmarks.md.
const SECONDS_PER_SLICE: f64 = 14e-3;
/// By how much of a slice the last worker is expected to be behind the others.
const UNEVENNESS: f64 = 0.25;
/// A slice takes about so long at most: it is what is lost with a worker.
const LONGEST_SECONDS: f64 = 1.5;
/// All trials that are ranked lie in the first.
const SHORTEST: u64 = if RANKED > BLOCK as u64 { RANKED } else { BLOCK as u64 };
/// The most slices of a run.
const MOST_SLICES: u64 = 4096;
/// Where every trial is kept, the part of a slice has at most so many values, 64 MiB of them, unless as many trials as
/// it has at least have more: it has to be sent.
const MOST_VALUES: u64 = 1 << 23;

/// The trials of each slice of a run of `plan`, in order, to be done by so many workers of one thread each: as long as
/// one another but for a block, and at least 65,536, so that all trials that are ranked lie in the first. Where there
/// may be several, some trials are timed. Any other cut into whole blocks gives the same results.
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
    let count = count(plan, run, sampling, crew);
    let (block, blocks) = (BLOCK as u64, u128::from(run.trials.div_ceil(BLOCK as u64)));
    let start = |slice: u64| {
        let first = u128::from(slice) * blocks / u128::from(count) * u128::from(block);
        first.min(u128::from(run.trials)) as u64
    };
    (0..count).map(|slice| start(slice)..start(slice + 1)).collect()
}

/// The number of slices with which the run is expected to be over soonest, and the least of several such.
fn count(plan: &Plan, run: &Run, sampling: Sampling, crew: Crew) -> u64 {
    let most = (run.trials / SHORTEST).clamp(1, MOST_SLICES);
    let is_tallied = Kept::new(run, plan, sampling).tallied;
    let sent = if is_tallied { u64::MAX } else { MOST_VALUES / run.kept_columns(plan).max(1) };
    let bearable = (LONGEST_SECONDS / crew.seconds_per_trial) as u64;
    // Some slices are a block longer than others.
    let longest = sent.min(bearable).saturating_sub(BLOCK as u64).max(1);
    let fewest = run.trials.div_ceil(longest).clamp(1, most);
    let expected = |count: &u64| crew.expected_seconds(run.trials, *count);
    (fewest..=most).min_by(|a, b| expected(a).total_cmp(&expected(b))).unwrap_or(most)
}

impl Crew {
    /// How long a run takes in so many slices: as long as the worker takes that has the most of them, who ends somewhat
    /// later than that, and the merging.
    fn expected_seconds(self, trials: u64, count: u64) -> f64 {
        let slice = self.seconds_per_trial * trials as f64 / count as f64;
        let busy = count.div_ceil(self.workers) as f64 * (slice + SECONDS_PER_SLICE);
        if count == 1 { busy } else { busy + UNEVENNESS * slice + SECONDS_PER_SLICE }
    }
}

#[cfg(test)]
mod tests {
    use super::super::slice::is_slice;
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
        for seconds_per_trial in [6e-9, 50e-9, 1.6e-6] {
            let mut busy = [0, 0];
            for length in lengths(seconds_per_trial, &Run { keep: Keep::Nothing, ..run(10_000_000) }, 2) {
                *busy.iter_mut().min().unwrap() += length;
            }
            let longest = *busy.iter().max().unwrap();
            assert!(longest as f64 <= 1.01 * 5e6, "{seconds_per_trial}: {busy:?}");
        }
    }

    #[test]
    fn parts_stay_small_enough_to_be_sent() {
        let longest_of = |run: &Run| {
            let slices = cut(&plan(50), run, Sampling::Random, Crew { workers: 1, seconds_per_trial: 1e-9 });
            slices.into_iter().map(|slice| slice.end - slice.start).max().unwrap()
        };
        let longest = MOST_VALUES / 50;
        let found = longest_of(&run(5_000_000));
        assert!(found <= longest && found > longest * 9 / 10, "{found} of {longest}");
        assert_eq!(longest_of(&Run { keep: Keep::Nothing, ..run(5_000_000) }), 5_000_000);
    }

    proptest! {
        #[test]
        fn any_run_is_cut_into_slices_without_gap_or_overlap(
            seconds_per_trial in prop_oneof![Just(0.0), 1e-9..1e-7f64, 1e-6..1e-3f64],
            outputs in 1u32..2000,
            trials in prop_oneof![1u64..1_000_000, 1u64..1_000_000_000, 1u64..=u64::MAX],
            workers in prop_oneof![1u64..10, 1u64..u64::MAX],
        ) {
            let crew = Crew { workers, seconds_per_trial };
            let found = cut(&plan(outputs), &run(trials), Sampling::Random, crew);
            prop_assert!((1..=MOST_SLICES).contains(&(found.len() as u64)));
            prop_assert!(found.iter().all(|slice| is_slice(slice, trials)));
            prop_assert!(found[0].end >= trials.min(RANKED));
            prop_assert_eq!((found[0].start, found[found.len() - 1].end), (0, trials));
            prop_assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
