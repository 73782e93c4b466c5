//! Which values a run keeps.

use super::Run;
use crate::random::Sampling;
use crate::statistics::rank::ranked_trials;
use fermiac_model::plan::Plan;
use std::ops::Range;

/// A run of so few trials keeps those of its outputs: they take less to keep than to tally.
const FEW_TRIALS: u64 = 1 << 18;

/// Which values are wanted beside the statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// None: memory does not grow with the trials, but for some root of them.
    Nothing,
    /// The first trials of the outputs, as many as are ranked, for a drawing; and all where all are at hand.
    FirstOutputs,
    /// Every trial of the outputs.
    Outputs,
    /// Every trial of inputs and outputs.
    Everything,
}

impl Keep {
    /// Whether every trial of the outputs has to be there in the end.
    fn needs_outputs(self) -> bool {
        matches!(self, Keep::Outputs | Keep::Everything)
    }

    /// As it is, and every trial of the outputs.
    pub(super) fn with_outputs(self) -> Keep {
        if self.needs_outputs() { self } else { Keep::Outputs }
    }
}

/// How many of a run's first trials are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    /// What is wanted in the end.
    pub keep: Keep,
    /// Of each input.
    pub inputs: u64,
    /// Of each output.
    pub outputs: u64,
    /// That are ranked.
    pub ranked: u64,
    /// Whether outputs are tallied, as not all of their trials are kept.
    pub tallied: bool,
}

impl Kept {
    pub fn new(run: &Run, plan: &Plan, sampling: Sampling) -> Kept {
        let ranked = run.trials.min(ranked_trials(plan.columns()));
        let outputs = run.trials.saturating_mul(u64::from(plan.outputs));
        let few = run.trials <= FEW_TRIALS && outputs <= run.max_values;
        // The standard error of trials that are not independent is made from all of them.
        let tallied = !run.keep.needs_outputs() && sampling == Sampling::Random && !few;
        Kept {
            keep: run.keep,
            inputs: if run.keep == Keep::Everything { run.trials } else { ranked },
            outputs: if tallied { ranked } else { run.trials },
            ranked,
            tallied: tallied && ranked < run.trials,
        }
    }

    /// Whether these trials are a slice that holds all that are ranked.
    pub fn ranks_in(self, slice: &Range<u64>) -> bool {
        slice.start == 0 && slice.end >= self.ranked
    }

    /// Without what is kept to be ranked and for nothing else.
    pub fn beyond_ranks(self) -> Kept {
        let are_drawn = self.keep == Keep::FirstOutputs;
        let inputs = if self.keep == Keep::Everything { self.inputs } else { 0 };
        Kept { inputs, outputs: if self.tallied && !are_drawn { 0 } else { self.outputs }, ..self }
    }

    /// Of a run that was ended after so many trials.
    pub fn of_first(self, trials: u64) -> Kept {
        Kept {
            keep: self.keep,
            inputs: self.inputs.min(trials),
            outputs: self.outputs.min(trials),
            ranked: self.ranked.min(trials),
            tallied: self.tallied && self.outputs < trials,
        }
    }
}
