//! Runs in slices against runs at once: the same results to the bit.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{
    CombineError, Keep, MAX_VALUES, Observer, Origin, Results, Run, Slice, SliceError, SlicePart, Unobserved,
    combine, simulate, simulate_slice, slices,
};
use fermiac_kernels::statistics::moments::BLOCK;
use fermiac_model::distribution::{Distribution, identity_hash};
use fermiac_model::plan::{Draw, Instruction, Opcode, Plan};
use fermiac_model::value::ErrorKind;
use proptest::prelude::*;

/// Two normal inputs a and b; outputs a * b, and the root of a + b, which is an error in one trial of six.
fn plan() -> Plan {
    let draw = |identity: &str| Draw {
        identity: identity.to_owned(),
        stream: identity_hash(identity),
        distribution: Distribution::parse("normal(1, 1.5)").unwrap(),
    };
    let instruction = |opcode, destination, a, b| Instruction { opcode, destination, a, b, c: 0 };
    Plan {
        draws: vec![draw("a"), draw("b")],
        outputs: 2,
        slots: 4,
        instructions: vec![
            instruction(Opcode::Draw, 0, 0, 0),
            instruction(Opcode::Draw, 1, 1, 0),
            instruction(Opcode::Multiply, 2, 0, 1),
            instruction(Opcode::Store, 2, 2, 0),
            instruction(Opcode::Add, 3, 0, 1),
            instruction(Opcode::SquareRoot, 2, 3, 0),
            instruction(Opcode::Store, 3, 2, 0),
        ],
        ..Plan::default()
    }
}

fn run(trials: u64) -> Run {
    Run { trials, threads: 2, keep: Keep::Nothing, max_values: MAX_VALUES }
}

/// Each slice on its own, through bytes, and their combine.
fn in_slices(sampling: Sampling, run: &Run, slices: &[Range<u64>]) -> Result<Results, CombineError> {
    let plan = plan();
    let parts = slices.iter().map(|trials| {
        let engine = CpuEngine::with_sampling(&plan, 7, sampling).unwrap();
        let slice = Slice { run, trials: trials.clone() };
        let origin = Origin::of(&plan, run, (7, sampling)).unwrap();
        let bytes = simulate_slice(&engine, &plan, &slice, &Unobserved).unwrap().to_bytes(origin);
        SlicePart::from_bytes(&bytes, origin).map_err(CombineError::from)
    });
    combine(&CpuEngine::with_sampling(&plan, 7, sampling).unwrap(), &plan, run, parts)
}

fn at_once(sampling: Sampling, run: &Run) -> Results {
    simulate(&CpuEngine::with_sampling(&plan(), 7, sampling).unwrap(), &plan(), run, &Unobserved).unwrap()
}

/// Packed errors are NaNs, which are equal only as bits.
fn bits(samples: &[Vec<f64>]) -> Vec<Vec<u64>> {
    samples.iter().map(|column| column.iter().map(|value| value.to_bits()).collect()).collect()
}

/// Debug shows a number by the shortest text that reads back to the same bits.
fn assert_same(left: &Results, right: &Results) {
    assert_eq!(bits(&left.samples.inputs), bits(&right.samples.inputs));
    assert_eq!(bits(&left.samples.outputs), bits(&right.samples.outputs));
    let statistics = |results: &Results| format!("{:?} {:?}", results.inputs, results.outputs);
    assert_eq!(statistics(left), statistics(right));
    assert_eq!((left.trials, left.stopped), (right.trials, right.stopped));
}

/// Cuts the trials into slices of as many blocks as picked.
fn cut(trials: u64, picks: &[u64]) -> Vec<Range<u64>> {
    let (mut first, mut cut) = (0, Vec::new());
    for pick in picks.iter().cycle() {
        if first >= trials {
            break;
        }
        let end = (first + pick * BLOCK as u64).min(trials);
        cut.push(first..end);
        first = end;
    }
    cut
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_slices_give_the_results_of_one_run(
        trials in prop_oneof![1u64..5000, 60_000u64..400_000],
        picks in prop::collection::vec(1u64..40, 1..8),
        sampling in 0..3,
        keep in prop_oneof![
            Just(Keep::Nothing),
            Just(Keep::FirstOutputs),
            Just(Keep::Outputs),
            Just(Keep::Everything)
        ],
    ) {
        let sampling = match sampling {
            0 => Sampling::Random,
            1 => Sampling::LatinHypercube { trials },
            _ => Sampling::Sobol,
        };
        let run = Run { keep, ..run(trials) };
        let one = at_once(sampling, &run);
        prop_assert!(trials < 100 || one.outputs[1].errors.get(ErrorKind::Num) > 0);
        assert_same(&one, &in_slices(sampling, &run, &cut(trials, &picks)).unwrap());
    }
}

