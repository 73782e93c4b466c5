//! What the GPU comes to in a second, beside the processor of the same machine and the bound.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::cuda::generated::choice::Code;
use fermiac_kernels::engine::cuda::{CudaEngine, OpenGpu};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run, Unobserved, simulate};
use fermiac_model::plan::Plan;

use crate::identity::unbroken;
use crate::table::Table;
use crate::{bus, chip, curand, models, open, outside};

/// A month of the company has eight formulas.
const COLD_MONTHS: usize = 125;
const WORKBOOK_MONTHS: usize = 28_000;
/// A GPU is to be so many times as fast as so many threads.
const FEW_THREADS: usize = 2;
/// Of the first result.
const COLD_TRIALS: u64 = 10_000;
const EUROPEAN_CALL: &str = "european_call.json";
const SEED: u64 = 1;
const CODES: [(Code, &str); 2] = [(Code::Interpreted, "interpreted"), (Code::Generated, "generated")];

/// Paths a second of the European call, with all statistics; and how many there could be at most if every value crossed
/// the bus, as those of trials do that are not reduced on the GPU, and by its arithmetic.
pub fn call(table: &mut Table, gpu: &Arc<OpenGpu>, folder: &Path, paths: u64) -> Result<(), String> {
    let text =
        std::fs::read(folder.join(EUROPEAN_CALL)).map_err(|error| format!("{EUROPEAN_CALL}: {error}"))?;
    let plan = models::of_json(&text)?;
    let processor = on_processor(&plan, paths / 10, all_threads())?;
    let bytes_per_second = bus::bytes_per_second(gpu)?;
    let bytes = plan.columns() as f64 * size_of::<f64>() as f64;
    let reduced = gpu.usage().reduced_trials;
    let mut fastest: f64 = 0.0;
    for (code, name) in CODES {
        let (whole, kernel) = on_gpu(&plan, gpu, paths, code)?;
        let what = format!("European call, GPU, {name}, all statistics");
        table.row(&what, &format!("{whole:.3e} paths/s, the kernels alone {kernel:.3e} (aim: 2e10)"));
        fastest = fastest.max(whole);
    }
    let reduced = gpu.usage().reduced_trials - reduced;
    table.row(
        "European call, paths of which only statistics crossed the bus, with those of warming up",
        &reduced.to_string(),
    );
    table.row("European call, processor, all statistics", &format!("{processor:.3e} paths/s"));
    peer(table, "a kernel with cuRAND, mean and standard error alone", || curand::call(gpu, folder, paths));
    let what = "CuPy, mean, standard error and percentiles of pieces";
    peer(table, what, || outside::cupy_call(folder, paths));
    let bound = format!("{:.3e} paths/s", bytes_per_second / bytes);
    let what = format!(
        "at most, if {bytes} bytes a path crossed the bus at {:.1} GB/s as measured",
        bytes_per_second / 1e9
    );
    table.row(&what, &bound);
    if let Some((bound, hertz)) = chip::paths_per_second(gpu)? {
        let what = format!("at most, by the units for doubles at {:.0} MHz", hertz / 1e6);
        let part = fastest / bound;
        table.row(&what, &format!("{bound:.3e} paths/s, of which all of the call is {part:.2} (aim: 0.5)"));
    }
    Ok(())
}

/// Another way to the European call. One that comes to something else is none.
fn peer(table: &mut Table, what: &str, call: impl FnOnce() -> Result<curand::Found, String>) {
    let verdict = if table.is_stand_in {
        "not run: the stand-in knows no kernels but ours".to_owned()
    } else {
        match call() {
            Err(reason) => format!("not run: {reason}"),
            Ok(found) if !found.is_right() => "wrong: the mean is not the call's value".to_owned(),
            Ok(found) => format!("{:.3e} paths/s", found.paths_per_second),
        }
    };
    table.row(&format!("European call, {what}"), &verdict);
}

/// The 28,000 months of the workbook of 280,000 cells, as far as its net present value depends on them.
pub fn workbook(table: &mut Table, gpu: &Arc<OpenGpu>, trials: u64) -> Result<(), String> {
    let plan = models::of_json(models::company(WORKBOOK_MONTHS).as_bytes())?;
    let processor = on_processor(&plan, (trials / 50).max(1), FEW_THREADS)?;
    for (code, name) in CODES {
        let (whole, kernel) = on_gpu(&plan, gpu, trials, code)?;
        let what = format!("workbook of 280,000 cells, GPU, {trials} trials, {name}");
        let speed = format!("{whole:.3e} trials/s, the kernels alone {kernel:.3e}");
        let times =
            format!("{:.2} times {FEW_THREADS} threads of the processor (aim: 50)", whole / processor);
        table.row(&what, &format!("{speed}, {times}"));
    }
    let what = format!("workbook of 280,000 cells, processor, {FEW_THREADS} threads");
    table.row(&what, &format!("{processor:.3e} trials/s"));
    Ok(())
}

