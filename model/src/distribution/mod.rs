//! What an uncertain cell is distributed as: `normal(10, 2, truncate_min=0)`.
//!
//! A text is parsed ([`Distribution::parse`]) against the [`signature`] of its family and checked; what comes out is a
//! distribution that can be drawn from. Its [`Distribution::cdf`] and the moments of its family have closed forms.

mod bind;
mod cdf;
mod check;
mod display;
mod identity;
mod moments;
mod parse;
pub mod signature;

pub use cdf::{Side, Window};
pub use identity::identity_hash;
pub use moments::moments_of_logarithm;

use signature::Signature;

/// A family with its parameters, and what is done to its draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// The family and its parameters.
    pub family: Family,
    /// Draws below are impossible: the distribution is conditioned on at least this, before the shift.
    pub truncate_min: Option<f64>,
    /// Draws above are impossible: the distribution is conditioned on at most this, before the shift.
    pub truncate_max: Option<f64>,
    /// Added to every draw, last.
    pub shift: f64,
}

/// Why a distribution is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DistributionError {
    /// The text is not of the form `name(arguments, key=value)`.
    #[error("cannot read {text:?} as a distribution: {reason}; write it like normal(10, 2, truncate_min=0)")]
    Syntax {
        /// The whole text.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// No family of this name.
    #[error("unknown distribution {name:?};{} known are {known}", meant(*.nearest))]
    UnknownFamily {
        /// As written.
        name: String,
        /// The most similar known name, if one is similar at all.
        nearest: Option<&'static str>,
        /// All known names.
        known: String,
    },
    /// The family has no parameter of this name.
    #[error("{family}: unknown parameter {parameter:?}; it is {usage}")]
    UnknownParameter {
        /// The family.
        family: &'static str,
        /// As written.
        parameter: String,
        /// How to write the family.
        usage: String,
    },
    /// A parameter without a default was not given.
    #[error("{family}: {parameter} is missing; it is {usage}")]
    Missing {
        /// The family.
        family: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// How to write the family.
        usage: String,
    },
    /// More arguments without a name than the family has parameters.
    #[error("{family}: {count} arguments are too many; it is {usage}")]
    TooMany {
        /// The family.
        family: &'static str,
        /// How many were given.
        count: usize,
        /// How to write the family.
        usage: String,
    },
    /// A parameter was given twice.
    #[error("{family}: {parameter} is given twice")]
    Duplicate {
        /// The family.
        family: &'static str,
        /// The parameter.
        parameter: &'static str,
    },
    /// A value that its parameter cannot take.
    #[error("{family}: {parameter} must be {must}, got {got}")]
    OutOfRange {
        /// The family.
        family: &'static str,
        /// The parameter.
        parameter: &'static str,
        /// The condition.
        must: String,
        /// The value.
        got: String,
    },
    /// No value of the family lies between the bounds.
    #[error("{family}: truncation to {low}..{high} leaves nothing")]
    NothingLeft {
        /// The family.
        family: &'static str,
        /// The lower bound, or -infinity.
        low: f64,
        /// The upper bound, or infinity.
        high: f64,
    },
}

/// The families, arguments in the documented order.
#[derive(Debug, Clone, PartialEq)]
pub enum Family {
    /// `normal(mean, std_dev)`.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, > 0.
        std_dev: f64,
    },
    /// `lognormal(mean, std_dev)`, the moments of X itself, not of ln X.
    Lognormal {
        /// Mean of X, > 0.
        mean: f64,
        /// Standard deviation of X, > 0.
        std_dev: f64,
    },
    /// `uniform(min, max)`.
    Uniform {
        /// Lower end.
        min: f64,
        /// Upper end, > min.
        max: f64,
    },
    /// `triangular(min, mode, max)`.
    Triangular {
        /// Lower end.
        min: f64,
        /// Mode, min <= mode <= max.
        mode: f64,
        /// Upper end, > min.
        max: f64,
    },
    /// `pert(min, mode, max, lambda=4)`.
    Pert {
        /// Lower end.
        min: f64,
        /// Mode, min <= mode <= max.
        mode: f64,
        /// Upper end, > min.
        max: f64,
        /// Weight of the mode, > 0.
        lambda: f64,
    },
    /// `beta(alpha, beta, min=0, max=1)`.
    Beta {
        /// First shape, > 0.
        alpha: f64,
        /// Second shape, > 0.
        beta: f64,
        /// Lower end.
        min: f64,
        /// Upper end, > min.
        max: f64,
    },
    /// `exponential(mean)`.
    Exponential {
        /// Mean, > 0.
        mean: f64,
    },
    /// `discrete({values}, {weights})`; weights are scaled to sum 1.
    Discrete {
        /// The values, as given.
        values: Vec<f64>,
        /// Their weights, >= 0, sum > 0.
        weights: Vec<f64>,
    },
    /// `bernoulli(p)`: 1 with probability p, else 0.
    Bernoulli {
        /// Probability, 0..=1.
        p: f64,
    },
    /// `integer_uniform(min, max)`, both ends included.
    IntegerUniform {
        /// Least integer.
        min: f64,
        /// Greatest integer, >= min.
        max: f64,
    },
    /// `constant(value)`.
    Constant {
        /// The value.
        value: f64,
    },
}

impl Family {
    /// The name and parameters of the family.
    pub fn signature(&self) -> &'static Signature {
        let place = match self {
            Family::Normal { .. } => 0,
            Family::Lognormal { .. } => 1,
            Family::Uniform { .. } => 2,
            Family::Triangular { .. } => 3,
            Family::Pert { .. } => 4,
            Family::Beta { .. } => 5,
            Family::Exponential { .. } => 6,
            Family::Discrete { .. } => 7,
            Family::Bernoulli { .. } => 8,
            Family::IntegerUniform { .. } => 9,
            Family::Constant { .. } => 10,
        };
        &signature::SIGNATURES[place]
    }

    /// The shapes, lower end and width of the scaled beta distribution that a pert or beta is.
    pub fn beta_form(&self) -> Option<BetaForm> {
        match *self {
            Family::Pert { min, mode, max, lambda } => {
                let width = max - min;
                let alpha = 1.0 + lambda * ((mode - min) / width);
                let beta = 1.0 + lambda * ((max - mode) / width);
                Some(BetaForm { alpha, beta, min, max })
            }
            Family::Beta { alpha, beta, min, max } => Some(BetaForm { alpha, beta, min, max }),
            _ => None,
        }
    }
}

/// A beta distribution stretched from 0..1 to min..max.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetaForm {
    /// First shape.
    pub alpha: f64,
    /// Second shape.
    pub beta: f64,
    /// Lower end.
    pub min: f64,
    /// Upper end.
    pub max: f64,
}

/// The question that goes with an unknown name.
fn meant(nearest: Option<&'static str>) -> String {
    nearest.map(|nearest| format!(" did you mean {nearest}?")).unwrap_or_default()
}
