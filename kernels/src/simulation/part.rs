//! What a slice leaves behind for the combine.

use super::kept::Kept;
#[cfg(doc)]
use super::origin::Origin;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments_tree::MomentsTree;
use crate::statistics::rank::{Sensitivities, sensitivities};
use crate::statistics::tally::Tallied;
use std::ops::Range;

/// What was found of the trials of one slice. Its bytes say of which model, seed and sampling: see [`Origin`].
#[derive(Debug, Clone, PartialEq)]
pub struct SlicePart {
    /// Those of the slice.
    pub(super) trials: Range<u64>,
    /// How many trials of each input are kept: all of the slice, those that are still to be ranked, or none.
    pub(super) kept_inputs: usize,
    /// How many trials of each output are kept: likewise, or those that are to be drawn.
    pub(super) kept_outputs: usize,
    /// One for each input of the plan.
    pub(super) inputs: Vec<Column>,
    /// One for each output of the plan.
    pub(super) outputs: Vec<Column>,
    /// One for each output, if the slice holds all trials that are ranked.
    pub(super) sensitivities: Option<Vec<Sensitivities>>,
    /// One for each output, over all trials, in a run that does not keep them.
    pub(super) tallies: Option<Vec<Tallied>>,
}

/// One input or output over the trials of a slice, or of those that are done so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
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

    /// Without what the run will hardly need. Trials are ranked where they all are: so they need not be sent.
    pub(super) fn narrowed(mut self, kept: Kept) -> SlicePart {
        self.tallies.iter_mut().flatten().for_each(Tallied::narrow);
        if self.sensitivities.is_none() && kept.ranks_in(&self.trials) {
            self.sensitivities = Some(ranked(&self.inputs, &self.outputs, kept.ranked as usize));
        }
        self.without_ranked(kept)
    }

    /// Without the trials that were kept to be ranked and for nothing else, if they have been. `kept` is of the run as far
    /// as it goes.
    pub(super) fn without_ranked(mut self, kept: Kept) -> SlicePart {
        if self.sensitivities.is_none() {
            return self;
        }
        let kept = kept.beyond_ranks();
        let in_slice = |kept: u64| kept.min(self.trials.end) as usize;
        (self.kept_inputs, self.kept_outputs) = (in_slice(kept.inputs), in_slice(kept.outputs));
        self.inputs.iter_mut().for_each(|column| column.kept.truncate(self.kept_inputs));
        self.outputs.iter_mut().for_each(|column| column.kept.truncate(self.kept_outputs));
        self
    }
}

/// The sensitivities over so many of the first trials, which are kept.
pub(super) fn ranked(inputs: &[Column], outputs: &[Column], trials: usize) -> Vec<Sensitivities> {
    let inputs: Vec<&[f64]> = inputs.iter().map(|column| &column.kept[..trials]).collect();
    let outputs: Vec<&[f64]> = outputs.iter().map(|column| &column.kept[..trials]).collect();
    sensitivities(&inputs, &outputs)
}
