//! Evaluating one slice of a run: some blocks of it, one after the other.

use super::batch::Evaluation;
use super::columns::Columns;
use super::kept::Kept;
use super::part::SlicePart;
use super::precision::is_look;
use super::stream::stream;
use super::threads::threads;
use super::{NoThreads, Observer, Precision, Run, SimulateError, Stopped};
use crate::engine::Engine;
use crate::statistics::moments::BLOCK;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// A slice of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<'a> {
    /// The whole.
    pub run: &'a Run,
    /// Which trials of it: from a multiple of 4,096 up to one, or to the last trial of all.
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
    if slice.trials.is_empty() || !is_slice(&slice.trials, slice.run.trials) {
        return Err(SliceError::NoSlice { first, end, trials: slice.run.trials });
    }
    let kept = Kept::new(slice.run, plan, engine.sampling());
    threads(slice.run.threads, engine)?.install(|| {
        match evaluated(engine, plan, (slice, kept), None, observer) {
            (part, Stopped::Trials | Stopped::Precision) => Ok(part.narrowed(kept)),
            (_, Stopped::Cancelled) => Err(SliceError::Cancelled),
        }
    })
}

/// Whether these trials are a slice of so many: whole blocks, of which the last of all may have fewer; or none.
pub(super) fn is_slice(slice: &Range<u64>, trials: u64) -> bool {
    let is_cut = |at: u64| at == trials || at.is_multiple_of(BLOCK as u64);
    slice.start <= slice.end && slice.end <= trials && is_cut(slice.start) && is_cut(slice.end)
}

/// The numbers of the blocks of a slice.
pub(super) fn blocks(slice: &Range<u64>) -> Range<u64> {
    slice.start / BLOCK as u64..slice.end.div_ceil(BLOCK as u64)
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
        if let Some(trials) = columns.next_stream(evaluation.reductions()) {
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
    // What is kept is at hand, so that a thread ranks it while others tally it and stream, and none stands idle for it.
    let tally_and_stream = || {
        columns.tally_kept();
        stream(evaluation, tallies, count, trials.clone())
    };
    let (streamed, sensitivities) = rayon::join(tally_and_stream, || columns.rank());
    let is_whole = streamed.done as u64 == trials.end - trials.start;
    columns.take_streamed(&streamed, sensitivities);
    // What an engine gives up is streamed anew, in another way.
    if is_whole || !evaluation.cancelled() { Stopped::Trials } else { Stopped::Cancelled }
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
    fn slices_are_whole_blocks() {
        let block = BLOCK as u64;
        let is_slice = |first: u64, end: u64| is_slice(&(first..end), 3 * block + 5);
        assert!(is_slice(0, block) && is_slice(block, 3 * block) && is_slice(2 * block, 3 * block + 5));
        assert!(is_slice(3 * block, 3 * block + 5) && is_slice(0, 3 * block + 5));
        assert!(!is_slice(0, 5) && !is_slice(5, block) && !is_slice(2 * block, block));
        assert!(!is_slice(0, 4 * block));
        assert_eq!((blocks(&(block..3 * block)), blocks(&(2 * block..3 * block + 5))), (1..3, 2..4));
    }
}
