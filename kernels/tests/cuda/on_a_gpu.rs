//! The engine of GPUs beside that of the processor, where there is a GPU. Where there is none, [`crate::driver`] runs
//! these tests beside a driver of its own.

use crate::draws::draw;
use crate::examples;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::cuda::{CudaEngine, Gpus};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run, Unobserved, simulate};
use fermiac_model::plan::{Instruction, Opcode, Operand, Plan};

/// Not a whole number of blocks.
const TRIALS: u64 = 3 * 4096 + 77;
const SEED: u64 = 5;

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
    let run = Run { trials: TRIALS, threads: 3, keep: Keep::Everything, max_values: MAX_VALUES };
    let cpu = CpuEngine::with_sampling(plan, SEED, sampling).expect("the plan keeps its rules");
    let gpu = CudaEngine::new(plan, SEED, sampling, None).expect("there is a GPU");
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
fn slots_that_do_not_fit_into_shared_memory_lie_elsewhere() {
    if !has_gpu() {
        return;
    }
    for slots in [1, 46, 47, 48, 49, 500] {
        assert_same_results(&chain(slots), Sampling::Random);
    }
}

#[test]
fn a_gpu_that_fails_in_the_middle_changes_no_bit_and_is_told() {
    if !has_gpu() {
        return;
    }
    let gpu = assert_same_results(&chain(9), Sampling::Random);
    let fails = std::env::var_os("STAND_IN_FAULT").is_some();
    assert_eq!(gpu.failure().is_some(), fails, "{:?}", gpu.failure());
    if let Some(failure) = gpu.failure() {
        let told = "the GPU failed while launching the kernel: \"unspecified launch failure\"";
        assert_eq!(failure.to_string(), told);
        assert_eq!(gpu.gpu().out_of_use(), Some(failure));
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
