//! Many trials of a plan, and what they tell: on one machine at once, or in slices on many.
//!
//! Trials go through in *batches* of whole blocks. Phase one evaluates a batch: threads take *units* of trials
//! and write their results straight to where they stay. Phase two makes the moments of each of its blocks.
//! What is computed of a trial depends on its number alone, of a block on its trials alone, and blocks are merged
//! in block order; so neither the threads nor the sizes of batches and units change a bit of the results.
//!
//! Nor do slices: [`slices`] cuts a run into aligned runs of blocks, each of which [`simulate_slice`] evaluates
//! anywhere into a [`SlicePart`], and [`combine()`] makes the results of the parts. [`simulate`] does the same with one
//! slice, which is never copied.

mod batch;
mod columns;
mod combine;
mod pages;
mod part;
mod part_bytes;
mod precision;
mod refusal;
mod slice;
mod slicing;

pub use combine::{CombineError, combine};
pub use part::{DamagedPart, SlicePart};
pub use precision::{Estimate, HalfWidth, Precision, Statistic};
pub use refusal::{NoThreads, SimulateError};
pub use slice::{Slice, SliceError, simulate_slice};
pub use slicing::slices;

use crate::engine::Engine;
use crate::statistics::rank::ranked_trials;
use crate::statistics::summary::{InputSummary, OutputSummary};
use combine::{Gathered, summarised};
use fermiac_model::plan::Plan;
use slice::evaluated;

/// The usual bound on the values that a run keeps: 2 GiB of them.
pub const MAX_VALUES: u64 = 1 << 28;

/// What to run, at once or in slices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// How many trials, numbered from 0.
    pub trials: u64,
    /// On how many threads; 0 counts as 1. Changes no result.
    pub threads: usize,
    /// Whether the samples of inputs are kept too; those of outputs always are.
    pub keep_samples: bool,
    /// At most so many values may be kept, 8 bytes each: trials times kept columns. [`MAX_VALUES`] is usual.
    pub max_values: u64,
}

/// A run that ends before its last trial, once a statistic is precise enough. It cannot be had in slices: where it
/// ends is decided by the numbers of all trials so far, and no slice knows those of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunUntil {
    /// With the most trials.
    pub run: Run,
    /// What must be known how well.
    pub precision: Precision,
}

/// Who watches a run and may end it. Called from all its threads, several times a second and more often.
pub trait Observer: Sync {
    /// So many trials are done.
    fn progress(&self, trials_done: u64);

    /// Whether the run should end as soon as it can.
    fn cancelled(&self) -> bool;
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn progress(&self, _trials_done: u64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// All trials are done.
    Trials,
    /// [`RunUntil::precision`] was reached.
    Precision,
    /// The observer cancelled it.
    Cancelled,
}

/// What a run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// How many trials were done, from the first one without a gap: all statistics are over these, the same as of a
    /// run that asked for no more.
    pub trials: u64,
    /// Why it ended.
    pub stopped: Stopped,
    /// One for each input of the plan.
    pub inputs: Vec<InputSummary>,
    /// One for each output of the plan.
    pub outputs: Vec<OutputSummary>,
    /// The packed values themselves.
    pub samples: Samples,
}

/// Packed values by column, then by trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// Of the inputs; no columns unless [`Run::keep_samples`].
    pub inputs: Vec<Vec<f64>>,
    /// Of the outputs.
    pub outputs: Vec<Vec<f64>>,
}

/// Runs the trials of a plan and summarises its columns. `engine` evaluates `plan`, with the seed it was made for.
pub fn simulate<E>(
    engine: &E,
    plan: &Plan,
    run: &Run,
    observer: &dyn Observer,
) -> Result<Results, SimulateError>
where
    E: Engine,
    E::Scratch: Send,
{
    at_once(engine, plan, (run, None), observer)
}

/// As [`simulate`], but ends once the precision is reached.
pub fn simulate_until<E>(
    engine: &E,
    plan: &Plan,
    until: &RunUntil,
    observer: &dyn Observer,
) -> Result<Results, SimulateError>
where
    E: Engine,
    E::Scratch: Send,
{
    refusal::check_precision(plan, &until.precision, engine.sampling())?;
    at_once(engine, plan, (&until.run, Some(&until.precision)), observer)
}

/// One slice of as many trials as get done, and its combine.
fn at_once<E>(
    engine: &E,
    plan: &Plan,
    (run, until): (&Run, Option<&Precision>),
    observer: &dyn Observer,
) -> Result<Results, SimulateError>
where
    E: Engine,
    E::Scratch: Send,
{
    let sampling = engine.sampling();
    run.check(plan, sampling)?;
    let all = Slice { run, trials: 0..run.trials };
    let results = threads(run.threads)?.install(|| {
        let (part, stopped) = evaluated(engine, plan, &all, until, observer);
        let done = Run { trials: part.trials().end, ..*run };
        let mut gathered = Gathered::new(plan, &done);
        gathered.push(part).expect("all trials of a run are a slice of it");
        Results { stopped, ..summarised(gathered, &done, sampling) }
    });
    Ok(results)
}

/// The inputs, then the outputs of one trial, packed: the same values as in a run of many.
pub fn evaluate_trial<E: Engine>(engine: &E, plan: &Plan, trial: u64) -> Vec<f64> {
    let mut values = vec![0.0; plan.columns()];
    let mut columns: Vec<&mut [f64]> = values.chunks_mut(1).collect();
    engine.evaluate(&mut engine.scratch(), trial, &mut columns);
    values
}

impl Run {
    /// How many columns keep every trial.
    fn kept_columns(&self, plan: &Plan) -> u64 {
        if self.keep_samples { plan.columns() as u64 } else { u64::from(plan.outputs) }
    }

    /// How many trials of each input are kept: all, or the first ones, which are ranked.
    fn kept_trials_of_inputs(&self, plan: &Plan) -> u64 {
        if self.keep_samples { self.trials } else { self.ranked_trials(plan) }
    }

    /// How many of the first trials are ranked.
    fn ranked_trials(&self, plan: &Plan) -> u64 {
        self.trials.min(ranked_trials(plan.columns()))
    }
}

/// The threads of a run.
fn threads(threads: usize) -> Result<rayon::ThreadPool, NoThreads> {
    let threads = threads.max(1);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("trials-{number}"))
        .build()
        .map_err(|error| NoThreads { threads, reason: error.to_string() })
}

#[cfg(test)]
mod tests;
