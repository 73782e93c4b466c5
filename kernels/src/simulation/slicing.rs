//! Into which slices a run is cut.

use super::Run;
use crate::statistics::moments::BLOCK;
use crate::statistics::rank::RANKED;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// What an instruction costs a trial on one thread.
const SECONDS_PER_INSTRUCTION: f64 = 0.15e-9;
/// What a column costs a trial beside its instructions: a draw or a value to be kept, and statistics.
const SECONDS_PER_COLUMN: f64 = 5e-9;
/// A slice takes about so long at most: what is lost with a worker, and how evenly workers end.
const LONGEST_SECONDS: f64 = 1.5;
/// A slice that takes less is not worth a job of its own.
const SHORTEST_SECONDS: f64 = 0.25;
/// So many slices for each worker, if they are worth it.
const SLICES_PER_WORKER: u64 = 4;
/// The most slices of a run.
const MOST_SLICES: u64 = 4096;
/// The part of a slice keeps at most so many values, 64 MiB of them: it has to be sent.
const MOST_VALUES: u64 = 1 << 23;

/// The trials of each slice of a run of `plan`, in order, to be done by so many workers of one thread each: equally
/// long but for the last, a power of two and at least 65,536, so that all trials that are ranked lie in the first.
/// Any other cut into aligned slices gives the same results.
pub fn slices(plan: &Plan, run: &Run, workers: usize) -> Vec<Range<u64>> {
    let length = length(plan, run, workers as u64);
    let end = |first: u64| (first + length).min(run.trials);
    (0..run.trials.div_ceil(length)).map(|slice| slice * length..end(slice * length)).collect()
}

fn length(plan: &Plan, run: &Run, workers: u64) -> u64 {
    let seconds = seconds_per_trial(plan);
    let worthwhile = (SHORTEST_SECONDS / seconds) as u64 + 1;
    let shared = run.trials / workers.max(1).saturating_mul(SLICES_PER_WORKER);
    let wanted = shared.max(worthwhile).min((LONGEST_SECONDS / seconds) as u64);
    let sent = MOST_VALUES / run.kept_columns(plan).max(1);
    let few_enough = run.trials.div_ceil(MOST_SLICES).next_power_of_two();
    power_of_two_within(wanted.min(sent)).max(few_enough).max(RANKED).max(BLOCK as u64)
}

fn seconds_per_trial(plan: &Plan) -> f64 {
    let instructions = (plan.instructions.len() + plan.arguments.len()) as f64;
    SECONDS_PER_INSTRUCTION * instructions + SECONDS_PER_COLUMN * plan.columns().max(1) as f64
}

fn power_of_two_within(bound: u64) -> u64 {
    bound.checked_ilog2().map_or(1, |exponent| 1 << exponent)
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

    #[test]
    fn little_work_is_one_slice() {
        assert_eq!(slices(&plan(10, 1), &run(1_000_000), 100).len(), 1);
        assert_eq!(slices(&plan(100_000, 1), &run(65_536), 100).len(), 1);
        assert_eq!(slices(&plan(0, 0), &run(1), 0), [Range { start: 0, end: 1 }]);
    }

    #[test]
    fn much_work_is_several_slices_a_worker() {
        // 15 ms a thousand trials: 100 s in all.
        let found = slices(&plan(100_000, 1), &run(6_666_667), 8);
        assert!((8 * 4..8 * 16).contains(&found.len()), "{}", found.len());
        // 1.5 s hold as many trials of a small plan.
        let alone = slices(&plan(1000, 1), &run(1 << 27), 1);
        assert_eq!(alone[0], 0..1 << 23);
    }

    #[test]
    fn parts_stay_small_enough_to_be_sent() {
        let many_outputs = plan(10, 50);
        assert_eq!(slices(&many_outputs, &run(5_000_000), 1)[0], 0..1 << 17);
    }

    proptest! {
        #[test]
        fn any_run_is_cut_into_slices_without_gap_or_overlap(
            instructions in prop_oneof![0usize..100, 10_000usize..200_000],
            outputs in 1u32..2000,
            trials in prop_oneof![1u64..1_000_000, 1u64..1_000_000_000],
            workers in prop_oneof![0usize..10, any::<usize>()],
        ) {
            let found = slices(&plan(instructions, outputs), &run(trials), workers);
            prop_assert!((1..=MOST_SLICES).contains(&(found.len() as u64)));
            prop_assert!(found.iter().all(|slice| level(slice, trials).is_some()));
            prop_assert!(found[0].end >= trials.min(RANKED));
            prop_assert_eq!((found[0].start, found[found.len() - 1].end), (0, trials));
            prop_assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
