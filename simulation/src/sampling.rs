//! How the uniforms behind the draws are made, by name.

use std::fmt;
use std::str::FromStr;

use fermiac_kernels::random;
use serde::{Deserialize, Serialize};

/// How the uniforms behind the draws are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Independently.
    #[default]
    Random,
    /// As a Latin hypercube.
    Lhs,
    /// As a scrambled Sobol sequence.
    Sobol,
}

/// There is no such sampling.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no sampling; choose random, lhs or sobol")]
pub struct UnknownSampling(String);

impl Sampling {
    /// Every one.
    pub const ALL: [Sampling; 3] = [Sampling::Random, Sampling::Lhs, Sampling::Sobol];

    /// What it is called in requests and results.
    pub fn name(self) -> &'static str {
        match self {
            Sampling::Random => "random",
            Sampling::Lhs => "lhs",
            Sampling::Sobol => "sobol",
        }
    }

    /// How a run of so many trials is sampled.
    pub fn of_trials(self, trials: u64) -> random::Sampling {
        match self {
            Sampling::Random => random::Sampling::Random,
            Sampling::Lhs => random::Sampling::LatinHypercube { trials },
            Sampling::Sobol => random::Sampling::Sobol,
        }
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Sampling {
    type Err = UnknownSampling;

    fn from_str(text: &str) -> Result<Sampling, UnknownSampling> {
        let found = Sampling::ALL.into_iter().find(|sampling| sampling.name() == text);
        found.ok_or_else(|| UnknownSampling(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sampling_has_one_name_everywhere() {
        for sampling in Sampling::ALL {
            assert_eq!(sampling.to_string().parse(), Ok(sampling));
            assert_eq!(serde_json::to_value(sampling).unwrap(), sampling.name());
            assert_eq!(serde_json::from_value::<Sampling>(sampling.name().into()).unwrap(), sampling);
        }
        let unknown = "halton".parse::<Sampling>().unwrap_err();
        assert!(unknown.to_string().contains("choose random, lhs or sobol"));
    }
}