/// Trials a second of a whole run, and of the kernel by its own time. A first run warms up.
fn on_gpu(plan: &Plan, gpu: &Arc<OpenGpu>, trials: u64, code: Code) -> Result<(f64, f64), String> {
    let engine = CudaEngine::on(gpu, plan, SEED, Sampling::Random);
    let engine = engine.and_then(|engine| engine.with_code(code)).map_err(|error| error.to_string())?;
    per_second(&engine, plan, (trials / 10).max(1), all_threads())?;
    let before = gpu.usage();
    let whole = per_second(&engine, plan, trials, all_threads())?;
    unbroken(&engine)?;
    let after = gpu.usage();
    let kernel_time = (after.kernel_time - before.kernel_time).as_secs_f64();
    Ok((whole, (after.trials - before.trials) as f64 / kernel_time.max(1e-9)))
}

fn on_processor(plan: &Plan, trials: u64, threads: usize) -> Result<f64, String> {
    let engine = CpuEngine::new(plan, SEED).map_err(|error| error.to_string())?;
    per_second(&engine, plan, trials, threads)
}

fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn per_second<E>(engine: &E, plan: &Plan, trials: u64, threads: usize) -> Result<f64, String>
where
    E: Engine,
    E::Scratch: Send,
{
    let run = Run { trials, threads, keep: Keep::Nothing, max_values: MAX_VALUES };
    let started = Instant::now();
    simulate(engine, plan, &run, &Unobserved).map_err(|error| error.to_string())?;
    Ok(trials as f64 / started.elapsed().as_secs_f64())
}

/// What it takes to make code for the longest plan of the examples, and to find it again.
pub fn making(table: &mut Table, gpu: &Arc<OpenGpu>, folder: &Path) -> Result<(), String> {
    let plans = models::of_folder(folder)?.into_iter();
    let (name, plan) = plans.max_by_key(|(_, plan)| plan.instructions.len()).ok_or("there is no model")?;
    let instructions = plan.instructions.len();
    for what in ["made, or found if it was made before", "found"] {
        let engine = CudaEngine::on(gpu, &plan, SEED, Sampling::Random).map_err(|error| error.to_string())?;
        let started = Instant::now();
        let engine = engine.with_code(Code::Generated).map_err(|error| error.to_string())?;
        let seconds = started.elapsed().as_secs_f64();
        let verdict =
            if engine.code() == Code::Generated { format!("{seconds:.3} s") } else { "none".to_owned() };
        table.row(&format!("code for {name}, of {instructions} instructions, {what}"), &verdict);
    }
    Ok(())
}

/// Opens the GPU, compiles a model of 1,000 cells and simulates it.
pub fn cold() -> Result<ExitCode, String> {
    let gpu = open().map_err(|error| error.to_string())?;
    let plan = models::of_json(models::company(COLD_MONTHS).as_bytes())?;
    let engine = CudaEngine::on(&gpu, &plan, SEED, Sampling::Random).map_err(|error| error.to_string())?;
    per_second(&engine, &plan, COLD_TRIALS, all_threads())?;
    unbroken(&engine)?;
    Ok(ExitCode::SUCCESS)
}

/// The time of a process of [`cold`], from its start to its end. The driver keeps what it has assembled once: the first row
/// is without, the second with that.
pub fn cold_start(table: &mut Table) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    for (what, keeps) in [("nothing assembled before", "1"), ("assembled before", "0")] {
        let started = Instant::now();
        let status = Command::new(&program).arg("--cold").env("CUDA_CACHE_DISABLE", keeps).status();
        let status = status.map_err(|error| error.to_string())?;
        if !status.success() {
            return Err("the cold start failed".to_owned());
        }
        let seconds = started.elapsed().as_secs_f64();
        table.row(
            &format!("1,000 cells, first result of a new process, {what}"),
            &format!("{seconds:.3} s (aim: 0.5)"),
        );
    }
    Ok(())
}
