//! What cannot run, told before anything does.

use super::kept::{Keep, Kept};
use super::tallies::TALLY_VALUES;
use super::{Precision, Run};
use crate::random::Sampling;
use crate::statistics::moments::BLOCK;
use fermiac_model::plan::Plan;

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
    /// A [`Precision`] names an output that the plan lacks.
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
    /// A [`Precision`] is wanted of stratified trials.
    #[error(
        "a run can stop at a precision only if its trials are independent; use random sampling, or no precision"
    )]
    PrecisionOfStrata,
    /// The system refused the threads.
    #[error(transparent)]
    Threads(#[from] NoThreads),
}

/// The system refused the threads.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot start {threads} threads: {reason}")]
pub struct NoThreads {
    /// As asked for.
    pub threads: usize,
    /// In the system's words.
    pub reason: String,
}

impl Run {
    /// How many columns keep every trial, if outputs do.
    pub(super) fn kept_columns(&self, plan: &Plan) -> u64 {
        if self.keep == Keep::Everything { plan.columns() as u64 } else { u64::from(plan.outputs) }
    }

    /// Refuses a run of `plan` that cannot be, whether at once or in slices.
    pub fn check(&self, plan: &Plan, sampling: Sampling) -> Result<(), SimulateError> {
        if self.trials == 0 {
            return Err(SimulateError::NoTrials);
        }
        let columns = self.kept_columns(plan);
        let largest_trials = self.max_values / columns.max(1);
        let is_tallied = Kept::new(self, plan, sampling).tallied;
        let tallies = u64::from(plan.outputs) * TALLY_VALUES;
        if self.trials > largest_trials && !(is_tallied && tallies <= self.max_values) {
            let (trials, max_values) = (self.trials, self.max_values);
            return Err(SimulateError::TooManyValues { trials, columns, max_values, largest_trials });
        }
        // Every input is ranked over a block at least, and held twice while it is.
        let most_inputs = self.max_values / (2 * BLOCK as u64);
        if plan.draws.len() as u64 > most_inputs {
            return Err(SimulateError::TooManyInputs { inputs: plan.draws.len() as u64, most_inputs });
        }
        match sampling.trials().filter(|sampled| self.trials > *sampled) {
            Some(sampled) => Err(SimulateError::OtherTrials { trials: self.trials, sampled }),
            None => Ok(()),
        }
    }
}

/// Refuses a precision that cannot be judged.
pub(super) fn check_precision(
    plan: &Plan,
    until: &Precision,
    sampling: Sampling,
) -> Result<(), SimulateError> {
    let outputs = plan.outputs as usize;
    if until.output >= outputs {
        return Err(SimulateError::NoSuchOutput { output: until.output, outputs });
    }
    if sampling == Sampling::Random { Ok(()) } else { Err(SimulateError::PrecisionOfStrata) }
}