#[test]
fn tallied_slices_give_the_results_of_one_run() {
    // The first slice holds all trials that are ranked, or not.
    for (keep, picks) in
        [(Keep::Nothing, [2]), (Keep::Nothing, [37]), (Keep::FirstOutputs, [2]), (Keep::FirstOutputs, [37])]
    {
        let run = Run { keep, ..run(300_000) };
        let found = in_slices(Sampling::Random, &run, &cut(run.trials, &picks)).unwrap();
        assert_same(&at_once(Sampling::Random, &run), &found);
    }
}

#[test]
fn planned_slices_give_the_results_of_one_run() {
    let run = run(300_000);
    let heavy = Plan { instructions: plan().instructions.repeat(5000), ..plan() };
    let slices = slices(&CpuEngine::new(&heavy, 7).unwrap(), &heavy, &run, 2);
    assert!(slices.len() > 1, "{slices:?}");
    let found = in_slices(Sampling::Random, &run, &slices).unwrap();
    assert_same(&at_once(Sampling::Random, &run), &found);
}

#[test]
fn a_part_is_sent_without_the_trials_that_it_has_ranked() {
    let run = run(1_000_000);
    let engine = CpuEngine::new(&plan(), 7).unwrap();
    let origin = Origin::of(&plan(), &run, (7, Sampling::Random)).unwrap();
    let bytes = |trials| {
        let slice = Slice { run: &run, trials };
        simulate_slice(&engine, &plan(), &slice, &Unobserved).unwrap().to_bytes(origin).len()
    };
    let (first, second) = (bytes(0..500_000 / 4096 * 4096), bytes(500_000 / 4096 * 4096..1_000_000));
    assert!(first < second * 5 / 4, "{first} and {second} bytes");
    // Too short to rank them, one has to send them.
    assert!(bytes(0..8192) >= 4 * 8192 * size_of::<f64>());
}

#[test]
fn parts_that_do_not_make_the_run_are_refused() {
    let refused = |run: &Run, slices: &[Range<u64>]| in_slices(Sampling::Random, run, slices).unwrap_err();
    let run = run(200_000);
    assert_eq!(
        refused(&run, &cut(200_000, &[16])[..3]),
        CombineError::Missing { done: 196_608, trials: 200_000 }
    );
    let mut gap = cut(200_000, &[16]);
    gap.remove(1);
    let out_of_order = CombineError::OutOfOrder { expected: 65_536, first: 131_072, end: 196_608 };
    assert_eq!(refused(&run, &gap), out_of_order);
    let twice = [0..65_536, 0..65_536];
    assert!(matches!(refused(&run, &twice), CombineError::OutOfOrder { expected: 65_536, first: 0, .. }));
}

#[test]
fn a_part_of_another_run_is_refused() {
    let engine = CpuEngine::new(&plan(), 7).unwrap();
    let kept = Run { keep: Keep::Everything, ..run(200_000) };
    let part = || simulate_slice(&engine, &plan(), &Slice { run: &kept, trials: 0..131_072 }, &Unobserved);
    let of = |plan: &Plan, run: &Run| {
        combine(&engine, plan, run, [Ok::<_, CombineError>(part().unwrap())]).unwrap_err()
    };
    assert_eq!(of(&plan(), &run(200_000)), CombineError::OtherRun { first: 0 });
    assert_eq!(of(&Plan { outputs: 1, ..plan() }, &kept), CombineError::OtherRun { first: 0 });
    let shorter = CombineError::OutOfOrder { expected: 0, first: 0, end: 131_072 };
    assert_eq!(of(&plan(), &run(100_000)), shorter);
}

#[test]
fn what_is_no_slice_is_refused() {
    let engine = CpuEngine::new(&plan(), 7).unwrap();
    for trials in [1..4097, 4096..12_287, 0..0, 0..5000, 8192..20_000] {
        let slice = Slice { run: &run(10_000), trials: trials.clone() };
        let refused = simulate_slice(&engine, &plan(), &slice, &Unobserved).unwrap_err();
        let Range { start: first, end } = trials;
        assert_eq!(refused, SliceError::NoSlice { first, end, trials: 10_000 });
    }
}

/// Cancels once more than 10,000 trials are done.
struct CancelAfter(AtomicU64);

impl Observer for CancelAfter {
    fn progress(&self, trials_done: u64) {
        self.0.fetch_max(trials_done, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 10_000
    }
}

#[test]
fn a_cancelled_slice_has_no_part() {
    let engine = CpuEngine::new(&plan(), 7).unwrap();
    let slice = Slice { run: &run(1_000_000), trials: 524_288..1_000_000 };
    let cancelled = simulate_slice(&engine, &plan(), &slice, &CancelAfter(AtomicU64::new(0)));
    assert_eq!(cancelled, Err(SliceError::Cancelled));
}
