//! What a slice leaves behind for the combine.

use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments_tree::MomentsTree;
use crate::statistics::tally::Tallied;
use std::ops::Range;

/// What was found of the trials of one slice.
///
/// It does not say of which model, seed and sampling: whoever moves parts about must know where they belong.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicePart {
    /// Those of the slice.
    pub(super) trials: Range<u64>,
    /// How many trials of each input are kept: all, or those that are ranked and in this slice.
    pub(super) kept_inputs: usize,
    /// How many trials of each output are kept: all, or as of the inputs.
    pub(super) kept_outputs: usize,
    /// One for each input of the plan.
    pub(super) inputs: Vec<ColumnPart>,
    /// One for each output of the plan.
    pub(super) outputs: Vec<ColumnPart>,
    /// One for each output, over all trials, in a run that does not keep them.
    pub(super) tallies: Option<Vec<Tallied>>,
}

/// One input or output over the trials of a slice.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnPart {
    pub moments: MomentsTree,
    pub errors: ErrorCounts,
    /// The packed values of the first trials, as many as are kept.
    pub kept: Vec<f64>,
}

/// Bytes that are no part of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the part of a slice cannot be read: {0}")]
pub struct DamagedPart(pub(super) &'static str);

impl SlicePart {
    /// The trials that it is of.
    pub fn trials(&self) -> Range<u64> {
        self.trials.clone()
    }

    /// Without what the run will hardly need.
    pub(super) fn narrowed(mut self) -> SlicePart {
        self.tallies.iter_mut().flatten().for_each(Tallied::narrow);
        self
    }
}
