//! Many trials of a plan on one machine, and what they tell.
//!
//! Trials go through in *batches* of whole blocks. Phase one evaluates a batch: threads take *units* of trials
//! and write their results straight to where they stay. Phase two makes the moments of each of its blocks.
//! What is computed of a trial depends on its number alone, of a block on its trials alone, and blocks are merged
//! in block order; so neither the threads nor the sizes of batches and units change a bit of the results.

mod batch;
mod columns;
mod pages;
mod precision;

pub use precision::{Estimate, HalfWidth, Precision, Statistic};

use crate::engine::Engine;
use crate::random::Sampling;
use crate::random::sampling::REPLICATES;
use crate::statistics::moments::BLOCK;
use crate::statistics::rank::sensitivities;
use crate::statistics::replicates::mean_std_error;
use crate::statistics::summary::{InputSummary, OutputSummary};
use batch::Evaluation;
use columns::{Column, Columns};
use fermiac_model::plan::Plan;
use rayon::prelude::*;

/// The usual bound on the values that a run keeps: 2 GiB of them.
pub const MAX_VALUES: u64 = 1 << 28;

/// What to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// How many trials, numbered from 0.
    pub trials: u64,
    /// On how many threads; 0 counts as 1. Changes no result.
    pub threads: usize,
    /// Whether the samples of inputs are kept too; those of outputs always are.
    pub keep_samples: bool,
    /// At most so many values may be kept, 8 bytes each: trials times kept columns. [`MAX_VALUES`] is usual.
    pub max_values: u64,
    /// When to stop before all trials are done.
    pub until: Option<Precision>,
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
    /// [`Run::until`] was reached.
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

/// Why a run cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulateError {
    /// [`Run::trials`] is 0.
    #[error("a simulation needs at least one trial")]
    NoTrials,
    /// The samples would not fit in the memory allowed.
    #[error(
        "{trials} trials of {columns} kept columns are more than the {max_values} values that may be held in memory; \
         at most {largest_trials} trials fit"
    )]
    TooManyValues {
        /// As asked for.
        trials: u64,
        /// How many columns would be kept.
        columns: u64,
        /// The bound that was given.
        max_values: u64,
        /// The most trials within it.
        largest_trials: u64,
    },
    /// What is kept of each input to rank it would not fit in the memory allowed.
    #[error(
        "{inputs} inputs are more than the {most_inputs} that may be held in memory; name those that matter"
    )]
    TooManyInputs {
        /// How many the plan has.
        inputs: u64,
        /// The most within the bound.
        most_inputs: u64,
    },
    /// [`Run::until`] names an output that the plan lacks.
    #[error(
        "precision is wanted of output {output}, but the outputs are numbered 0 to {outputs} without the last"
    )]
    NoSuchOutput {
        /// As asked for.
        output: usize,
        /// How many outputs there are.
        outputs: usize,
    },
    /// [`Run::trials`] are more than the engine's [`Sampling`] has.
    #[error("{trials} trials are asked for, but the sampling was made for {sampled}")]
    OtherTrials {
        /// As asked for.
        trials: u64,
        /// As the engine was made.
        sampled: u64,
    },
    /// [`Run::until`] with stratified trials.
    #[error(
        "a run can stop at a precision only if its trials are independent; use random sampling, or no precision"
    )]
    PrecisionOfStrata,
    /// The system refused the threads.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// As asked for.
        threads: usize,
        /// In the system's words.
        reason: String,
    },
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
    check(plan, run)?;
    let sampling = engine.sampling();
    check_sampling(sampling, run)?;
    let threads = run.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|number| format!("trials-{number}"))
        .build()
        .map_err(|error| SimulateError::Threads { threads, reason: error.to_string() })?;
    Ok(pool.install(|| {
        let mut columns = Columns::new(plan, run);
        let stopped = run_batches(&Evaluation::new(engine, observer, threads), &mut columns, run);
        let mut results = results(columns, stopped, run.keep_samples);
        if let Some(sets) = sampling.replicates() {
            correct_errors(&mut results, sets);
        }
        results
    }))
}

/// The inputs, then the outputs of one trial, packed: the same values as in a run of many.
pub fn evaluate_trial<E: Engine>(engine: &E, plan: &Plan, trial: u64) -> Vec<f64> {
    let mut values = vec![0.0; plan.columns()];
    let mut columns: Vec<&mut [f64]> = values.chunks_mut(1).collect();
    engine.evaluate(&mut engine.scratch(), trial, &mut columns);
    values
}

