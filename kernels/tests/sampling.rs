//! Stratified runs against independent ones: what they gain, what they say of their error, what they do not depend on.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{
    HalfWidth, Keep, MAX_VALUES, Precision, Results, Run, RunUntil, SimulateError, Statistic, Unobserved,
    evaluate_trial, simulate, simulate_until,
};
use fermiac_kernels::statistics::rank::sensitivities;
use fermiac_model::correlation::Correlation;
use fermiac_model::distribution::{Distribution, identity_hash};
use fermiac_model::plan::{CorrelationGroup, Draw, Instruction, Opcode, Plan};

const TRIALS: u64 = 10_000;

fn stratified() -> [Sampling; 2] {
    [Sampling::LatinHypercube { trials: TRIALS }, Sampling::Sobol]
}

/// The sum of exp of each input.
fn plan(inputs: &[&str]) -> Plan {
    let instruction = |opcode, destination, a, b| Instruction { opcode, destination, a, b, c: 0 };
    let mut plan = Plan { slots: 4, outputs: 1, ..Plan::default() };
    for (index, identity) in (0u32..).zip(inputs) {
        plan.draws.push(Draw {
            identity: (*identity).to_owned(),
            stream: identity_hash(identity),
            distribution: Distribution::parse("normal(0, 0.5)").unwrap(),
        });
        let (sum, next) = (index % 2, (index + 1) % 2);
        plan.instructions.push(instruction(Opcode::Draw, 2, index, 0));
        if index == 0 {
            plan.instructions.push(instruction(Opcode::Exp, next, 2, 0));
        } else {
            plan.instructions.push(instruction(Opcode::Exp, 3, 2, 0));
            plan.instructions.push(instruction(Opcode::Add, next, sum, 3));
        }
    }
    let count = inputs.len() as u32;
    plan.instructions.push(instruction(Opcode::Store, count, count % 2, 0));
    plan
}

fn run(threads: usize) -> Run {
    Run { trials: TRIALS, threads, keep: Keep::Everything, max_values: MAX_VALUES }
}

fn simulated(plan: &Plan, seed: u64, sampling: Sampling, run: &Run) -> Results {
    let engine = CpuEngine::with_sampling(plan, seed, sampling).unwrap();
    simulate(&engine, plan, run, &Unobserved).unwrap()
}

/// Over 40 seeds: the root mean square of the errors of the mean, and that of the standard errors reported.
fn errors(sampling: Sampling) -> (f64, f64) {
    let plan = plan(&["a", "b", "c"]);
    let truth = 3.0 * 0.125f64.exp();
    let (mut made, mut reported) = (0.0, 0.0);
    for seed in 0..40 {
        let output = &simulated(&plan, seed, sampling, &run(1)).outputs[0];
        made += (output.mean.unwrap() - truth).powi(2) / 40.0;
        reported += output.mean_std_error.unwrap().powi(2) / 40.0;
    }
    (made.sqrt(), reported.sqrt())
}

#[test]
fn strata_find_a_mean_much_better_and_say_how_well() {
    let (random, reported) = errors(Sampling::Random);
    assert!((0.7..1.4).contains(&(random / reported)), "{random} {reported}");
    for sampling in stratified() {
        let (made, reported) = errors(sampling);
        assert!(made < random / 10.0, "{sampling:?}: {made} {random}");
        // 40 squared errors: a ratio of 0.69 to 1.33 with 99 %.
        assert!((0.65..1.4).contains(&(made / reported)), "{sampling:?}: {made} {reported}");
    }
}

#[test]
fn neither_threads_nor_single_trials_change_a_draw() {
    let plan = plan(&["a", "b", "c"]);
    for sampling in stratified() {
        let one = simulated(&plan, 1, sampling, &run(1));
        let two = simulated(&plan, 1, sampling, &run(2));
        assert_eq!(one, two);
        let engine = CpuEngine::with_sampling(&plan, 1, sampling).unwrap();
        for trial in [0, 1, 15, 16, 4095, 4096, TRIALS - 1] {
            let columns = one.samples.inputs.iter().chain(&one.samples.outputs);
            let expected: Vec<f64> = columns.map(|column| column[trial as usize]).collect();
            assert_eq!(evaluate_trial(&engine, &plan, trial), expected, "{sampling:?}");
        }
    }
}

#[test]
fn an_input_that_is_added_leaves_the_others_alone() {
    for sampling in stratified() {
        let few = simulated(&plan(&["a", "b"]), 1, sampling, &run(1));
        let more = simulated(&plan(&["a", "b", "c"]), 1, sampling, &run(1));
        assert_eq!(few.samples.inputs[..], more.samples.inputs[..2]);
    }
    let latin = Sampling::LatinHypercube { trials: TRIALS };
    let few = simulated(&plan(&["a", "b"]), 1, latin, &run(1));
    let more = simulated(&plan(&["z", "b", "a"]), 1, latin, &run(1));
    assert_eq!(few.samples.inputs[0], more.samples.inputs[2]);
}

/// Inputs with these rank correlations, in this order.
fn correlated(names: &[&str], inputs: &[u32], matrix: &[Vec<f64>]) -> Plan {
    let names_of_group = inputs.iter().map(|input| names[*input as usize].to_owned()).collect();
    let factor = Correlation::new(names_of_group, matrix).unwrap().factor;
    let correlations = vec![CorrelationGroup { inputs: inputs.to_vec(), factor }];
    Plan { correlations, ..plan(names) }
}

fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    sensitivities(&[a], &[b])[0].inputs[0].rank_correlation.unwrap()
}

#[test]
fn inputs_have_the_rank_correlations_asked_for_and_keep_their_distributions() {
    let matrix = [vec![1.0, 0.5, -0.8], vec![0.5, 1.0, 0.0], vec![-0.8, 0.0, 1.0]];
    let plan = correlated(&["a", "b", "c", "d"], &[3, 0, 2], &matrix);
    for sampling in [vec![Sampling::Random], stratified().to_vec()].concat() {
        let results = simulated(&plan, 1, sampling, &run(2));
        let [a, b, c, d] = [0, 1, 2, 3].map(|input| &results.samples.inputs[input][..]);
        let pairs = [(d, a, 0.5), (d, c, -0.8), (a, c, 0.0), (a, b, 0.0), (d, b, 0.0), (c, b, 0.0)];
        for (left, right, expected) in pairs {
            let found = rank_correlation(left, right);
            // Four standard errors of independent trials.
            assert!((found - expected).abs() < 0.04, "{sampling:?}: {found} {expected}");
        }
        for input in &results.inputs {
            assert!(input.mean.unwrap().abs() < 0.02 && (input.std_dev.unwrap() - 0.5).abs() < 0.015);
        }
    }
}

#[test]
fn what_is_in_no_group_draws_as_ever_and_changes_no_group() {
    let matrix = [vec![1.0, 0.9], vec![0.9, 1.0]];
    for sampling in [Sampling::Random, Sampling::LatinHypercube { trials: TRIALS }] {
        let free = simulated(&plan(&["a", "b", "c"]), 1, sampling, &run(1)).samples.inputs;
        let tied = correlated(&["a", "b", "c"], &[0, 1], &matrix);
        let tied = simulated(&tied, 1, sampling, &run(2)).samples.inputs;
        assert_eq!(free[2], tied[2]);
        assert_ne!(free[1], tied[1]);
        let without = correlated(&["b", "a"], &[1, 0], &matrix);
        let without = simulated(&without, 1, sampling, &run(1)).samples.inputs;
        assert_eq!((&without[1], &without[0]), (&tied[0], &tied[1]));
    }
}

#[test]
fn inputs_that_move_as_one_do() {
    let plan = correlated(&["a", "b"], &[0, 1], &[vec![1.0, -1.0], vec![-1.0, 1.0]]);
    let inputs = simulated(&plan, 1, Sampling::Random, &run(1)).samples.inputs;
    assert!(inputs[0].iter().zip(&inputs[1]).all(|(a, b)| (a + b).abs() < 1e-9));
}

#[test]
fn a_group_that_does_not_fit_is_refused() {
    let group = |inputs: &[u32], factor: &[f64]| {
        let group = CorrelationGroup { inputs: inputs.to_vec(), factor: factor.to_vec() };
        CpuEngine::new(&Plan { correlations: vec![group], ..plan(&["a", "b"]) }, 1).is_ok()
    };
    assert!(group(&[0, 1], &[1.0, 0.0, 1.0]));
    assert!(!group(&[0, 2], &[1.0, 0.0, 1.0]));
    assert!(!group(&[0, 0], &[1.0, 0.0, 1.0]));
    assert!(!group(&[0, 1], &[1.0, 0.0]));
}

#[test]
fn a_longer_sobol_run_begins_with_the_shorter() {
    let plan = plan(&["a", "b"]);
    let long = simulated(&plan, 1, Sampling::Sobol, &run(1));
    let short = simulated(&plan, 1, Sampling::Sobol, &Run { trials: 1001, ..run(1) });
    assert_eq!(long.samples.inputs[1][..1001], short.samples.inputs[1][..]);
}

#[test]
fn more_inputs_than_dimensions_are_refused() {
    let names: Vec<String> = (0..4097).map(|index| format!("input {index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(CpuEngine::with_sampling(&plan(&names[..4096]), 1, Sampling::Sobol).is_ok());
    let refused = CpuEngine::with_sampling(&plan(&names), 1, Sampling::Sobol).unwrap_err().to_string();
    assert!(refused.contains("4096 dimensions") && refused.contains("4097 inputs"), "{refused}");
}

#[test]
fn one_hypercube_tells_no_standard_error() {
    let plan = plan(&["a"]);
    let few = |trials| {
        let run = Run { trials, ..run(1) };
        simulated(&plan, 1, Sampling::LatinHypercube { trials }, &run).outputs[0].mean_std_error
    };
    assert_eq!(few(255), None);
    assert!(few(256).is_some_and(|error| error > 0.0));
}

#[test]
fn what_strata_cannot_do_is_refused() {
    let plan = plan(&["a"]);
    let half_width = HalfWidth::Relative(0.01);
    let precision = Precision { output: 0, statistic: Statistic::Mean, half_width };
    let until = RunUntil { run: run(1), precision };
    for sampling in stratified() {
        let engine = CpuEngine::with_sampling(&plan, 1, sampling).unwrap();
        let refused = simulate_until(&engine, &plan, &until, &Unobserved).unwrap_err();
        assert_eq!(refused, SimulateError::PrecisionOfStrata);
    }
    let engine = CpuEngine::with_sampling(&plan, 1, Sampling::LatinHypercube { trials: 9 }).unwrap();
    let refused = simulate(&engine, &plan, &run(1), &Unobserved).unwrap_err();
    assert_eq!(refused, SimulateError::OtherTrials { trials: TRIALS, sampled: 9 });
}
