//! What is wanted of a model, apart from what the model says itself.

use fermiac_kernels::random;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run};

use crate::{Sampling, Trials, Until};

/// What is wanted of a model. With the model it decides every byte of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How many trials.
    pub trials: Trials,
    /// The seed.
    pub seed: u64,
    /// How the uniforms are made.
    pub sampling: Sampling,
    /// When to stop early.
    pub until: Option<Until>,
    /// Whether every trial of the inputs will be asked for.
    pub keep_samples: bool,
}

impl Settings {
    /// The seed where none is given.
    pub const DEFAULT_SEED: u64 = 1;

    /// The run of the kernels on so many threads.
    pub(crate) fn run(&self, threads: usize) -> Run {
        let keep = if self.keep_samples { Keep::Everything } else { Keep::Nothing };
        Run { trials: self.trials.count(), threads, keep, max_values: MAX_VALUES }
    }

    /// The sampling of the kernels.
    pub(crate) fn sampled(&self) -> random::Sampling {
        self.sampling.of_trials(self.trials.count())
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            trials: Trials::default(),
            seed: Settings::DEFAULT_SEED,
            sampling: Sampling::default(),
            until: None,
            keep_samples: false,
        }
    }
}
