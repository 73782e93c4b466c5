//! What a family's parameters must be.

use super::{Distribution, DistributionError, Family};

/// Greater magnitudes are refused: no draw can then leave the range of a double.
const GREATEST: f64 = 1e300;
/// Greater shapes of beta and pert would make the distribution function slow.
const GREATEST_SHAPE: f64 = 1e6;
/// Integers beyond are not all doubles.
const GREATEST_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Refuses what cannot be drawn from.
pub(super) fn check(distribution: &Distribution) -> Result<(), DistributionError> {
    let checker = Checker { family: distribution.family.signature().name };
    checker.family(&distribution.family)?;
    for (name, bound) in
        [("truncate_min", distribution.truncate_min), ("truncate_max", distribution.truncate_max)]
    {
        if let Some(bound) = bound {
            checker.number(name, bound)?;
        }
    }
    checker.number("shift", distribution.shift)?;
    let (low, high) = distribution.bounds();
    if low > high || distribution.window().probability() <= 0.0 {
        return Err(DistributionError::NothingLeft { family: checker.family, low, high });
    }
    Ok(())
}

struct Checker {
    family: &'static str,
}

type Checked = Result<(), DistributionError>;

impl Checker {
    fn family(&self, family: &Family) -> Checked {
        match family {
            Family::Normal { mean, std_dev } => {
                self.number("mean", *mean).and(self.positive("std_dev", *std_dev))
            }
            Family::Lognormal { mean, std_dev } => {
                self.positive("mean", *mean).and(self.positive("std_dev", *std_dev))
            }
            Family::Uniform { min, max } => self.ends(*min, *max),
            Family::Triangular { min, mode, max } => self.ends(*min, *max).and(self.mode(*min, *mode, *max)),
            Family::Pert { min, mode, max, lambda } => {
                self.ends(*min, *max)?;
                self.mode(*min, *mode, *max)?;
                self.shape("lambda", *lambda)
            }
            Family::Beta { alpha, beta, min, max } => {
                self.shape("alpha", *alpha).and(self.shape("beta", *beta)).and(self.ends(*min, *max))
            }
            Family::Exponential { mean } => self.positive("mean", *mean),
            Family::Discrete { values, weights } => self.table(values, weights),
            Family::Bernoulli { p } => self.require("p", *p, (0.0..=1.0).contains(p), "between 0 and 1"),
            Family::IntegerUniform { min, max } => {
                self.integer("min", *min)?;
                self.integer("max", *max)?;
                self.require("max", *max, max >= min, &format!(">= min = {min}"))
            }
            Family::Constant { value } => self.number("value", *value),
        }
    }

    fn require(&self, parameter: &'static str, got: f64, holds: bool, must: &str) -> Checked {
        if holds {
            return Ok(());
        }
        let (must, got) = (must.to_owned(), got.to_string());
        Err(DistributionError::OutOfRange { family: self.family, parameter, must, got })
    }

    fn number(&self, parameter: &'static str, got: f64) -> Checked {
        self.require(parameter, got, got.abs() <= GREATEST, "a number between -1e300 and 1e300")
    }

    fn positive(&self, parameter: &'static str, got: f64) -> Checked {
        self.require(parameter, got, got > 0.0, "> 0").and(self.number(parameter, got))?;
        // A subnormal has lost digits, and its inverse may overflow.
        self.require(parameter, got, got >= 1e-300, "at least 1e-300")
    }

    fn shape(&self, parameter: &'static str, got: f64) -> Checked {
        self.require(parameter, got, got > 0.0, "> 0")?;
        self.require(parameter, got, (1e-3..=GREATEST_SHAPE).contains(&got), "between 0.001 and 1e6")
    }

    fn ends(&self, min: f64, max: f64) -> Checked {
        self.number("min", min).and(self.number("max", max))?;
        self.require("max", max, max > min, &format!("> min = {min}"))
    }

    fn mode(&self, min: f64, mode: f64, max: f64) -> Checked {
        self.require(
            "mode",
            mode,
            min <= mode && mode <= max,
            &format!("between min = {min} and max = {max}"),
        )
    }

    fn integer(&self, parameter: &'static str, got: f64) -> Checked {
        self.require(
            parameter,
            got,
            got.abs() <= GREATEST_INTEGER && got == got.floor(),
            "an integer within 2^53",
        )
    }

    fn table(&self, values: &[f64], weights: &[f64]) -> Checked {
        let out_of_range = |parameter, must: String, got: String| {
            Err(DistributionError::OutOfRange { family: self.family, parameter, must, got })
        };
        if values.is_empty() {
            return out_of_range("values", "at least one number".to_owned(), "none".to_owned());
        }
        if weights.len() != values.len() {
            let must = format!("as many as the {} values", values.len());
            return out_of_range("weights", must, weights.len().to_string());
        }
        for value in values {
            self.number("values", *value)?;
        }
        for weight in weights {
            self.require("weights", *weight, *weight >= 0.0, ">= 0").and(self.number("weights", *weight))?;
        }
        let total: f64 = weights.iter().sum();
        self.require("weights", total, total > 0.0 && total <= GREATEST, "of a sum > 0 and up to 1e300")
    }
}
