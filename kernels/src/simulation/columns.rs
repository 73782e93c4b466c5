//! Where the values of a slice lie, and what is known of each column so far.

use super::pages::zeros;
use super::part::{ColumnPart, SlicePart};
use super::precision::next_look;
use super::slice::Slice;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::{BLOCK, Moments};
use crate::statistics::moments_tree::MomentsTree;
use fermiac_model::plan::Plan;
use rayon::prelude::*;
use std::ops::Range;

/// A batch holds at most so many values (or one block), so that it stays in a shared cache between its phases.
const BATCH_VALUES: usize = 1 << 19;

/// One input or output.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// The values of the first trials, as many as are kept.
    pub kept: Vec<f64>,
    pub moments: MomentsTree,
    pub errors: ErrorCounts,
}

/// All columns of a slice, trials counted from its first. Outputs keep every trial. Inputs keep the trials that are
/// ranked, or all if asked to; past those each batch overwrites the one before in `passing`.
pub(super) struct Columns {
    pub inputs: Vec<Column>,
    pub outputs: Vec<Column>,
    passing: Vec<f64>,
    first_trial: u64,
    trials: usize,
    kept_inputs: usize,
    batch: usize,
    done: usize,
}

impl Columns {
    pub fn new(plan: &Plan, slice: &Slice<'_>) -> Columns {
        let (inputs, outputs) = (plan.draws.len(), plan.outputs as usize);
        let first_trial = slice.trials.start;
        let trials = (slice.trials.end - first_trial) as usize;
        let kept_inputs = slice.run.kept_trials_of_inputs(plan).saturating_sub(first_trial);
        let kept_inputs = trials.min(kept_inputs as usize);
        let blocks = (BATCH_VALUES / (plan.columns().max(1) * BLOCK)).max(1);
        let batch = (blocks * BLOCK).min(trials);
        let passing = if kept_inputs < trials { batch * inputs } else { 0 };
        let column = |trials: usize| Column { kept: zeros(trials), ..Column::default() };
        Columns {
            inputs: (0..inputs).map(|_| column(kept_inputs)).collect(),
            outputs: (0..outputs).map(|_| column(trials)).collect(),
            passing: vec![0.0; passing],
            first_trial,
            trials,
            kept_inputs,
            batch,
            done: 0,
        }
    }

    /// How many trials are done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The trials of the next batch; none when all are done. It ends where inputs are no longer kept, and, if
    /// there are `looks`, where the next is due.
    pub fn next_batch(&self, looks: bool) -> Option<Range<usize>> {
        let start = self.done;
        let mut end = self.trials.min(start + self.batch);
        if start < self.kept_inputs {
            end = end.min(self.kept_inputs);
        }
        if looks {
            end = end.min(next_look(start));
        }
        (start < end).then_some(start..end)
    }

    /// Where the values of a batch go: inputs, then outputs.
    pub fn places(&mut self, batch: &Range<usize>) -> Vec<&mut [f64]> {
        let mut places: Vec<&mut [f64]> = Vec::with_capacity(self.inputs.len() + self.outputs.len());
        if batch.start < self.kept_inputs {
            places.extend(self.inputs.iter_mut().map(|column| &mut column.kept[batch.clone()]));
        } else {
            places.extend(self.passing.chunks_exact_mut(self.batch).map(|column| &mut column[..batch.len()]));
        }
        places.extend(self.outputs.iter_mut().map(|column| &mut column.kept[batch.clone()]));
        places
    }

    /// Takes in the trials of a batch that were evaluated: makes the moments of its blocks.
    pub fn take(&mut self, evaluated: Range<usize>) {
        let of_columns: Vec<Vec<_>> =
            self.places(&evaluated).into_par_iter().map(|values| of_blocks(values)).collect();
        for (column, blocks) in self.inputs.iter_mut().chain(&mut self.outputs).zip(of_columns) {
            for (moments, errors) in blocks {
                column.moments.push(moments);
                column.errors.merge(&errors);
            }
        }
        self.done = evaluated.end;
    }

    /// What was found of the trials that were done.
    pub fn into_part(self) -> SlicePart {
        let done = self.done;
        let part = |column: Column| {
            let Column { mut kept, moments, errors } = column;
            kept.truncate(done);
            ColumnPart { moments: moments.total(), errors, kept }
        };
        SlicePart {
            trials: self.first_trial..self.first_trial + done as u64,
            kept_inputs: self.kept_inputs.min(done),
            inputs: self.inputs.into_iter().map(part).collect(),
            outputs: self.outputs.into_iter().map(part).collect(),
        }
    }
}

fn of_blocks(values: &[f64]) -> Vec<(Moments, ErrorCounts)> {
    let of_block = |block: &[f64]| {
        let moments = Moments::of_block(block);
        let has_errors = moments.count < block.len() as u64;
        (moments, if has_errors { ErrorCounts::of(block) } else { ErrorCounts::default() })
    };
    values.par_chunks(BLOCK).map(of_block).collect()
}
