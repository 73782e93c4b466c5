//! From the parts of all slices to the results of the run.

use super::columns::Column;
use super::pages::zeros;
use super::part::{ColumnPart, DamagedPart, SlicePart};
use super::slice::level;
use super::{NoThreads, Results, Run, Samples, SimulateError, Stopped, threads};
use crate::random::Sampling;
use crate::random::sampling::REPLICATES;
use crate::statistics::rank::sensitivities;
use crate::statistics::replicates::mean_std_error;
use crate::statistics::summary::{InputSummary, OutputSummary};
use fermiac_model::plan::Plan;
use rayon::prelude::*;

/// Why parts make no results.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// The run as a whole cannot be.
    #[error(transparent)]
    Refused(#[from] SimulateError),
    /// A part that cannot be read.
    #[error(transparent)]
    Damaged(#[from] DamagedPart),
    /// A part is missing, or parts are out of order, or one is no slice of the run.
    #[error("the slice from trial {expected} on is wanted, but there is one of trials {first} to {end}")]
    OutOfOrder {
        /// Where the parts so far end.
        expected: u64,
        /// The first trial of the part that came.
        first: u64,
        /// The trial after its last.
        end: u64,
    },
    /// There are fewer parts than slices.
    #[error("the parts end at trial {done} of {trials}")]
    Missing {
        /// How many trials the parts have.
        done: u64,
        /// How many the run has.
        trials: u64,
    },
    /// A part has not the columns of the plan, or did not keep what the run keeps.
    #[error("the part from trial {first} on is not of this run: it has other columns")]
    OtherRun {
        /// The first trial of the part.
        first: u64,
    },
}

impl From<NoThreads> for CombineError {
    fn from(error: NoThreads) -> CombineError {
        CombineError::Refused(error.into())
    }
}

/// The results of a run from the parts of its slices, in order: the same to the bit for any slices. `sampling` is that
/// of the engine that evaluated them. Parts are taken one by one, so that only one is held beside what is kept.
pub fn combine<E: From<CombineError>>(
    plan: &Plan,
    sampling: Sampling,
    run: &Run,
    parts: impl IntoIterator<Item = Result<SlicePart, E>>,
) -> Result<Results, E> {
    run.check(plan, sampling).map_err(CombineError::from)?;
    let mut gathered = Gathered::new(plan, run);
    for part in parts {
        gathered.push(part?)?;
    }
    let Gathered { done, .. } = gathered;
    if done < run.trials {
        return Err(CombineError::Missing { done, trials: run.trials }.into());
    }
    let threads = threads(run.threads).map_err(CombineError::from)?;
    Ok(threads.install(|| summarised(gathered, run, sampling)))
}

/// The columns of a run, from the parts so far.
pub(super) struct Gathered {
    inputs: Vec<Column>,
    outputs: Vec<Column>,
    trials: u64,
    kept_inputs: usize,
    ranked: usize,
    done: u64,
}

impl Gathered {
    pub fn new(plan: &Plan, run: &Run) -> Gathered {
        let columns = |count: usize| (0..count).map(|_| Column::default()).collect();
        Gathered {
            inputs: columns(plan.draws.len()),
            outputs: columns(plan.outputs as usize),
            trials: run.trials,
            kept_inputs: run.kept_trials_of_inputs(plan) as usize,
            ranked: run.ranked_trials(plan) as usize,
            done: 0,
        }
    }

    /// Takes in the part of the next slice.
    pub fn push(&mut self, part: SlicePart) -> Result<(), CombineError> {
        let (first, end) = (part.trials.start, part.trials.end);
        let level = level(&part.trials, self.trials).filter(|_| first == self.done);
        let level = level.ok_or(CombineError::OutOfOrder { expected: self.done, first, end })?;
        let kept_inputs = self.kept_inputs.min(end as usize).saturating_sub(first as usize);
        if part.inputs.len() != self.inputs.len()
            || part.outputs.len() != self.outputs.len()
            || part.kept_inputs != kept_inputs
        {
            return Err(CombineError::OtherRun { first });
        }
        for (column, of_part) in self.inputs.iter_mut().zip(part.inputs) {
            take(column, of_part, (first as usize, level), self.kept_inputs);
        }
        for (column, of_part) in self.outputs.iter_mut().zip(part.outputs) {
            take(column, of_part, (first as usize, level), self.trials as usize);
        }
        self.done = end;
        Ok(())
    }
}

/// Takes in a column of a part from its first trial on, a node of that level. `kept` trials are kept in all: where the
/// part has them all, they are not copied.
fn take(column: &mut Column, part: ColumnPart, (first, level): (usize, u32), kept: usize) {
    column.moments.push_slice(level, part.moments);
    column.errors.merge(&part.errors);
    if part.kept.len() == kept {
        column.kept = part.kept;
        return;
    }
    if first == 0 {
        column.kept = zeros(kept);
    }
    if !part.kept.is_empty() {
        column.kept[first..first + part.kept.len()].copy_from_slice(&part.kept);
    }
}

/// The results of all trials, on the threads of the caller's pool.
pub(super) fn summarised(gathered: Gathered, run: &Run, sampling: Sampling) -> Results {
    let Gathered { inputs, outputs, ranked, .. } = gathered;
    let ranked_inputs: Vec<&[f64]> = inputs.iter().map(|column| &column.kept[..ranked]).collect();
    let ranked_outputs: Vec<&[f64]> = outputs.iter().map(|column| &column.kept[..ranked]).collect();
    let sensitivities = sensitivities(&ranked_inputs, &ranked_outputs);
    let summary = |(column, sensitivity): (&Column, _)| {
        OutputSummary::new(&column.moments.total(), column.errors, &column.kept, sensitivity)
    };
    let mut results = Results {
        trials: run.trials,
        stopped: Stopped::Trials,
        inputs: inputs
            .iter()
            .map(|column| InputSummary::new(&column.moments.total(), column.errors))
            .collect(),
        outputs: outputs.par_iter().zip(sensitivities).map(summary).collect(),
        samples: Samples {
            inputs: if run.keep_samples { kept(inputs) } else { Vec::new() },
            outputs: kept(outputs),
        },
    };
    if let Some(sets) = sampling.replicates() {
        correct_errors(&mut results, sets);
    }
    results
}

fn kept(columns: Vec<Column>) -> Vec<Vec<f64>> {
    columns.into_iter().map(|column| column.kept).collect()
}

/// The standard errors of trials that are not independent, but come in `sets` that are: from the sets' means, and
/// none where there is one set.
fn correct_errors(results: &mut Results, sets: usize) {
    for (output, samples) in results.outputs.iter_mut().zip(&results.samples.outputs) {
        let mean = output.mean.filter(|_| sets == REPLICATES);
        output.mean_std_error = mean.and_then(|mean| mean_std_error::<REPLICATES>(samples, mean));
    }
}
