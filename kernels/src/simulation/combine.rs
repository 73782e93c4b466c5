//! From the parts of all slices to the results of the run.

use super::kept::{Keep, Kept};
use super::part::{Column, DamagedPart, SlicePart, ranked};
use super::slice::is_slice;
use super::threads::threads;
use super::{NoThreads, Results, Run, Samples, SimulateError, Stopped, replay};
use crate::engine::Engine;
use crate::memory::zeros;
use crate::random::sampling::REPLICATES;
use crate::statistics::moments::Moments;
use crate::statistics::rank::Sensitivities;
use crate::statistics::replicates::mean_std_error;
use crate::statistics::summary::{HISTOGRAM_BINS, InputSummary, OutputSummary, PERCENTS, Shape};
use crate::statistics::tally::Tallied;
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

/// The results of a run from the parts of its slices, in order: the same to the bit for any slices. `engine` is one
/// such as evaluated them; it evaluates trials again where parts let go of what turns out to be needed. Parts are taken
/// one by one, so that only one is held beside what is kept.
pub fn combine<E, F>(
    engine: &E,
    plan: &Plan,
    run: &Run,
    parts: impl IntoIterator<Item = Result<SlicePart, F>>,
) -> Result<Results, F>
where
    E: Engine,
    E::Scratch: Send,
    F: From<CombineError>,
{
    run.check(plan, engine.sampling()).map_err(CombineError::from)?;
    let mut gathered = Gathered::new(plan, run.trials, Kept::new(run, plan, engine.sampling()));
    for part in parts {
        gathered.push(part?)?;
    }
    let Gathered { done, .. } = gathered;
    if done < run.trials {
        return Err(CombineError::Missing { done, trials: run.trials }.into());
    }
    let threads = threads(run.threads, engine).map_err(CombineError::from)?;
    Ok(threads.install(|| summarised(gathered, engine, plan)))
}

/// The columns of a run, from the parts so far.
pub(super) struct Gathered {
    inputs: Vec<Column>,
    outputs: Vec<Column>,
    /// One for each output, if a part had them: then nothing is kept to be ranked.
    sensitivities: Option<Vec<Sensitivities>>,
    /// One for each output, if not all trials are kept.
    tallies: Vec<Tallied>,
    trials: u64,
    kept: Kept,
    done: u64,
}

impl Gathered {
    pub fn new(plan: &Plan, trials: u64, kept: Kept) -> Gathered {
        let columns = |count: usize| (0..count).map(|_| Column::default()).collect();
        let outputs = plan.outputs as usize;
        Gathered {
            inputs: columns(plan.draws.len()),
            outputs: columns(outputs),
            tallies: (0..if kept.tallied { outputs } else { 0 }).map(|_| Tallied::new()).collect(),
            sensitivities: None,
            trials,
            kept,
            done: 0,
        }
    }

    /// Takes in the part of the next slice.
    pub fn push(&mut self, part: SlicePart) -> Result<(), CombineError> {
        let (first, end) = (part.trials.start, part.trials.end);
        if first != self.done || !is_slice(&part.trials, self.trials) {
            return Err(CombineError::OutOfOrder { expected: self.done, first, end });
        }
        if part.sensitivities.is_some() {
            self.kept = self.kept.beyond_ranks();
        }
        let kept = |kept: u64| kept.min(end).saturating_sub(first) as usize;
        if part.inputs.len() != self.inputs.len()
            || part.outputs.len() != self.outputs.len()
            || part.kept_inputs != kept(self.kept.inputs)
            || part.kept_outputs != kept(self.kept.outputs)
            || part
                .sensitivities
                .as_ref()
                .is_some_and(|found| !self.kept.ranks_in(&part.trials) || found.len() != self.outputs.len())
            || part.tallies.as_ref().map_or(0, Vec::len) < self.tallies.len()
        {
            return Err(CombineError::OtherRun { first });
        }
        for (column, of_part) in self.inputs.iter_mut().zip(part.inputs) {
            take(column, of_part, first as usize, self.kept.inputs as usize);
        }
        for (column, of_part) in self.outputs.iter_mut().zip(part.outputs) {
            take(column, of_part, first as usize, self.kept.outputs as usize);
        }
        for (tallied, of_part) in self.tallies.iter_mut().zip(part.tallies.into_iter().flatten()) {
            take_tallied(tallied, of_part);
        }
        self.sensitivities = self.sensitivities.take().or(part.sensitivities);
        self.done = end;
        Ok(())
    }
}

