mod reducing;

use super::*;
use crate::statistics::moments::BLOCK;
use crate::statistics::rank::RANKED;
use crate::statistics::summary::PERCENTS;
use fermiac_model::distribution::{Distribution, Family};
use fermiac_model::plan::Draw;
use fermiac_model::value::{ErrorKind, Value};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Two inputs that are hashes of the trial, and two outputs: a sum, and a quotient that is an error at times.
struct Hashes;

fn uniform(trial: u64, input: u64) -> f64 {
    let mut bits = (trial * 2 + input).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn trial_of_hashes(trial: u64) -> [f64; 4] {
    let (a, b) = (uniform(trial, 0), uniform(trial, 1));
    let error = Value::Error(ErrorKind::Div0).pack();
    [a, b, 3.0 * a + b, if b < 0.01 { error } else { a / b }]
}

impl Engine for Hashes {
    type Scratch = u64;

    fn scratch(&self) -> u64 {
        0
    }

    fn evaluate(&self, calls: &mut u64, first_trial: u64, columns: &mut [&mut [f64]]) {
        *calls += 1;
        for place in 0..columns[0].len() {
            let values = trial_of_hashes(first_trial + place as u64);
            columns.iter_mut().zip(values).for_each(|(column, value)| column[place] = value);
        }
    }
}

fn plan() -> Plan {
    let distribution = Distribution {
        family: Family::Uniform { min: 0.0, max: 1.0 },
        truncate_min: None,
        truncate_max: None,
        shift: 0.0,
    };
    let draw =
        |name: &str| Draw { identity: name.to_string(), stream: 0, distribution: distribution.clone() };
    Plan { draws: vec![draw("a"), draw("b")], outputs: 2, ..Plan::default() }
}

fn run(trials: u64, threads: usize) -> Run {
    Run { trials, threads, keep: Keep::Outputs, max_values: MAX_VALUES }
}

fn simulated(run: &Run) -> Results {
    simulate(&Hashes, &plan(), run, &Unobserved).unwrap()
}

/// The same results to the bit: packed errors are NaNs, which are equal only as bits.
fn assert_same(left: &Results, right: &Results) {
    let bits = |samples: &[Vec<f64>]| -> Vec<Vec<u64>> {
        samples.iter().map(|column| column.iter().map(|value| value.to_bits()).collect()).collect()
    };
    assert_eq!(bits(&left.samples.outputs), bits(&right.samples.outputs));
    assert_eq!(
        format!("{:?} {:?}", left.inputs, left.outputs),
        format!("{:?} {:?}", right.inputs, right.outputs)
    );
    assert_eq!(left.trials, right.trials);
}

/// Cancels once so many trials are done.
struct CancelAfter {
    trials: u64,
    done: AtomicU64,
}

impl CancelAfter {
    fn new(trials: u64) -> CancelAfter {
        CancelAfter { trials, done: AtomicU64::new(0) }
    }
}

impl Observer for CancelAfter {
    fn progress(&self, trials_done: u64) {
        self.done.fetch_max(trials_done, Ordering::SeqCst);
    }

    fn cancelled(&self) -> bool {
        self.done.load(Ordering::SeqCst) >= self.trials
    }
}

#[test]
fn every_trial_is_evaluated_once_and_kept_in_place() {
    let results = simulated(&Run { keep: Keep::Everything, ..run(100_001, 2) });
    assert_eq!((results.trials, results.stopped), (100_001, Stopped::Trials));
    let columns: Vec<&Vec<f64>> = results.samples.inputs.iter().chain(&results.samples.outputs).collect();
    for trial in 0..100_001 {
        let expected = trial_of_hashes(trial as u64).map(f64::to_bits);
        let found: Vec<u64> = columns.iter().map(|column| column[trial].to_bits()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn statistics_are_those_of_the_samples() {
    let results = simulated(&run(100_000, 2));
    let (sum, quotient) = (&results.outputs[0], &results.outputs[1]);
    assert!(results.samples.inputs.is_empty());
    assert_eq!((results.inputs[0].count, sum.count), (100_000, 100_000));
    // Mean 2, variance (9 + 1) / 12, symmetric.
    assert!((sum.mean.unwrap() - 2.0).abs() < 4.0 * sum.mean_std_error.unwrap());
    assert!((sum.std_dev.unwrap() - (10f64 / 12.0).sqrt()).abs() < 8e-3);
    assert!(sum.skewness.unwrap().abs() < 0.04);
    assert!((results.inputs[1].mean.unwrap() - 0.5).abs() < 4e-3);
    let errors = quotient.errors.get(ErrorKind::Div0);
    assert_eq!(errors + quotient.count, 100_000);
    assert!((880..1120).contains(&errors));
    assert_eq!(sum.histogram.counts.iter().sum::<u64>(), 100_000);
    assert_eq!(sum.sensitivity.trials, 65_536);
    // Squared correlations are about 9 to 1; ranks bend this a little.
    let share = sum.sensitivity.inputs[0].contribution_to_variance.unwrap();
    assert!((share - 0.9).abs() < 0.02);
    assert!(quotient.sensitivity.inputs[1].rank_correlation.unwrap() < -0.5);
}

#[test]
fn a_single_trial_is_the_same_as_in_a_run() {
    let found = evaluate_trial(&Hashes, &plan(), 77).into_iter().map(f64::to_bits);
    assert!(found.eq(trial_of_hashes(77).map(f64::to_bits)));
}

#[test]
fn a_cancelled_run_reports_the_trials_before_the_first_gap() {
    for threads in [1, 2, 3] {
        let observer = CancelAfter::new(150_000);
        let results = simulate(&Hashes, &plan(), &run(10_000_000, threads), &observer).unwrap();
        assert_eq!(results.stopped, Stopped::Cancelled);
        assert!(results.trials < 500_000, "{} trials", results.trials);
        assert_same(&results, &simulated(&run(results.trials, 1)));
    }
}

#[test]
fn a_run_cancelled_before_it_began_has_no_numbers() {
    let results = simulate(&Hashes, &plan(), &run(1000, 2), &CancelAfter::new(0)).unwrap();
    assert_eq!((results.trials, results.stopped), (0, Stopped::Cancelled));
    assert_eq!((results.outputs[0].mean, results.outputs[0].count), (None, 0));
}

#[test]
fn progress_ends_at_the_number_of_trials() {
    let observer = CancelAfter::new(u64::MAX);
    simulate(&Hashes, &plan(), &run(12_345, 2), &observer).unwrap();
    assert_eq!(observer.done.into_inner(), 12_345);
}

#[test]
fn a_run_stops_at_the_first_look_that_is_precise_enough() {
    let until = Precision { output: 0, statistic: Statistic::Mean, half_width: HalfWidth::Relative(0.005) };
    let simulated_until = |precision: Precision, run: Run| {
        simulate_until(&Hashes, &plan(), &RunUntil { run, precision }, &Unobserved).unwrap()
    };
    let results = simulated_until(until, run(10_000_000, 2));
    // 1.96 * 0.9129 / sqrt(n) <= 0.01 from n = 32,015 on: at 8 blocks.
    assert_eq!((results.trials, results.stopped), (8 * BLOCK as u64, Stopped::Precision));
    assert_same(&results, &simulated(&run(results.trials, 1)));
    let never = Precision { half_width: HalfWidth::Absolute(0.0), ..until };
    assert_eq!(simulated_until(never, run(70_000, 2)).stopped, Stopped::Trials);
}

/// All but the samples.
fn statistics(results: &Results) -> String {
    format!("{} {:?} {:?}", results.trials, results.inputs, results.outputs)
}

#[test]
fn what_is_kept_changes_no_bit() {
    for trials in [262_144, 262_145, 401_234] {
        let kept = simulated(&run(trials, 1));
        for threads in [1, 2, 5] {
            let streamed = simulated(&Run { keep: Keep::Nothing, ..run(trials, threads) });
            assert_eq!(streamed.samples, Samples::default());
            assert_eq!(statistics(&streamed), statistics(&kept));
            let drawn = simulated(&Run { keep: Keep::FirstOutputs, ..run(trials, threads) });
            assert_eq!(statistics(&drawn), statistics(&kept));
            // Bits, since errors are packed as what equals nothing.
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            for (first, all) in drawn.samples.outputs.iter().zip(&kept.samples.outputs) {
                assert!(first.len() >= 10_000, "{}", first.len());
                assert_eq!(bits(first), bits(&all[..first.len()]));
            }
        }
    }
}

#[test]
fn a_cancelled_stream_reports_the_trials_before_the_first_gap() {
    for threads in [1, 2, 3] {
        for after in [10_000, 150_000, 400_000] {
            let all = Run { keep: Keep::Nothing, ..run(10_000_000, threads) };
            let results = simulate(&Hashes, &plan(), &all, &CancelAfter::new(after)).unwrap();
            assert_eq!(results.stopped, Stopped::Cancelled);
            assert!(results.trials < after + 300_000, "{} trials", results.trials);
            if results.trials == 0 {
                // Others were quicker than the thread that has the first unit.
                assert_eq!((threads > 1, results.outputs[0].count), (true, 0));
                continue;
            }
            let as_many = Run { keep: Keep::Nothing, ..run(results.trials, 1) };
            assert_eq!(statistics(&results), statistics(&simulated(&as_many)));
        }
    }
}

#[test]
fn a_run_may_be_cancelled_just_before_it_streams() {
    for (threads, keep) in [1, 2, 3].into_iter().flat_map(|t| [(t, Keep::Nothing), (t, Keep::FirstOutputs)]) {
        let all = Run { keep, ..run(10_000_000, threads) };
        let results = simulate(&Hashes, &plan(), &all, &CancelAfter::new(RANKED)).unwrap();
        assert_eq!((results.stopped, results.trials), (Stopped::Cancelled, RANKED));
        assert_eq!(statistics(&results), statistics(&simulated(&run(RANKED, 1))));
    }
}

#[test]
fn more_trials_than_may_be_kept_are_tallied() {
    let few = Run { keep: Keep::Nothing, max_values: 150_000, ..run(100_000, 2) };
    assert_eq!(statistics(&simulated(&few)), statistics(&simulated(&run(100_000, 1))));
    assert!(simulate(&Hashes, &plan(), &Run { keep: Keep::Outputs, ..few }, &Unobserved).is_err());
    assert!(simulate(&Hashes, &plan(), &Run { max_values: 50_000, ..few }, &Unobserved).is_err());
}

/// As [`Hashes`], but its first block comes last, and then only if it does not panic.
struct Slow {
    others: AtomicU64,
    panics: bool,
}

impl Engine for Slow {
    type Scratch = u64;

    fn scratch(&self) -> u64 {
        0
    }

    fn evaluate(&self, calls: &mut u64, first_trial: u64, columns: &mut [&mut [f64]]) {
        Hashes.evaluate(calls, first_trial, columns);
        let block = first_trial / BLOCK as u64;
        // The first block that is streamed, once the other threads have filled the line behind it.
        if block == RANKED / BLOCK as u64 {
            while self.others.load(Ordering::SeqCst) < 100 {
                std::thread::yield_now();
            }
            assert!(!self.panics, "this engine was told to");
        }
        self.others.fetch_add(u64::from(block > RANKED / BLOCK as u64), Ordering::SeqCst);
    }
}

#[test]
fn a_thread_that_falls_behind_is_waited_for() {
    let run = Run { keep: Keep::Nothing, ..run(1_500_000, 3) };
    let slow = |panics| Slow { others: AtomicU64::new(0), panics };
    let results = simulate(&slow(false), &plan(), &run, &Unobserved).unwrap();
    assert_eq!(statistics(&results), statistics(&simulated(&Run { threads: 1, ..run })));
    let panicking = || simulate(&slow(true), &plan(), &run, &Unobserved);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).is_err());
}

/// One output, the number of the trial: the percentiles move away from wherever they were.
struct Rising;

impl Engine for Rising {
    type Scratch = ();

    fn scratch(&self) {}

    fn evaluate(&self, (): &mut (), first_trial: u64, columns: &mut [&mut [f64]]) {
        columns[0].iter_mut().zip(first_trial..).for_each(|(value, trial)| *value = trial as f64);
    }
}

#[test]
fn percentiles_that_the_tallies_missed_are_read_again() {
    let plan = Plan { outputs: 1, ..Plan::default() };
    for threads in [1, 3] {
        let run = Run { keep: Keep::Nothing, ..run(1_000_001, threads) };
        let results = simulate(&Rising, &plan, &run, &Unobserved).unwrap();
        let expected: Vec<(f64, f64)> = PERCENTS.iter().map(|percent| (*percent, percent * 1e4)).collect();
        assert_eq!(results.outputs[0].percentiles, expected);
    }
}

#[test]
fn what_cannot_run_is_refused_with_the_reason() {
    let refused = |run: &Run| simulate(&Hashes, &plan(), run, &Unobserved).unwrap_err();
    assert_eq!(refused(&run(0, 1)), SimulateError::NoTrials);
    let error = refused(&Run { max_values: 1000, ..run(501, 1) });
    assert!(error.to_string().contains("at most 500 trials fit"), "{error}");
    let error = refused(&Run { max_values: 1000, keep: Keep::Everything, ..run(251, 1) });
    assert!(error.to_string().contains("at most 250 trials fit"), "{error}");
    let until = Precision { output: 2, statistic: Statistic::StdDev, half_width: HalfWidth::Absolute(1.0) };
    let until = RunUntil { run: run(10, 1), precision: until };
    let refused = simulate_until(&Hashes, &plan(), &until, &Unobserved);
    assert_eq!(refused, Err(SimulateError::NoSuchOutput { output: 2, outputs: 2 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn threads_batches_and_units_change_no_bit(trials in prop_oneof![1u64..5000, 60_000u64..200_000], threads in 2usize..5, everything: bool) {
        let keep = if everything { Keep::Everything } else { Keep::Outputs };
        let one = simulated(&Run { keep, ..run(trials, 1) });
        // Looks that are never satisfied cut the batches elsewhere.
        let precision = Precision { output: 0, statistic: Statistic::Mean, half_width: HalfWidth::Absolute(0.0) };
        let until = RunUntil { run: Run { keep, ..run(trials, threads) }, precision };
        let many = simulate_until(&Hashes, &plan(), &until, &Unobserved).unwrap();
        assert_same(&one, &many);
    }
}
