//! A distribution as the text that [`Distribution::parse`] reads back.

use std::fmt;

use super::{Distribution, Family};

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.family.signature().name)?;
        write_arguments(&self.family, f)?;
        if let Some(bound) = self.truncate_min {
            write!(f, ", truncate_min={bound}")?;
        }
        if let Some(bound) = self.truncate_max {
            write!(f, ", truncate_max={bound}")?;
        }
        if self.shift != 0.0 {
            write!(f, ", shift={}", self.shift)?;
        }
        f.write_str(")")
    }
}

fn write_arguments(family: &Family, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match family {
        Family::Normal { mean, std_dev } | Family::Lognormal { mean, std_dev } => {
            write!(f, "{mean}, {std_dev}")
        }
        Family::Uniform { min, max } | Family::IntegerUniform { min, max } => write!(f, "{min}, {max}"),
        Family::Triangular { min, mode, max } => write!(f, "{min}, {mode}, {max}"),
        Family::Pert { min, mode, max, lambda } => write!(f, "{min}, {mode}, {max}, lambda={lambda}"),
        Family::Beta { alpha, beta, min, max } => write!(f, "{alpha}, {beta}, min={min}, max={max}"),
        Family::Exponential { mean } => write!(f, "{mean}"),
        Family::Discrete { values, weights } => {
            write_list(values, f)?;
            f.write_str(", ")?;
            write_list(weights, f)
        }
        Family::Bernoulli { p } => write!(f, "{p}"),
        Family::Constant { value } => write!(f, "{value}"),
    }
}

fn write_list(numbers: &[f64], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (place, number) in numbers.iter().enumerate() {
        write!(f, "{}{number}", if place == 0 { "{" } else { ", " })?;
    }
    f.write_str("}")
}
