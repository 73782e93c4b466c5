//! Many trials of a plan, and what they tell: on one machine at once, or in slices on many.
//!
//! Trials of which values are kept go through in *batches* of whole blocks. Phase one evaluates a batch: threads take
//! *units* of trials and write their results straight to where they stay. Phase two makes the statistics of each of its
//! blocks. Trials of which nothing is kept are *streamed*: a thread evaluates a block and makes its statistics at once,
//! or the engine makes them itself.
//! What is computed of a trial depends on its number alone, of a block on its trials alone, blocks are merged
//! in block order, and all else is counted; so neither the threads nor the sizes of batches and units change a bit of
//! the results.
//!
//! Nor do slices: [`slices`] cuts a run into whole blocks, some of which [`simulate_slice`] evaluates
//! anywhere into a [`SlicePart`], and [`combine()`] makes the results of the parts. [`simulate`] does the same with one
//! slice, which is never copied.

mod batch;
mod columns;
mod combine;
mod kept;
mod origin;
mod part;
mod part_bytes;
mod pilot;
mod precision;
mod refusal;
mod replay;
mod slice;
mod slicing;
mod stream;
mod streamed;
mod tallies;
mod threads;

pub use combine::{CombineError, combine};
pub use kept::Keep;
pub use origin::Origin;
pub use part::{DamagedPart, SlicePart};
pub use pilot::seconds_per_trial;
pub use precision::{Estimate, HalfWidth, Precision, Statistic};
pub use refusal::{NoThreads, SimulateError};
pub use slice::{Slice, SliceError, simulate_slice};
pub use slicing::slices;

use crate::engine::Engine;
use crate::statistics::summary::{InputSummary, OutputSummary};
use combine::{Gathered, summarised};
use fermiac_model::plan::Plan;
use kept::Kept;
use slice::evaluated;
use threads::threads;

/// The usual bound on the values that a run keeps: 2 GiB of them.
pub const MAX_VALUES: u64 = 1 << 28;

/// What to run, at once or in slices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// How many trials, numbered from 0.
    pub trials: u64,
    /// On how many threads; 0 counts as 1. Changes no result.
    pub threads: usize,
    /// Which values are wanted. Changes nothing else of the results.
    pub keep: Keep,
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
    /// Of the inputs; no columns unless [`Keep::Everything`] is wanted.
    pub inputs: Vec<Vec<f64>>,
    /// Of the outputs; no columns if [`Keep::Nothing`] is.
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

/// As [`simulate`], but ends once the precision is reached. Outputs are kept.
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
    // A look at a percentile is a look at all trials so far.
    let keep = until.run.keep.with_outputs();
    at_once(engine, plan, (&Run { keep, ..until.run }, Some(&until.precision)), observer)
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
    run.check(plan, engine.sampling())?;
    let all = Slice { run, trials: 0..run.trials };
    let kept = Kept::new(run, plan, engine.sampling());
    let results = threads(run.threads, engine)?.install(|| {
        let (part, stopped) = evaluated(engine, plan, (&all, kept), until, observer);
        let done = part.trials().end;
        let kept = kept.of_first(done);
        let mut gathered = Gathered::new(plan, done, kept);
        gathered.push(part.without_ranked(kept)).expect("all trials of a run are a slice of it");
        Results { stopped, ..summarised(gathered, engine, plan) }
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

#[cfg(test)]
mod tests;
