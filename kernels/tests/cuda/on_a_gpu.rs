//! The engine of GPUs beside that of the processor, where there is a GPU. Where there is none, [`crate::driver`] runs
//! these tests beside a driver of its own.

use crate::draws::{any_cheap_distribution, any_sampling, draw, draws, tied};
use crate::examples;
use crate::host::image_of;
use crate::random_plans::{INPUTS, any_draft, plan_of};
use crate::random_rows::any_plan_with_rows;
use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::cuda::generated::{Generated, choice::Code};
use fermiac_kernels::engine::cuda::{CudaEngine, CudaEngineError, FaultKind, Gpus, OpenGpu};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run, Unobserved, simulate};
use fermiac_model::compile::compile;
use fermiac_model::json_model;
use fermiac_model::plan::{Instruction, Opcode, Operand, Plan};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Not a whole number of blocks.
const TRIALS: u64 = 3 * 4096 + 77;
const SEED: u64 = 5;
/// On a GPU that is one each plan has to be assembled.
const RANDOM_PLANS: u32 = 30;
const FEW: usize = 150;
/// Of one launch.
const MANY: usize = 4096;

fn has_gpu() -> bool {
    let gpus = Gpus::find();
    if let Err(reason) = &gpus {
        eprintln!("skipped: {reason}");
    }
    gpus.is_ok()
}

/// Gives the engine of the GPU, after it has come to the results of the processor.
#[track_caller]
fn assert_same_results(plan: &Plan, sampling: Sampling) -> CudaEngine {
    let gpu = CudaEngine::new(plan, SEED, sampling, None).expect("there is a GPU");
    assert_same_results_of(gpu, plan, sampling)
}

#[track_caller]
fn assert_same_results_of(gpu: CudaEngine, plan: &Plan, sampling: Sampling) -> CudaEngine {
    let run = Run { trials: TRIALS, threads: 3, keep: Keep::Everything, max_values: MAX_VALUES };
    let cpu = CpuEngine::with_sampling(plan, SEED, sampling).expect("the plan keeps its rules");
    let ours = simulate(&cpu, plan, &run, &Unobserved).expect("the run is possible");
    let theirs = simulate(&gpu, plan, &run, &Unobserved).expect("the run is possible");
    let bits =
        |columns: &[Vec<f64>]| columns.iter().map(|column| crate::host::bits(column)).collect::<Vec<_>>();
    assert_eq!(bits(&ours.samples.inputs), bits(&theirs.samples.inputs));
    assert_eq!(bits(&ours.samples.outputs), bits(&theirs.samples.outputs));
    gpu
}

/// So many slots, each the sum of the one before and a draw.
fn chain(slots: u32) -> Plan {
    let mut plan = Plan { slots, outputs: 1, draws: vec![draw(0, "normal(1, 2)")], ..Plan::default() };
    let mut write = |opcode, destination, a: Operand, b: Operand| {
        let (a, b) = (a.bits(), b.bits());
        plan.instructions.push(Instruction { opcode, destination, a, b, c: 0 });
    };
    let first = Operand::slot(0);
    write(Opcode::Draw, 0, first, first);
    for slot in 1..slots {
        write(Opcode::Add, slot, Operand::slot(slot - 1), first);
    }
    write(Opcode::Store, 1, Operand::slot(slots - 1), first);
    plan
}

#[test]
fn every_example_comes_to_the_results_of_the_processor() {
    if !has_gpu() {
        return;
    }
    for plan in examples::plans() {
        for sampling in [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials: TRIALS }] {
            assert_same_results(&plan, sampling);
        }
    }
}

#[test]
fn code_made_for_every_example_comes_to_the_results_of_the_processor() {
    if !has_gpu() {
        return;
    }
    let gpu = open(1 << 28);
    for plan in examples::plans() {
        for sampling in [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials: TRIALS }] {
            let engine = CudaEngine::on(&gpu, &plan, SEED, sampling).expect("there is room");
            let engine = engine.with_code(Code::Generated).expect("it is assembled");
            let engine = assert_same_results_of(engine, &plan, sampling);
            assert!(engine.failure().is_none(), "{:?}", engine.failure());
        }
    }
}

