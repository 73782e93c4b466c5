//! Prints nanoseconds a path of the European call: of the walk alone on one thread, by family of instructions, then of
//! whole runs with all their statistics, by threads:
//! `cargo run --release -p fermiac-kernels --example call_speed`.

use std::time::Instant;

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::{CpuEngine, Simd};
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run, Unobserved, simulate};
use fermiac_model::distribution::{Distribution, identity_hash};
use fermiac_model::plan::{Draw, Instruction, Opcode, Operand, Plan};

/// Trials a call, as a simulation's blocks have them.
const BLOCK: usize = 4096;
const CALLS: u64 = 20;
const ROUNDS: u64 = 200;
/// Of a whole run.
const TRIALS: u64 = 10_000_000;
const RUNS: usize = 12;

/// e^-0.03 max(100 e^(0.01 + 0.2 z) - 100, 0).
fn european_call() -> Plan {
    let distribution = Distribution::parse("normal(0, 1)").expect("the text is right");
    let mut plan = Plan {
        slots: 2,
        outputs: 1,
        constants: vec![0.2, 0.01, 100.0, 0.0, (-0.03f64).exp()],
        draws: vec![Draw { identity: "z".to_owned(), stream: identity_hash("z"), distribution }],
        ..Plan::default()
    };
    let mut push = |opcode, destination, a: Operand, b: Operand| {
        let (a, b) = (a.bits(), b.bits());
        plan.instructions.push(Instruction { opcode, destination, a, b, c: 0 });
    };
    let (even, odd) = (Operand::slot(0), Operand::slot(1));
    let constant = Operand::constant;
    push(Opcode::Draw, 0, even, even);
    push(Opcode::Multiply, 1, even, constant(0));
    push(Opcode::Add, 0, odd, constant(1));
    push(Opcode::Exp, 1, even, even);
    push(Opcode::Multiply, 0, odd, constant(2));
    push(Opcode::Subtract, 1, even, constant(2));
    push(Opcode::Maximum, 0, odd, constant(3));
    push(Opcode::Multiply, 1, even, constant(4));
    push(Opcode::Store, 1, odd, odd);
    plan
}

fn main() {
    let plan = european_call();
    for simd in [Simd::Avx512, Simd::Avx2] {
        let Ok(engine) = CpuEngine::with_simd(&plan, 1, simd) else {
            println!("{simd:?}: not on this processor");
            continue;
        };
        println!("{simd:?}: {:.2} ns a path", nanoseconds(&engine));
    }
    for (keep, threads) in [(Keep::Nothing, 1), (Keep::Nothing, 2), (Keep::Outputs, 1), (Keep::Outputs, 2)] {
        let run = Run { trials: TRIALS, threads, keep, max_values: MAX_VALUES };
        let (wall, processor) = nanoseconds_of_run(&plan, &run);
        println!(
            "keeping {keep:?}, threads: {threads}: {wall:.2} ns a path, {processor:.2} of the processors'"
        );
    }
}

/// Of the clock and of all processors, the least of some runs each.
fn nanoseconds_of_run(plan: &Plan, run: &Run) -> (f64, f64) {
    let engine = CpuEngine::new(plan, 1).expect("the plan is right");
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..RUNS {
        let (started, processor) = (Instant::now(), processor_seconds());
        let results = simulate(&engine, plan, run, &Unobserved).expect("the run is small enough");
        std::hint::black_box(results);
        let of_path = |seconds: f64| seconds * 1e9 / run.trials as f64;
        best.0 = of_path(started.elapsed().as_secs_f64()).min(best.0);
        best.1 = of_path(processor_seconds() - processor).min(best.1);
    }
    best
}

/// What this process has used of all processors, whatever else the machine did.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is there to be written to, and the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The best of many short rounds, so that other work on the machine disturbs little.
fn nanoseconds(engine: &CpuEngine) -> f64 {
    let mut scratch = engine.scratch();
    let (mut input, mut output) = (vec![0.0; BLOCK], vec![0.0; BLOCK]);
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for call in 0..CALLS {
            engine.evaluate(&mut scratch, call * BLOCK as u64, &mut [&mut input, &mut output]);
            std::hint::black_box(&output);
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    best * 1e9 / (CALLS * BLOCK as u64) as f64
}
