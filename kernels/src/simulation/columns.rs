//! Where the values of a slice lie, and what is known of each column so far.

use super::kept::Kept;
use super::part::{self, Column, SlicePart};
use super::precision::next_look;
use super::slice::{Slice, blocks as blocks_of};
use super::streamed::Streamed;
use super::tallies::Tallies;
use crate::engine::Reductions;
use crate::memory::zeros;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::{BLOCK, Moments};
use crate::statistics::moments_tree::MomentsTree;
use crate::statistics::rank::Sensitivities;
use fermiac_model::plan::Plan;
use rayon::prelude::*;
use std::ops::Range;

/// A batch holds at most so many values (or one block), so that it stays in a shared cache between its phases.
const BATCH_VALUES: usize = 1 << 19;
/// All threads together hold at most so many values of blocks that are streamed.
const STREAM_VALUES: usize = 1 << 25;
/// The statistics of at most so many blocks, one of each column, wait to be merged.
const STREAM_STATISTICS: usize = 1 << 14;
/// Those that an engine makes come faster than threads are gathered and sent out again.
const REDUCED_STATISTICS: usize = 1 << 17;

/// Of at most so many outputs the ranks are made while trials are streamed, for which both need memory at a time: 4 bytes a
/// trial that is ranked, 13 if there are errors. More outputs keep all threads busy in the end.
const RANKED_MEANWHILE: usize = 64;

/// What is known of a block of a column.
pub(super) type BlockStatistics = (Moments, ErrorCounts);

/// All columns of a slice, trials counted from its first. The first trials of each column are kept; past those each
/// batch overwrites the one before in `passing`.
pub(super) struct Columns {
    pub inputs: Vec<Column>,
    pub outputs: Vec<Column>,
    /// Where not all trials of the outputs are kept.
    pub tallies: Option<Tallies>,
    /// Once trials were ranked beside the stream.
    sensitivities: Option<Vec<Sensitivities>>,
    /// How many trials are to be ranked so: if this slice holds them all, and outputs are few.
    ranked: Option<usize>,
    passing: Vec<f64>,
    first_trial: u64,
    trials: usize,
    kept_inputs: usize,
    kept_outputs: usize,
    /// Of so many trials that are kept the outputs have been tallied.
    tallied: usize,
    batch: usize,
    done: usize,
}

impl Columns {
    /// To be worked on by the threads of the caller's pool.
    pub fn new(plan: &Plan, slice: &Slice<'_>, kept: Kept) -> Columns {
        let (inputs, outputs) = (plan.draws.len(), plan.outputs as usize);
        let first_trial = slice.trials.start;
        let trials = (slice.trials.end - first_trial) as usize;
        let in_slice = |kept: u64| trials.min(kept.saturating_sub(first_trial) as usize);
        let (kept_inputs, kept_outputs) = (in_slice(kept.inputs), in_slice(kept.outputs));
        let blocks = (BATCH_VALUES / (plan.columns().max(1) * BLOCK)).max(1);
        let moments = MomentsTree::from_block(blocks_of(&slice.trials).start);
        let column = |trials: usize| Column {
            kept: zeros(trials),
            moments: moments.clone(),
            errors: ErrorCounts::default(),
        };
        Columns {
            inputs: (0..inputs).map(|_| column(kept_inputs)).collect(),
            outputs: (0..outputs).map(|_| column(kept_outputs)).collect(),
            tallies: kept.tallied.then(|| Tallies::new(outputs, rayon::current_num_threads())),
            sensitivities: None,
            ranked: (kept.ranks_in(&slice.trials) && outputs <= RANKED_MEANWHILE)
                .then_some(kept.ranked as usize),
            passing: Vec::new(),
            first_trial,
            trials,
            kept_inputs,
            kept_outputs,
            tallied: 0,
            batch: (blocks * BLOCK).min(trials),
            done: 0,
        }
    }

    /// How many trials are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The trials of the next batch; none when all are done. It ends where inputs or outputs are no longer kept, and,
    /// if there are `looks`, where the next is due.
    pub fn next_batch(&self, looks: bool) -> Option<Range<usize>> {
        let start = self.done;
        let mut end = self.trials.min(start + self.batch);
        for kept in [self.kept_inputs, self.kept_outputs] {
            if start < kept {
                end = end.min(kept);
            }
        }
        if looks {
            end = end.min(next_look(start));
        }
        (start < end).then_some(start..end)
    }

    /// The trials that may be streamed now: of which nothing is kept, in blocks that all threads have memory for. Where the
    /// engine reduces them there must have been a batch, which tells where percentiles will be.
    pub fn next_stream(&self, reductions: Option<Reductions>) -> Option<Range<u64>> {
        let columns = (self.inputs.len() + self.outputs.len()).max(1);
        let threads = rayon::current_num_threads();
        let (threads, statistics, has_begun) = match reductions {
            None => (threads, STREAM_STATISTICS, true),
            Some(best) => (threads.min(best.threads), REDUCED_STATISTICS, self.done > 0),
        };
        let fits = columns * BLOCK * threads <= STREAM_VALUES;
        let nothing_is_kept = self.done >= self.kept_inputs.max(self.kept_outputs);
        let is_left = has_begun && self.done < self.trials;
        let is_ready = self.tallies.is_some() && nothing_is_kept && fits && is_left;
        let blocks = (statistics / columns).max(1);
        let end = self.trials.min(self.done + blocks * BLOCK);
        is_ready.then_some(self.first_trial + self.done as u64..self.first_trial + end as u64)
    }

