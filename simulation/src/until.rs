//! When to stop early, as people write it: `mean(NPV)+-1%`.

use std::fmt;
use std::str::FromStr;

use fermiac_kernels::simulation::{HalfWidth, Statistic};
use serde::{Deserialize, Serialize};

/// A precision wanted of a statistic of one output, at 95 % confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Until {
    /// What must be known.
    pub statistic: Statistic,
    /// The output, by name or cell.
    pub output: String,
    /// How well.
    pub half_width: HalfWidth,
}

/// Why a text is no [`Until`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UntilError {
    /// Not of the form wanted.
    #[error("write it as 'mean(NPV)+-1%' or 'p95(NPV)+-250'")]
    Form,
    /// A statistic that has no confidence interval here.
    #[error(
        "{0:?} is no statistic whose precision is known; choose mean, std_dev, or a percentile such as p95"
    )]
    Statistic(String),
    /// Zero, negative or no number.
    #[error("the precision {0:?} is not a number above 0")]
    HalfWidth(String),
}

impl FromStr for Until {
    type Err = UntilError;

    fn from_str(text: &str) -> Result<Until, UntilError> {
        let (left, half_width) =
            text.rsplit_once("+-").or_else(|| text.rsplit_once('±')).ok_or(UntilError::Form)?;
        let (statistic, output) = left.trim().split_once('(').ok_or(UntilError::Form)?;
        let output = output.strip_suffix(')').ok_or(UntilError::Form)?.trim();
        if output.is_empty() {
            return Err(UntilError::Form);
        }
        Ok(Until {
            statistic: parse_statistic(statistic.trim())?,
            output: output.to_owned(),
            half_width: parse_half_width(half_width.trim())?,
        })
    }
}

fn parse_statistic(text: &str) -> Result<Statistic, UntilError> {
    let name = text.to_ascii_lowercase();
    match name.as_str() {
        "mean" => return Ok(Statistic::Mean),
        "std_dev" => return Ok(Statistic::StdDev),
        _ => {}
    }
    let percent = name.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
    match percent {
        Some(percent) if percent > 0.0 && percent < 100.0 => Ok(Statistic::Percentile(percent)),
        _ => Err(UntilError::Statistic(text.to_owned())),
    }
}

fn parse_half_width(text: &str) -> Result<HalfWidth, UntilError> {
    let (number, is_percent) = match text.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (text, false),
    };
    let unit = if is_percent { 100.0 } else { 1.0 };
    match number.parse::<f64>().map(|value| value / unit) {
        Ok(value) if value.is_finite() && value > 0.0 => {
            Ok(if is_percent { HalfWidth::Relative(value) } else { HalfWidth::Absolute(value) })
        }
        _ => Err(UntilError::HalfWidth(text.to_owned())),
    }
}

impl TryFrom<String> for Until {
    type Error = UntilError;

    fn try_from(text: String) -> Result<Until, UntilError> {
        text.parse()
    }
}

impl From<Until> for String {
    fn from(until: Until) -> String {
        until.to_string()
    }
}

/// As it is read back to the same precision.
impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.statistic {
            Statistic::Mean => write!(f, "mean")?,
            Statistic::StdDev => write!(f, "std_dev")?,
            Statistic::Percentile(percent) => write!(f, "p{percent}")?,
        }
        write!(f, "({})+-", self.output)?;
        match self.half_width {
            HalfWidth::Absolute(value) => write!(f, "{value}"),
            HalfWidth::Relative(fraction) => write!(f, "{}%", percent_of(fraction)),
        }
    }
}

/// The percent that reads as this fraction: a product and a division each round, so neighbours are tried.
fn percent_of(fraction: f64) -> f64 {
    let near = fraction * 100.0;
    let neighbours = [near, near.next_down(), near.next_up()];
    neighbours.into_iter().find(|percent| percent / 100.0 == fraction).unwrap_or(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_precision_names_its_output_and_how_near() {
        let parse = |text: &str| text.parse::<Until>().unwrap();
        let until = parse("mean(NPV)+-1%");
        assert_eq!((until.statistic, until.half_width), (Statistic::Mean, HalfWidth::Relative(0.01)));
        assert_eq!(until.output, "NPV");
        assert_eq!(parse(" Mean( NPV ) ± 1 %"), until);
        let until = parse("p99.5('a (b)'!B1)+-250");
        assert_eq!(
            (until.statistic, until.half_width),
            (Statistic::Percentile(99.5), HalfWidth::Absolute(250.0))
        );
        assert_eq!(until.output, "'a (b)'!B1");
        assert_eq!(parse("std_dev(x)+-1e-3").statistic, Statistic::StdDev);
    }

    #[test]
    fn what_is_no_precision_is_told_why() {
        for text in ["", "mean", "mean(NPV)", "NPV+-1%", "mean()+-1%", "mean(NPV+-1%"] {
            assert_eq!(text.parse::<Until>(), Err(UntilError::Form), "{text}");
        }
        for name in ["mode", "p", "p0", "p100", "pNaN", "px"] {
            let answer = format!("{name}(NPV)+-1%").parse::<Until>();
            assert_eq!(answer, Err(UntilError::Statistic(name.to_owned())));
        }
        for text in ["mean(NPV)+-0", "mean(NPV)+-x%", "mean(NPV)+--1", "mean(NPV)+-inf", "mean(NPV)+-%"] {
            assert!(matches!(text.parse::<Until>(), Err(UntilError::HalfWidth(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_precision_survives_being_written_down(
            statistic in prop_oneof![Just("mean".to_owned()), Just("std_dev".to_owned()), (0.001..99.9).prop_map(|p| format!("p{p}"))],
            width in prop_oneof![1e-12..1e12f64, (1u32..1000).prop_map(|n| f64::from(n) / 10.0), Just(5e-324), Just(f64::MAX)],
            is_percent: bool,
        ) {
            let unit = if is_percent { "%" } else { "" };
            if let Ok(until) = format!("{statistic}('a (b)'!B1)+-{width}{unit}").parse::<Until>() {
                let written = serde_json::to_string(&until).unwrap();
                prop_assert_eq!(serde_json::from_str::<Until>(&written).unwrap(), until);
            } else {
                prop_assert!(is_percent && width == 5e-324, "only what comes to nothing is refused");
            }
        }
    }
}