/// What is written in place as for numbers, of what is none or comes to none. Alone, as one that is missed may show by another.
const NO_NUMBERS: [&str; 9] = [
    "1/LN(x)",
    "EXP(LN(x))",
    "IF(LN(x)>0,1,2)",
    "IFERROR(LN(x),5)",
    "1/EXP(x)",
    "EXP(x)*0",
    "1/EXP(x*1E308)",
    "EXP(-EXP(x))",
    "1/LN(EXP(x))",
];

#[test]
fn exponentials_and_logarithms_of_no_numbers_come_to_the_errors_of_the_processor() {
    if !has_gpu() {
        return;
    }
    let gpu = open(1 << 28);
    for formula in NO_NUMBERS {
        let input = r#""x": "discrete({-1000, -1, 0, 1, 2, 1000}, {1, 1, 1, 1, 1, 1})""#;
        let model = format!(r#"{{"inputs": {{{input}}}, "cells": {{"y": "={formula}"}}, "outputs": ["y"]}}"#);
        let (mut workbook, selection) = json_model::read(model.as_bytes()).expect("it is a model");
        let plan = compile(&mut workbook, &selection).expect("it is a model").plan;
        let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
        let engine = engine.with_code(Code::Generated).expect("it is assembled");
        let engine = assert_same_results_of(engine, &plan, Sampling::Random);
        assert!(engine.failure().is_none(), "{formula}: {:?}", engine.failure());
    }
}

#[test]
fn code_made_for_random_plans_comes_to_the_results_of_the_processor() {
    if !has_gpu() {
        return;
    }
    let gpu = open(1 << 28);
    let inputs = prop::collection::vec(any_cheap_distribution(), INPUTS as usize);
    // Even and odd: a pair of trials may be wanted by half.
    let run = (any::<u64>(), any_sampling(), 0..1u64 << 19, 1..FEW);
    let plans = (prop::collection::vec(any_draft(), 1..80), any::<[bool; 2]>(), inputs, run);
    let config = Config { failure_persistence: None, ..Config::with_cases(random_plans()) };
    let outcome = TestRunner::new(config).run(&plans, |(drafts, [plain, are_tied], inputs, run)| {
        let (seed, sampling, first, few) = run;
        let mut plan = plan_of(&drafts);
        if !plain {
            plan.draws = draws(inputs);
        }
        if are_tied {
            plan.correlations = tied();
        }
        let cpu = CpuEngine::with_sampling(&plan, seed, sampling).expect("the plan keeps its rules");
        let engine = CudaEngine::on(&gpu, &plan, seed, sampling).expect("there is room");
        let engine = engine.with_code(Code::Generated).expect("it is assembled");
        let [ours, theirs] = [evaluated(&cpu, &plan, first, few), evaluated(&engine, &plan, first, few)];
        prop_assert!(engine.failure().is_none(), "{:?}", engine.failure());
        prop_assert_eq!(ours, theirs);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn code_made_for_rows_that_repeat_comes_to_the_results_of_the_processor() {
    if !has_gpu() {
        return;
    }
    let gpu = open(1 << 28);
    let inputs = prop::collection::vec(any_cheap_distribution(), 1..3);
    let plans = (any_plan_with_rows(), any::<[bool; 2]>(), inputs, any_sampling());
    let config = Config { failure_persistence: None, ..Config::with_cases(random_plans()) };
    let rolled = Cell::new(0);
    let outcome = TestRunner::new(config).run(&plans, |(mut plan, [plain, are_tied], inputs, sampling)| {
        if !plain {
            let count = plan.draws.len();
            plan.draws = draws(inputs.iter().copied().cycle().take(count));
        }
        if are_tied {
            plan.correlations = tied();
        }
        let cpu = CpuEngine::with_sampling(&plan, SEED, sampling).expect("the plan keeps its rules");
        let engine = CudaEngine::on(&gpu, &plan, SEED, sampling).expect("there is room");
        let engine = engine.with_code(Code::Generated).expect("it is assembled");
        let [ours, theirs] = [evaluated(&cpu, &plan, 0, FEW), evaluated(&engine, &plan, 0, FEW)];
        prop_assert!(engine.failure().is_none(), "{:?}", engine.failure());
        prop_assert_eq!(ours, theirs);
        rolled.set(rolled.get() + u32::from(is_rolled(&plan, sampling)));
        Ok(())
    });
    outcome.unwrap();
    assert!(rolled.get() > random_plans() / 8, "{} of {}", rolled.get(), random_plans());
}

/// Whether there is a loop in the code that is made for a plan.
fn is_rolled(plan: &Plan, sampling: Sampling) -> bool {
    let generated = Generated::new(plan, &image_of(plan, SEED, sampling));
    generated.is_some_and(|generated| generated.ptx.contains("$again"))
}

/// Rows of which each takes over what the one before made, the two values changing places.
fn exchange(rows: u32) -> Plan {
    let inputs = [draw(0, "normal(1, 2)"), draw(1, "uniform(3, 4)")];
    let mut plan =
        Plan { slots: 4, outputs: 2, draws: inputs.to_vec(), constants: vec![1.0, 0.0], ..Plan::default() };
    let mut write = |opcode, destination, [a, b, c]: [Operand; 3]| {
        let [a, b, c] = [a, b, c].map(Operand::bits);
        plan.instructions.push(Instruction { opcode, destination, a, b, c });
    };
    let slot = Operand::slot;
    let [one, nothing] = [0, 1].map(Operand::constant);
    (0..2).for_each(|input| write(Opcode::Draw, input, [slot(input); 3]));
    for row in 0..rows {
        let (from, to) = (row % 2 * 2, 2 - row % 2 * 2);
        write(Opcode::Select, to, [one, slot(from + 1), nothing]);
        write(Opcode::Select, to + 1, [one, slot(from), nothing]);
    }
    let last = rows % 2 * 2;
    (0..2).for_each(|value| write(Opcode::Store, 2 + value, [slot(last + value); 3]));
    plan
}

#[test]
fn values_that_change_places_in_every_row_are_where_they_belong() {
    if !has_gpu() {
        return;
    }
    let gpu = open(1 << 28);
    for rows in [20, 21] {
        let plan = exchange(rows);
        let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
        let engine = engine.with_code(Code::Generated).expect("it is assembled");
        assert!(engine.code() == Code::Generated && is_rolled(&plan, Sampling::Random));
        assert_same_results_of(engine, &plan, Sampling::Random);
    }
}

fn random_plans() -> u32 {
    std::env::var("STAND_IN_PLANS").map_or(RANDOM_PLANS, |plans| plans.parse().expect("it is a number"))
}

/// The bits of every column.
fn evaluated<E: Engine>(engine: &E, plan: &Plan, first: u64, trials: usize) -> Vec<Vec<u64>> {
    let mut columns = vec![vec![f64::NAN; trials]; plan.columns()];
    let mut views: Vec<&mut [f64]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    engine.evaluate(&mut engine.scratch(), first, &mut views);
    columns.iter().map(|column| crate::host::bits(column)).collect()
}

#[test]
fn what_code_made_for_a_plan_comes_to_is_reduced_on_the_gpu_too() {
    if !has_gpu() {
        return;
    }
    let (plan, gpu) = (chain(9), open(1 << 28));
    let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
    let engine = engine.with_code(Code::Generated).expect("it is assembled");
    assert_same_of_both(&plan, SEED, &engine, (MANY_TRIALS, 3));
    assert_eq!(gpu.usage().reduced_trials, MANY_TRIALS - 65_536 + 4096);
}

#[test]
fn a_plan_has_code_of_its_own_once_interpreting_it_has_taken_long() {
    if !has_gpu() {
        return;
    }
    let (plan, gpu) = (chain(9), open(1 << 28));
    let is_refused = std::env::var("STAND_IN_FAULT").is_ok_and(|fault| fault.contains("load"));
    let cpu = CpuEngine::new(&plan, SEED).expect("the plan keeps its rules");
    let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
    let (mut first, started) = (0, Instant::now());
    let patience = Duration::from_secs(if is_refused { 4 } else { 60 });
    while engine.code() == Code::Interpreted && started.elapsed() < patience {
        assert_eq!(evaluated(&cpu, &plan, first, MANY), evaluated(&engine, &plan, first, MANY));
        first += MANY as u64;
    }
    assert_eq!(engine.code() == Code::Interpreted, is_refused, "after {first} trials");
    for _ in 0..10 {
        assert_eq!(evaluated(&cpu, &plan, first, MANY), evaluated(&engine, &plan, first, MANY));
        first += MANY as u64;
    }
    assert!(engine.failure().is_none(), "{:?}", engine.failure());
}

#[test]
fn slots_that_do_not_fit_into_shared_memory_lie_elsewhere() {
    if !has_gpu() {
        return;
    }
    for slots in [1, 46, 47, 48, 49, 500] {
        assert_same_results(&chain(slots), Sampling::Random);
    }
}

/// A GPU of whose memory so many bytes may be used.
fn open(bytes: u64) -> Arc<OpenGpu> {
    let gpus = Gpus::find().expect("there is a GPU");
    let gpu = gpus.usable(None).expect("it can be used");
    Arc::new(OpenGpu::open(gpu, bytes as f64 / gpu.memory_bytes as f64).expect("the kernel is assembled"))
}

/// More than are kept because they are few.
const MANY_TRIALS: u64 = 80 * 4096 + 77;

/// The processor's results and the GPU's of a run that keeps nothing.
fn both(plan: &Plan, seed: u64, engine: &CudaEngine, (trials, threads): (u64, usize)) -> [String; 2] {
    let cpu = CpuEngine::with_sampling(plan, seed, Sampling::Random).expect("the plan keeps its rules");
    let run = Run { trials, threads, keep: Keep::Nothing, max_values: MAX_VALUES };
    let ours = simulate(&cpu, plan, &run, &Unobserved).expect("the run is possible");
    let theirs = simulate(engine, plan, &run, &Unobserved).expect("the run is possible");
    [ours, theirs].map(|results| format!("{results:?}"))
}

/// They are the same, and the GPU has not failed.
#[track_caller]
fn assert_same_of_both(plan: &Plan, seed: u64, engine: &CudaEngine, amount: (u64, usize)) {
    let [ours, theirs] = both(plan, seed, engine, amount);
    assert!(engine.failure().is_none(), "{:?}", engine.failure());
    assert_eq!(ours, theirs, "seed {seed}, {amount:?}");
}

#[test]
fn what_is_reduced_on_a_gpu_comes_to_the_same_statistics() {
    if !has_gpu() {
        return;
    }
    let (plan, gpu) = (chain(9), open(1 << 28));
    let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
    for threads in [1, 3, 8] {
        assert_same_of_both(&plan, SEED, &engine, (MANY_TRIALS, threads));
    }
    let (usage, block) = (gpu.usage(), 4096);
    // A block is evaluated and reduced first, to see whether both come to the same.
    assert_eq!(usage.trials, 3 * MANY_TRIALS + 2 * block);
    // All but those that are ranked.
    assert_eq!(usage.reduced_trials, 3 * (MANY_TRIALS - 65_536) + block);
    assert!(usage.memory_bytes > 0 && usage.memory_bytes <= gpu.budget().bytes(), "{usage:?}");
}

#[test]
fn errors_crowds_whole_numbers_and_far_tails_are_reduced_as_they_are() {
    if !has_gpu() {
        return;
    }
    let (mut workbook, selection) = json_model::read(ODDITIES).expect("it is a model");
    let plan = compile(&mut workbook, &selection).expect("it is a model").plan;
    let gpu = open(1 << 29);
    for seed in [1, u64::MAX] {
        let engine = CudaEngine::on(&gpu, &plan, seed, Sampling::Random).expect("there is room");
        assert_same_of_both(&plan, seed, &engine, (MANY_TRIALS, 2));
    }
    assert!(gpu.usage().reduced_trials > MANY_TRIALS, "{:?}", gpu.usage());
}

/// What is hard on statistics, one output each.
const ODDITIES: &[u8] = include_bytes!("oddities.json");

#[test]
fn launches_stay_within_little_memory_and_less_is_refused() {
    if !has_gpu() {
        return;
    }
    // Slots of one block of threads, and results of fewer trials than a block of statistics.
    let (plan, little) = (chain(500), 3_500_000);
    for gpu in [open(little), open(2 * little)] {
        let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).expect("there is room");
        assert_same_of_both(&plan, SEED, &engine, (TRIALS, 8));
        let used = gpu.usage().memory_bytes;
        assert!(used > 0 && used <= gpu.budget().bytes(), "{used}");
        drop(engine);
        assert!(gpu.usage().memory_bytes < used);
    }
    let refused = CudaEngine::on(&open(little / 2), &plan, SEED, Sampling::Random).unwrap_err();
    assert!(matches!(refused, CudaEngineError::Gpu { kind: FaultKind::OutOfMemory, .. }), "{refused}");
}

#[test]
fn a_gpu_that_fails_in_the_middle_changes_no_bit_and_is_told() {
    if !has_gpu() {
        return;
    }
    // By one thread: of several that hear of it at once any may be the first, whatever it was doing.
    let plan = chain(9);
    let cpu = CpuEngine::with_sampling(&plan, SEED, Sampling::Random).expect("the plan keeps its rules");
    let gpu = CudaEngine::new(&plan, SEED, Sampling::Random, None).expect("there is a GPU");
    let [ours, theirs] =
        [evaluated(&cpu, &plan, 0, TRIALS as usize), evaluated(&gpu, &plan, 0, TRIALS as usize)];
    assert_eq!(ours, theirs);
    let fails = std::env::var_os("STAND_IN_FAULT").is_some();
    assert_eq!(gpu.failure().is_some(), fails, "{:?}", gpu.failure());
    if let Some(failure) = gpu.failure() {
        let told = "the GPU failed while running the kernel: \"unspecified launch failure\"";
        assert_eq!(failure.to_string(), told);
        assert_eq!(gpu.gpu().out_of_use(), Some(failure));
    }
}

#[test]
fn a_gpu_that_fails_while_it_reduces_changes_no_bit() {
    if !has_gpu() {
        return;
    }
    let plan = chain(9);
    let gpu = CudaEngine::new(&plan, SEED, Sampling::Random, None).expect("there is a GPU");
    let [ours, theirs] = both(&plan, SEED, &gpu, (MANY_TRIALS, 3));
    assert_eq!(ours, theirs);
    assert_eq!(gpu.failure().is_some(), std::env::var_os("STAND_IN_FAULT").is_some());
}

#[test]
fn a_gpu_that_is_wrong_is_told_and_nothing_of_it_counts() {
    if !has_gpu() {
        return;
    }
    let plan = chain(9);
    let gpu = CudaEngine::new(&plan, SEED, Sampling::Random, None).expect("there is a GPU");
    let [ours, theirs] = both(&plan, SEED, &gpu, (MANY_TRIALS, 1));
    assert_eq!(gpu.is_broken(), std::env::var_os("STAND_IN_FAULT").is_some(), "{:?}", gpu.failure());
    match gpu.failure() {
        None => assert_eq!(ours, theirs),
        Some(failure) => {
            assert!(failure.is_wrong() && failure.to_string().contains("compared"), "{failure}");
            assert_eq!(gpu.gpu().out_of_use(), Some(failure));
        }
    }
}

#[test]
fn a_gpu_that_is_not_there_is_refused_by_its_number() {
    if !has_gpu() {
        return;
    }
    let refused = CudaEngine::new(&chain(1), SEED, Sampling::Random, Some(999)).unwrap_err().to_string();
    assert!(refused.starts_with("there is no GPU 999"), "{refused}");
}