    /// Where the values of a batch go: inputs, then outputs.
    pub fn places(&mut self, batch: &Range<usize>) -> Vec<&mut [f64]> {
        let columns = self.inputs.len() + self.outputs.len();
        if batch.start >= self.kept_inputs.min(self.kept_outputs) {
            self.passing.resize(self.batch * columns, 0.0);
        }
        let mut passing = self.passing.chunks_exact_mut(self.batch);
        let mut places: Vec<&mut [f64]> = Vec::with_capacity(columns);
        for (columns, kept) in [(&mut self.inputs, self.kept_inputs), (&mut self.outputs, self.kept_outputs)]
        {
            if batch.start < kept {
                places.extend(columns.iter_mut().map(|column| &mut column.kept[batch.clone()]));
            } else {
                places.extend(passing.by_ref().take(columns.len()).map(|column| &mut column[..batch.len()]));
            }
        }
        places
    }

    /// Takes in the trials of a batch that were evaluated: makes the statistics of its blocks. Outputs that are kept may be
    /// tallied later.
    pub fn take(&mut self, evaluated: Range<usize>) {
        let tallies = self.tallies.take();
        let tallied_now = tallies.as_ref().filter(|_| evaluated.start >= self.kept_outputs);
        let inputs = self.inputs.len();
        let of_column = |(column, values): (usize, &mut [f64])| {
            let found = of_blocks(values);
            if let (Some(tallies), Some(output)) = (tallied_now, column.checked_sub(inputs)) {
                values.chunks(BLOCK).zip(&found).for_each(|(block, (_, errors))| {
                    tallies.add((0, output), block, errors);
                });
            }
            found
        };
        let of_columns: Vec<Vec<_>> =
            self.places(&evaluated).into_par_iter().enumerate().map(of_column).collect();
        for (column, blocks) in self.inputs.iter_mut().chain(&mut self.outputs).zip(of_columns) {
            blocks.into_iter().for_each(|block| column.push(block));
        }
        self.tallies = tallies;
        self.done = evaluated.end;
    }

    /// Tallies the outputs that are kept and have not been tallied.
    pub fn tally_kept(&self) {
        let Some(tallies) = &self.tallies else { return };
        let trials = self.tallied..self.kept_outputs.min(self.done);
        self.outputs.par_iter().enumerate().for_each(|(output, column)| {
            let blocks = column.kept[trials.clone()].chunks(BLOCK);
            blocks.for_each(|block| tallies.add((0, output), block, &column.errors));
        });
    }

    /// Ranks the trials that are to be ranked beside the stream, unless that was done. All that are kept must be done.
    pub fn rank(&self) -> Option<Vec<Sensitivities>> {
        let ranked = self.ranked.filter(|_| self.sensitivities.is_none())?;
        Some(part::ranked(&self.inputs, &self.outputs, ranked))
    }

    /// Takes in what was streamed, and what was ranked meanwhile. What is kept was tallied.
    pub fn take_streamed(&mut self, streamed: &Streamed, sensitivities: Option<Vec<Sensitivities>>) {
        self.tallied = self.kept_outputs;
        self.sensitivities = self.sensitivities.take().or(sensitivities);
        let columns = self.inputs.par_iter_mut().chain(&mut self.outputs).enumerate();
        columns.for_each(|(place, column)| {
            streamed.moments(place).for_each(|block| column.moments.push(*block));
            streamed.errors(place).for_each(|errors| column.errors.merge(errors));
        });
        self.done += streamed.done;
    }

    /// What was found of the trials that were done.
    pub fn into_part(self) -> SlicePart {
        let done = self.done;
        // A run that was cancelled before needs no tallies.
        if done == self.trials || done > self.kept_outputs {
            self.tally_kept();
        }
        let part = |mut column: Column| {
            column.kept.truncate(done);
            column
        };
        SlicePart {
            trials: self.first_trial..self.first_trial + done as u64,
            kept_inputs: self.kept_inputs.min(done),
            kept_outputs: self.kept_outputs.min(done),
            inputs: self.inputs.into_iter().map(part).collect(),
            outputs: self.outputs.into_iter().map(part).collect(),
            sensitivities: self.sensitivities,
            tallies: self.tallies.map(Tallies::finish),
        }
    }
}

impl Column {
    fn push(&mut self, (moments, errors): BlockStatistics) {
        self.moments.push(moments);
        self.errors.merge(&errors);
    }
}

fn of_blocks(values: &[f64]) -> Vec<BlockStatistics> {
    values.par_chunks(BLOCK).map(of_block).collect()
}

/// The statistics of a block's values.
pub(super) fn of_block(block: &[f64]) -> BlockStatistics {
    let moments = Moments::of_block(block);
    let has_errors = moments.count < block.len() as u64;
    (moments, if has_errors { ErrorCounts::of(block) } else { ErrorCounts::default() })
}