/// How the numbers of an output lie: from its tally, or from all its trials.
fn shape<E>(
    (output, column, moments): (usize, &Column, &Moments),
    tallied: Option<Tallied>,
    (engine, plan, trials): (&E, &Plan, u64),
) -> Shape
where
    E: Engine,
    E::Scratch: Send,
{
    let Some(mut tallied) = tallied else { return Shape::of(&column.kept, moments) };
    let again = || replay::order_statistics(engine, plan, (trials, output), &PERCENTS);
    Shape {
        percentiles: tallied.order_statistics().unwrap_or_else(again).percentiles(&PERCENTS),
        histogram: tallied.spread.histogram(moments.min, moments.max, HISTOGRAM_BINS),
    }
}

fn take_tallied(tallied: &mut Tallied, of_part: Tallied) {
    let before = std::mem::replace(tallied, Tallied::new());
    if before.segments.count == 0 {
        *tallied = of_part;
    } else {
        *tallied = before.merge(&of_part);
        tallied.narrow();
    }
}

/// Takes in a column of a part from its first trial on. `kept` trials are kept in all: where the part has them
/// all, they are not copied.
fn take(column: &mut Column, part: Column, first: usize, kept: usize) {
    column.moments.append(&part.moments);
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
pub(super) fn summarised<E>(gathered: Gathered, engine: &E, plan: &Plan) -> Results
where
    E: Engine,
    E::Scratch: Send,
{
    let Gathered { inputs, outputs, sensitivities, tallies, kept, trials, .. } = gathered;
    let moments: Vec<Moments> = outputs.iter().map(|column| column.moments.total()).collect();
    let tallies = tallies.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    let shapes: Vec<(usize, Option<Tallied>)> = tallies.take(outputs.len()).enumerate().collect();
    let of_output = |(output, tallied): (usize, Option<Tallied>)| {
        shape((output, &outputs[output], &moments[output]), tallied, (engine, plan, trials))
    };
    let shapes: Vec<Shape> = shapes.into_par_iter().map(of_output).collect();
    let sensitivities = sensitivities.unwrap_or_else(|| ranked(&inputs, &outputs, kept.ranked as usize));
    let of_outputs = moments.iter().zip(&outputs).zip(shapes.into_iter().zip(sensitivities));
    let mut summaries: Vec<OutputSummary> = of_outputs
        .map(|((moments, column), (shape, sensitivity))| {
            OutputSummary::new(moments, column.errors, shape, sensitivity)
        })
        .collect();
    if let Some(sets) = engine.sampling().replicates() {
        correct_errors(&mut summaries, &outputs, sets);
    }
    let of_input = |column: &Column| InputSummary::new(&column.moments.total(), column.errors);
    Results {
        trials,
        stopped: Stopped::Trials,
        inputs: inputs.iter().map(of_input).collect(),
        outputs: summaries,
        samples: Samples {
            inputs: if kept.keep == Keep::Everything { values(inputs) } else { Vec::new() },
            outputs: if kept.keep == Keep::Nothing { Vec::new() } else { values(outputs) },
        },
    }
}

fn values(columns: Vec<Column>) -> Vec<Vec<f64>> {
    columns.into_iter().map(|column| column.kept).collect()
}

/// The standard errors of trials that are not independent, but come in `sets` that are: from the sets' means, and
/// none where there is one set.
fn correct_errors(summaries: &mut [OutputSummary], outputs: &[Column], sets: usize) {
    for (summary, column) in summaries.iter_mut().zip(outputs) {
        let mean = summary.mean.filter(|_| sets == REPLICATES);
        summary.mean_std_error = mean.and_then(|mean| mean_std_error::<REPLICATES>(&column.kept, mean));
    }
}
