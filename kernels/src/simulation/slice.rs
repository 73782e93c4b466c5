//! Evaluating one slice of a run: an aligned run of blocks, as many as a power of two, or up to the last trial.

use super::batch::Evaluation;
use super::columns::Columns;
use super::kept::Kept;
use super::part::SlicePart;
use super::precision::is_look;
use super::stream::stream;
use super::{NoThreads, Observer, Precision, Run, SimulateError, Stopped, threads};
use crate::engine::Engine;
use crate::statistics::moments::BLOCK;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// A slice of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<'a> {
    /// The whole.
    pub run: &'a Run,
    /// Which trials of it: 4,096 * 2^n from a multiple of as many on, or fewer up to the last.
    pub trials: Range<u64>,
}

/// Why there is no part of a slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// The run as a whole cannot be.
    #[error(transparent)]
    Refused(#[from] SimulateError),
    /// These trials are no slice.
    #[error("trials {first} to {end} without the last are no slice of {trials} trials")]
    NoSlice {
        /// The first one.
        first: u64,
        /// The one after the last.
        end: u64,
        /// Of the whole run.
        trials: u64,
    },
    /// The observer cancelled it. What was done of the slice is of no use.
    #[error("the slice was cancelled")]
    Cancelled,
}

impl From<NoThreads> for SliceError {
    fn from(error: NoThreads) -> SliceError {
        SliceError::Refused(error.into())
    }
}

/// Evaluates the trials of a slice. `engine` evaluates `plan`, with the seed and the sampling of the whole run.
/// `observer` counts the trials of this slice.
pub fn simulate_slice<E>(
    engine: &E,
    plan: &Plan,
    slice: &Slice<'_>,
    observer: &dyn Observer,
) -> Result<SlicePart, SliceError>
where
    E: Engine,
    E::Scratch: Send,
{
    slice.run.check(plan, engine.sampling())?;
    let Range { start: first, end } = slice.trials;
    if slice.trials.is_empty() || level(&slice.trials, slice.run.trials).is_none() {
        return Err(SliceError::NoSlice { first, end, trials: slice.run.trials });
    }
    let kept = Kept::new(slice.run, plan, engine.sampling());
    match threads(slice.run.threads)?.install(|| evaluated(engine, plan, (slice, kept), None, observer)) {
        (part, Stopped::Trials | Stopped::Precision) => Ok(part.narrowed()),
        (_, Stopped::Cancelled) => Err(SliceError::Cancelled),
    }
}

/// The level of the node that these trials of so many are in the tree of blocks; none if they are no slice.
pub(super) fn level(slice: &Range<u64>, trials: u64) -> Option<u32> {
    let block = BLOCK as u64;
    let length = slice.end.checked_sub(slice.start).filter(|_| slice.end <= trials)?;
    let level = length.div_ceil(block).next_power_of_two().ilog2();
    let whole = block << level;
    let is_slice = slice.start.is_multiple_of(whole) && (length == whole || slice.end == trials);
    is_slice.then_some(level)
}

/// The part of a slice from its first trial to the last one that was done, on the threads of the caller's pool.
pub(super) fn evaluated<E>(
    engine: &E,
    plan: &Plan,
    (slice, kept): (&Slice<'_>, Kept),
    until: Option<&Precision>,
    observer: &dyn Observer,
) -> (SlicePart, Stopped)
where
    E: Engine,
    E::Scratch: Send,
{
    let mut columns = Columns::new(plan, slice, kept);
    let evaluation = Evaluation::new(engine, observer, rayon::current_num_threads());
    let stopped = run_batches(&evaluation, &mut columns, slice, until);
    (columns.into_part(), stopped)
}

fn run_batches<E>(
    evaluation: &Evaluation<E>,
    columns: &mut Columns,
    slice: &Slice<'_>,
    until: Option<&Precision>,
) -> Stopped
where
    E: Engine,
    E::Scratch: Send,
{
    loop {
        if let Some(trials) = columns.next_stream() {
            if stream_trials(evaluation, columns, trials) == Stopped::Cancelled {
                return Stopped::Cancelled;
            }
            continue;
        }
        let Some(batch) = columns.next_batch(until.is_some()) else { return Stopped::Trials };
        let first_trial = slice.trials.start + batch.start as u64;
        let done = evaluation.evaluate(first_trial, batch.len(), columns.places(&batch));
        columns.take(batch.start..batch.start + done);
        if done < batch.len() {
            return Stopped::Cancelled;
        }
        if until.is_some_and(|until| is_reached(until, columns, slice.run.trials)) {
            return Stopped::Precision;
        }
    }
}

fn stream_trials<E>(evaluation: &Evaluation<E>, columns: &mut Columns, trials: Range<u64>) -> Stopped
where
    E: Engine,
    E::Scratch: Send,
{
    let count = columns.inputs.len() + columns.outputs.len();
    let Some(tallies) = &columns.tallies else { return Stopped::Trials };
    let streamed = stream(evaluation, tallies, count, trials.clone());
    let is_whole = streamed.done as u64 == trials.end - trials.start;
    columns.take_streamed(streamed);
    if is_whole { Stopped::Trials } else { Stopped::Cancelled }
}

fn is_reached(until: &Precision, columns: &Columns, trials: u64) -> bool {
    let done = columns.done();
    let output = &columns.outputs[until.output];
    let looks = is_look(done) && (done as u64) < trials;
    looks && until.is_reached(&output.moments.total(), &output.kept[..done])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_the_nodes_of_the_tree_of_blocks() {
        let block = BLOCK as u64;
        let level = |first: u64, end: u64| level(&(first * block..end * block), 11 * block);
        assert_eq!([level(0, 1), level(6, 8), level(0, 8)], [Some(0), Some(1), Some(3)]);
        // Up to the last block a node may have fewer; but it must be aligned as one of its size is.
        assert_eq!([level(8, 11), level(10, 11), level(0, 11)], [Some(2), Some(0), Some(4)]);
        assert_eq!([level(1, 3), level(4, 7), level(6, 11), level(8, 12)], [None; 4]);
        assert_eq!(super::level(&(0..5), 11), None);
        assert_eq!(super::level(&(block..block + 5), block + 5), Some(0));
        assert_eq!(super::level(&Range { start: 5, end: 3 }, 11), None);
    }
}
