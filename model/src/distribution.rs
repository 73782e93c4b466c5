//! What an uncertain cell is distributed as: `normal(10, 2, truncate_min=0)`.

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

/// The stream of an input: a 64-bit hash of its identity.
pub fn identity_hash(identity: &str) -> u64 {
    identity
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
