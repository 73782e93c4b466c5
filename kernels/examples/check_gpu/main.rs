//! Checks a GPU against the processor, bit for bit, and times it. One table; see `kernels/check_gpu`, which starts it.
//!
//!     check_gpu FOLDER [--quick]    FOLDER holds the examples; --quick does a little of everything
//!     check_gpu FOLDER --identity   compares a little with the processor and times nothing, for a sanitizer to watch
//!     check_gpu --cold              the first result of a model of 1,000 cells, in a process that knows nothing yet

mod bus;
mod chip;
mod curand;
mod identity;
mod models;
mod outside;
#[path = "../../tests/random_plans/mod.rs"]
mod random_plans;
#[path = "../../tests/random_rows/mod.rs"]
mod random_rows;
mod speed;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use fermiac_kernels::engine::cuda::{CudaEngineError, Gpus, OpenGpu};

use table::Table;

/// The part of the GPU's memory that is used.
const MEMORY_FRACTION: f64 = 0.8;
/// What the stand-in for the driver calls its GPU: see `cuda/driver.cpp`.
const STAND_IN: &str = "the processor, as a GPU";

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Amount {
    /// Of each example, on each.
    identity_trials: u64,
    /// By so many samplings.
    samplings: usize,
    random_plans: u32,
    /// So many random plans have code of their own too: each has to be assembled.
    generated_plans: u32,
    call_paths: u64,
    workbook_trials: u64,
}

const ALL: Amount = Amount {
    identity_trials: 1_000_000,
    samplings: 3,
    random_plans: 3_000,
    generated_plans: 60,
    call_paths: 1_000_000_000,
    workbook_trials: 1_000_000,
};
const QUICK: Amount = Amount {
    identity_trials: 300_000,
    samplings: 3,
    random_plans: 100,
    generated_plans: 60,
    call_paths: 1_000_000,
    workbook_trials: 300,
};
/// Note is taken of every thread's every access to memory, for which all code is changed first. More than 262,144 trials, of
/// fewer of which every value comes back.
const WATCHED: Amount = Amount { samplings: 1, random_plans: 10, generated_plans: 2, ..QUICK };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--cold"] => speed::cold(),
        [folder] => check(&PathBuf::from(folder), ALL),
        [folder, "--quick"] => check(&PathBuf::from(folder), QUICK),
        [folder, "--identity"] => identity(&PathBuf::from(folder), WATCHED),
        _ => Err("write check_gpu FOLDER [--quick]".to_owned()),
    };
    match done {
        Ok(ExitCode::SUCCESS) => ExitCode::SUCCESS,
        Ok(other) => other,
        Err(reason) => {
            eprintln!("check_gpu: {reason}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is the same, and no more.
fn identity(folder: &std::path::Path, amount: Amount) -> Result<ExitCode, String> {
    let (_, _, is_same) = compared(folder, amount)?;
    Ok(if is_same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Begins the table with what is the same; says whether all is.
fn compared(folder: &std::path::Path, amount: Amount) -> Result<(Arc<OpenGpu>, Table, bool), String> {
    let gpu = open().map_err(|error| error.to_string())?;
    let mut table = Table::begin(&gpu, gpu.gpu().name == STAND_IN);
    let is_same = identity::examples(&mut table, &gpu, folder, amount)?
        & identity::random_plans(&mut table, &gpu, amount);
    Ok((gpu, table, is_same))
}

/// Prints the table as it comes about; fails if a bit differs, or the sanitizer finds something.
fn check(folder: &std::path::Path, amount: Amount) -> Result<ExitCode, String> {
    let started = Instant::now();
    let (gpu, mut table, is_same) = compared(folder, amount)?;
    speed::call(&mut table, &gpu, folder, amount.call_paths)?;
    speed::workbook(&mut table, &gpu, amount.workbook_trials)?;
    speed::making(&mut table, &gpu, folder)?;
    speed::cold_start(&mut table)?;
    let is_clean = table.is_stand_in || outside::sanitized(&mut table, folder)?;
    table.row("all of this", &format!("{:.0} s", started.elapsed().as_secs_f64()));
    Ok(if is_same && is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn open() -> Result<Arc<OpenGpu>, CudaEngineError> {
    let gpus = Gpus::find()?;
    OpenGpu::open(gpus.usable(None)?, MEMORY_FRACTION).map(Arc::new)
}
