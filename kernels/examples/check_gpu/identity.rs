//! The GPU against the processor: the same bits, or what differs.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::cuda::generated::choice::Code;
use fermiac_kernels::engine::cuda::{CudaEngine, OpenGpu};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Results, Run, Unobserved, simulate};
use fermiac_model::plan::Plan;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::Amount;
use crate::models;
use crate::random_plans::{any_draft, plan_of};
use crate::random_rows::any_plan_with_rows;
use crate::table::Table;

const SEED: u64 = 5;
/// Of a random plan.
const FEW: usize = 200;
const CODES: [Code; 2] = [Code::Interpreted, Code::Generated];

/// What is hard on statistics.
const ODDITIES: &[u8] = include_bytes!("../../tests/cuda/oddities.json");

/// Every example, by each sampling: the statistics of both, to the bit.
pub fn examples(
    table: &mut Table,
    gpu: &Arc<OpenGpu>,
    folder: &Path,
    amount: Amount,
) -> Result<bool, String> {
    let (mut is_same, trials) = (true, amount.identity_trials);
    let samplings = [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials }];
    let oddities = ("errors, crowds and far tails".to_owned(), models::of_json(ODDITIES)?);
    for (name, plan) in models::of_folder(folder)?.into_iter().chain([oddities]) {
        for sampling in samplings.into_iter().take(amount.samplings) {
            let same = results(&plan, gpu, sampling, trials)?;
            is_same &= same.iter().all(Result::is_ok);
            let verdict = same.map(|same| same.map_or_else(|how| how, |()| "identical".to_owned()));
            let what = format!("{name}, {}, {trials} trials: interpreted, generated", name_of(sampling));
            table.row(&what, &verdict.join(", "));
        }
    }
    Ok(is_same)
}

fn name_of(sampling: Sampling) -> &'static str {
    match sampling {
        Sampling::Random => "random",
        Sampling::Sobol => "Sobol",
        Sampling::LatinHypercube { .. } => "Latin hypercube",
    }
}

/// Whether they are the same, by [`CODES`], or how not.
fn results(
    plan: &Plan,
    gpu: &Arc<OpenGpu>,
    sampling: Sampling,
    trials: u64,
) -> Result<[Result<(), String>; 2], String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let run = Run { trials, threads, keep: Keep::Nothing, max_values: MAX_VALUES };
    let cpu = CpuEngine::with_sampling(plan, SEED, sampling).map_err(|error| error.to_string())?;
    let ours = simulate(&cpu, plan, &run, &Unobserved).map_err(|error| error.to_string())?;
    let mut same = [Ok(()), Ok(())];
    for (same, code) in same.iter_mut().zip(CODES) {
        let cuda = CudaEngine::on(gpu, plan, SEED, sampling).and_then(|engine| engine.with_code(code));
        let cuda = cuda.map_err(|error| error.to_string())?;
        let theirs = simulate(&cuda, plan, &run, &Unobserved).map_err(|error| error.to_string())?;
        *same = match cuda.failure() {
            Some(failure) if failure.is_wrong() => Err(format!("DIFFERENT: {failure}")),
            Some(failure) => return Err(failure.to_string()),
            None if bits(&ours) == bits(&theirs) => Ok(()),
            None => Err("DIFFERENT".to_owned()),
        };
    }
    Ok(same)
}

/// All that was found, as text: a number is written so that no other has the same digits.
fn bits(results: &Results) -> String {
    format!("{results:?}")
}

/// Why the engine's results count for nothing, if it has failed.
pub fn unbroken(engine: &CudaEngine) -> Result<(), String> {
    engine.failure().map_or(Ok(()), |failure| Err(failure.to_string()))
}

/// Plans over every opcode and every kind of value, and fewer whose rows repeat: each trial of each column, to the bit.
pub fn random_plans(table: &mut Table, gpu: &Arc<OpenGpu>, amount: Amount) -> bool {
    let drafts = prop::collection::vec(any_draft(), 1..40).prop_map(|drafts| plan_of(&drafts));
    let (plans, generated) = (amount.random_plans, amount.generated_plans);
    let with_rows = (plans.div_ceil(10), "whose rows repeat ", any_plan_with_rows());
    plans_of(table, gpu, generated, (plans, "", drafts)) & plans_of(table, gpu, generated, with_rows)
}

fn plans_of(
    table: &mut Table,
    gpu: &Arc<OpenGpu>,
    generated: u32,
    (plans, which, plan): (u32, &str, impl Strategy<Value = Plan>),
) -> bool {
    let config = Config { failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(plans) };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let done = Cell::new(0);
    let outcome = runner.run(&(plan, any::<u64>()), |(plan, seed)| {
        let cpu = CpuEngine::new(&plan, seed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let ours = values(&cpu, &plan);
        let both = done.replace(done.get() + 1) < generated;
        for code in &CODES[..if both { 2 } else { 1 }] {
            let cuda = CudaEngine::on(gpu, &plan, seed, Sampling::Random)
                .and_then(|engine| engine.with_code(*code))
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            let theirs = values(&cuda, &plan);
            unbroken(&cuda).map_err(TestCaseError::fail)?;
            prop_assert!(ours == theirs, "DIFFERENT: {code:?} {plan:?}");
        }
        Ok(())
    });
    let verdict = outcome.as_ref().map_or_else(ToString::to_string, |()| "identical".to_owned());
    let both = generated.min(plans);
    table.row(&format!("{plans} random plans {which}({both} generated too), {FEW} trials each"), &verdict);
    outcome.is_ok()
}

fn values<E: Engine>(engine: &E, plan: &Plan) -> Vec<u64> {
    let mut values = vec![0.0; plan.columns() * FEW];
    let mut columns: Vec<&mut [f64]> = values.chunks_mut(FEW).collect();
    engine.evaluate(&mut engine.scratch(), 0, &mut columns);
    values.iter().map(|value: &f64| value.to_bits()).collect()
}