fn check(plan: &Plan, run: &Run) -> Result<(), SimulateError> {
    if run.trials == 0 {
        return Err(SimulateError::NoTrials);
    }
    let outputs = plan.outputs as usize;
    if let Some(precision) = run.until.as_ref().filter(|precision| precision.output >= outputs) {
        return Err(SimulateError::NoSuchOutput { output: precision.output, outputs });
    }
    let columns = if run.keep_samples { plan.columns() } else { outputs } as u64;
    let largest_trials = run.max_values / columns.max(1);
    if run.trials > largest_trials {
        let (trials, max_values) = (run.trials, run.max_values);
        return Err(SimulateError::TooManyValues { trials, columns, max_values, largest_trials });
    }
    // Every input is ranked over a block at least, and held twice while it is.
    let most_inputs = run.max_values / (2 * BLOCK as u64);
    if plan.draws.len() as u64 > most_inputs {
        return Err(SimulateError::TooManyInputs { inputs: plan.draws.len() as u64, most_inputs });
    }
    Ok(())
}

fn check_sampling(sampling: Sampling, run: &Run) -> Result<(), SimulateError> {
    if let Some(sampled) = sampling.trials().filter(|sampled| run.trials > *sampled) {
        return Err(SimulateError::OtherTrials { trials: run.trials, sampled });
    }
    if run.until.is_some() && sampling != Sampling::Random {
        return Err(SimulateError::PrecisionOfStrata);
    }
    Ok(())
}

/// The standard errors of trials that are not independent, but come in `sets` that are: from the sets' means, and
/// none where there is one set.
fn correct_errors(results: &mut Results, sets: usize) {
    for (output, samples) in results.outputs.iter_mut().zip(&results.samples.outputs) {
        let mean = output.mean.filter(|_| sets == REPLICATES);
        output.mean_std_error = mean.and_then(|mean| mean_std_error::<REPLICATES>(samples, mean));
    }
}

fn run_batches<E>(evaluation: &Evaluation<E>, columns: &mut Columns, run: &Run) -> Stopped
where
    E: Engine,
    E::Scratch: Send,
{
    while let Some(batch) = columns.next_batch(run.until.is_some()) {
        let done = evaluation.evaluate(batch.clone(), columns.places(&batch));
        columns.take(batch.start..batch.start + done);
        if done < batch.len() {
            return Stopped::Cancelled;
        }
        if run.until.is_some_and(|until| is_reached(&until, columns, run.trials)) {
            return Stopped::Precision;
        }
    }
    Stopped::Trials
}

fn is_reached(until: &Precision, columns: &Columns, trials: u64) -> bool {
    let done = columns.done();
    let output = &columns.outputs[until.output];
    let looks = precision::is_look(done) && (done as u64) < trials;
    looks && until.is_reached(&output.moments.total(), &output.kept[..done])
}

fn results(mut columns: Columns, stopped: Stopped, keep_samples: bool) -> Results {
    columns.truncate();
    let trials = columns.done() as u64;
    let ranked = columns.ranked();
    let Columns { inputs, outputs, .. } = columns;
    let ranked_inputs: Vec<&[f64]> = inputs.iter().map(|column| &column.kept[..ranked]).collect();
    let ranked_outputs: Vec<&[f64]> = outputs.iter().map(|column| &column.kept[..ranked]).collect();
    let sensitivities = sensitivities(&ranked_inputs, &ranked_outputs);
    let summary = |(column, sensitivity): (&Column, _)| {
        OutputSummary::new(&column.moments.total(), column.errors, &column.kept, sensitivity)
    };
    Results {
        trials,
        stopped,
        inputs: inputs
            .iter()
            .map(|column| InputSummary::new(&column.moments.total(), column.errors))
            .collect(),
        outputs: outputs.par_iter().zip(sensitivities).map(summary).collect(),
        samples: Samples {
            inputs: if keep_samples { kept(inputs) } else { Vec::new() },
            outputs: kept(outputs),
        },
    }
}

fn kept(columns: Vec<Column>) -> Vec<Vec<f64>> {
    columns.into_iter().map(|column| column.kept).collect()
}

#[cfg(test)]
mod tests;
