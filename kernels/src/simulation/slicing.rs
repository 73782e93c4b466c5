//! Into which slices a run is cut.

use super::Run;
use super::kept::Kept;
use crate::random::Sampling;
use crate::statistics::moments::BLOCK;
use crate::statistics::rank::RANKED;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// What an instruction costs a trial on one thread.
const SECONDS_PER_INSTRUCTION: f64 = 0.15e-9;
/// What a column costs a trial beside its instructions: a draw, or a value, and its statistics.
const SECONDS_PER_COLUMN: f64 = 2.5e-9;
/// What a slice costs beside its trials: a job is claimed and settled, and its part stored.
const SECONDS_PER_SLICE: f64 = 4e-3;
/// By how much of a slice the last worker is expected to be behind the others.
const UNEVENNESS: f64 = 0.25;
/// A slice takes about so long at most: it is what is lost with a worker.
const LONGEST_SECONDS: f64 = 1.5;
/// The most slices of a run.
const MOST_SLICES: u64 = 4096;
/// Where every trial is kept, the part of a slice has at most so many values, 64 MiB of them: it has to be sent.
const MOST_VALUES: u64 = 1 << 23;

/// The trials of each slice of a run of `plan`, in order, to be done by so many workers of one thread each: equally
/// long but for the last, a power of two and at least 65,536, so that all trials that are ranked lie in the first.
/// Any other cut into aligned slices gives the same results.
pub fn slices(plan: &Plan, run: &Run, sampling: Sampling, workers: usize) -> Vec<Range<u64>> {
    let length = length(plan, run, sampling, workers.max(1) as u64);
    let end = |first: u64| (first + length).min(run.trials);
    (0..run.trials.div_ceil(length)).map(|slice| slice * length..end(slice * length)).collect()
}

/// The length with which the run is expected to be over soonest, and the longest of several such.
fn length(plan: &Plan, run: &Run, sampling: Sampling, workers: u64) -> u64 {
    let seconds = seconds_per_trial(plan);
    let is_tallied = Kept::new(run, plan, sampling).tallied;
    let sent = if is_tallied { u64::MAX } else { MOST_VALUES / run.kept_columns(plan).max(1) };
    let few_enough = run.trials.div_ceil(MOST_SLICES).next_power_of_two();
    let shortest = few_enough.max(RANKED).max(BLOCK as u64);
    let longest =
        sent.min((LONGEST_SECONDS / seconds) as u64).min(run.trials.saturating_mul(2)).max(shortest);
    let lengths = (shortest.ilog2()..=longest.ilog2()).rev().map(|exponent| 1 << exponent);
    let expected = |length: &u64| expected_seconds(run.trials, *length, workers, seconds);
    lengths.min_by(|a, b| expected(a).total_cmp(&expected(b))).unwrap_or(shortest)
}

/// How long a run takes whose slices are shared out among equal workers: that of the one which has the most to do,
/// who ends somewhat later than that, and of merging.
fn expected_seconds(trials: u64, length: u64, workers: u64, seconds_per_trial: f64) -> f64 {
    let (whole, rest) = (trials / length, trials % length);
    let (slices, most_trials) = match (whole % workers, whole / workers) {
        (0, each) => (each + u64::from(rest > 0), (each * length + rest) as f64),
        (_, each) => (each + 1, (each + 1) as f64 * length as f64),
    };
    let busy = most_trials * seconds_per_trial + slices as f64 * SECONDS_PER_SLICE;
    let is_cut = trials > length;
    if is_cut { busy + UNEVENNESS * length as f64 * seconds_per_trial + SECONDS_PER_SLICE } else { busy }
}

fn seconds_per_trial(plan: &Plan) -> f64 {
    let instructions = (plan.instructions.len() + plan.arguments.len()) as f64;
    SECONDS_PER_INSTRUCTION * instructions + SECONDS_PER_COLUMN * plan.columns().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::slice::level;
    use super::*;
    use crate::simulation::{Keep, MAX_VALUES};
    use fermiac_model::plan::{Instruction, Opcode};
    use proptest::prelude::*;

    fn plan(instructions: usize, outputs: u32) -> Plan {
        let instruction = Instruction { opcode: Opcode::Add, destination: 0, a: 0, b: 0, c: 0 };
        Plan { instructions: vec![instruction; instructions], outputs, ..Plan::default() }
    }

    fn run(trials: u64) -> Run {
        Run { trials, threads: 1, keep: Keep::Outputs, max_values: MAX_VALUES }
    }

    fn cut(plan: &Plan, run: &Run, workers: usize) -> Vec<Range<u64>> {
        slices(plan, run, Sampling::Random, workers)
    }

    #[test]
    fn little_work_is_one_slice() {
        assert_eq!(cut(&plan(10, 1), &run(1_000_000), 100).len(), 1);
        assert_eq!(cut(&plan(100_000, 1), &run(65_536), 100).len(), 1);
        assert_eq!(cut(&plan(0, 0), &run(1), 0), [Range { start: 0, end: 1 }]);
    }

    #[test]
    fn much_work_is_several_slices_a_worker() {
        // 15 ms a thousand trials: 100 s in all.
        let found = cut(&plan(100_000, 1), &run(6_666_667), 8);
        assert!((8 * 4..8 * 16).contains(&found.len()), "{}", found.len());
    }

    #[test]
    fn no_slice_is_so_long_that_much_is_lost_with_it() {
        // 0.15 s a million trials.
        let found = cut(&plan(1000, 1), &run(1 << 27), 1);
        let longest = (LONGEST_SECONDS / seconds_per_trial(&plan(1000, 1))) as u64;
        assert!(found[0].end <= longest && found[0].end > longest / 8, "{:?}", found[0]);
    }

    #[test]
    fn two_workers_get_about_the_same() {
        let run = Run { keep: Keep::Nothing, ..run(10_000_000) };
        let found = cut(&plan(100, 1), &run, 2);
        let mut busy = [0, 0];
        for slice in &found {
            *busy.iter_mut().min().unwrap() += slice.end - slice.start;
        }
        assert!(busy.iter().max().unwrap() * 10 <= run.trials / 2 * 11, "{found:?}");
    }

    #[test]
    fn parts_stay_small_enough_to_be_sent() {
        let many_outputs = plan(10, 50);
        assert!(cut(&many_outputs, &run(5_000_000), 1)[0].end <= 1 << 17);
        let tallied = Run { keep: Keep::Nothing, ..run(5_000_000) };
        assert!(cut(&many_outputs, &tallied, 1)[0].end > 1 << 17);
    }

    proptest! {
        #[test]
        fn any_run_is_cut_into_slices_without_gap_or_overlap(
            instructions in prop_oneof![0usize..100, 10_000usize..200_000],
            outputs in 1u32..2000,
            trials in prop_oneof![1u64..1_000_000, 1u64..1_000_000_000],
            workers in prop_oneof![0usize..10, any::<usize>()],
        ) {
            let found = cut(&plan(instructions, outputs), &run(trials), workers);
            prop_assert!((1..=MOST_SLICES).contains(&(found.len() as u64)));
            prop_assert!(found.iter().all(|slice| level(slice, trials).is_some()));
            prop_assert!(found[0].end >= trials.min(RANKED));
            prop_assert_eq!((found[0].start, found[found.len() - 1].end), (0, trials));
            prop_assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
