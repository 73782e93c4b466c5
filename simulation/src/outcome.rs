//! What a run came to: the document of `fermiac run --json`, and all that the terminal and the report show.

use std::borrow::Cow;

use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::document::{as_object, from_object};
use crate::{Failure, Sampling};

/// What a run came to. Fields stand in the order of the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How large the model is.
    pub model: ModelSize,
    /// How many trials were simulated.
    pub trials: u64,
    /// The seed.
    pub seed: u64,
    /// How the uniforms were made.
    pub sampling: Sampling,
    /// What computed: `cpu` or `cuda`.
    pub device: Cow<'static, str>,
    /// Why no more trials were simulated.
    pub stopped: Stopped,
    /// How long it took; the one part that differs from run to run.
    pub timing_ms: Timing,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// By canonical cell.
    #[serde(serialize_with = "as_object", deserialize_with = "from_object")]
    pub inputs: Vec<(String, InputOutcome)>,
    /// By canonical cell.
    #[serde(serialize_with = "as_object", deserialize_with = "from_object")]
    pub outputs: Vec<(String, OutputOutcome)>,
}

/// How large the model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSize {
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Formulas that each trial evaluates.
    pub live_formulas: u64,
    /// How many inputs.
    pub inputs: usize,
    /// How many outputs.
    pub outputs: usize,
}

/// Why no more trials were simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// All that were asked for are done.
    Trials,
    /// The precision asked for is reached.
    Precision,
    /// The user interrupted.
    Cancelled,
}

/// Milliseconds, to the microsecond.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Reading the file.
    pub load: f64,
    /// From the workbook to the plan.
    pub compile: f64,
    /// All trials and their statistics.
    pub simulate: f64,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputOutcome {
    /// What it is called.
    pub name: String,
    /// Its distribution as written.
    pub distribution: String,
    /// Mean of its draws.
    pub mean: Option<f64>,
    /// Standard deviation of its draws.
    pub std_dev: Option<f64>,
}

/// One output. Statistics are of the trials that came to a number, and `None` where there is no such number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputOutcome {
    /// What it is called.
    pub name: String,
    /// Mean.
    pub mean: Option<f64>,
    /// Standard deviation.
    pub std_dev: Option<f64>,
    /// Skewness.
    pub skewness: Option<f64>,
    /// Kurtosis.
    pub kurtosis: Option<f64>,
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Standard error of the mean.
    pub mean_std_error: Option<f64>,
    /// Trials by kind of error.
    #[serde(serialize_with = "as_object", deserialize_with = "from_object")]
    pub errors: Vec<(Cow<'static, str>, u64)>,
    /// Percentiles, ascending; a key is its percent.
    #[serde(serialize_with = "percentiles", deserialize_with = "read_percentiles")]
    pub percentiles: Vec<(f64, Option<f64>)>,
    /// Counts of values, or nothing where no trial came to a number.
    pub histogram: Histogram,
    /// What drives it, in the order of the inputs.
    pub sensitivity: Vec<Driver>,
    /// For drawings; no part of the document.
    #[serde(skip)]
    pub picture: Picture,
}

/// What drawings of an output are made from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// All but the far tails, which would flatten the rest.
    pub histogram: Histogram,
    /// How many values lie left of it.
    pub below: u64,
    /// How many values lie right of it.
    pub above: u64,
    /// (percent, value), ascending: the cumulative distribution.
    pub quantiles: Vec<(f64, f64)>,
}

/// Counts of values between edges: one more edge than counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Ascending. The last bin holds its upper edge.
    pub edges: Vec<f64>,
    /// How many values lie in each bin.
    pub counts: Vec<u64>,
}

/// How far one input drives an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Driver {
    /// The input's canonical cell.
    pub input: String,
    /// Spearman's rank correlation with the output.
    pub rank_correlation: Option<f64>,
    /// Its part in the variance of the output, 0..=1.
    pub contribution_to_variance: Option<f64>,
}

impl Outcome {
    /// Reads a document, which may come from another machine. It has less to draw from than the run itself had.
    pub fn from_json(bytes: &[u8]) -> Result<Outcome, Failure> {
        let read = serde_json::from_slice::<Outcome>(bytes);
        let mut outcome =
            read.map_err(|error| Failure::Failed(format!("the result is no document of a run: {error}")))?;
        for (_, output) in &mut outcome.outputs {
            let quantiles =
                output.percentiles.iter().filter_map(|(percent, value)| Some((*percent, (*value)?)));
            output.picture = Picture {
                histogram: output.histogram.clone(),
                quantiles: quantiles.collect(),
                ..Picture::default()
            };
        }
        Ok(outcome)
    }

    /// What the input at `cell` is called.
    pub fn input_name<'a>(&'a self, cell: &'a str) -> &'a str {
        let found = self.inputs.iter().find(|(identity, _)| identity == cell);
        found.map_or(cell, |(_, input)| &input.name)
    }
}

impl OutputOutcome {
    /// The kinds of error that came up, and how often.
    pub fn errors_seen(&self) -> impl Iterator<Item = (&str, u64)> + '_ {
        self.errors.iter().filter(|(_, count)| *count > 0).map(|(kind, count)| (kind.as_ref(), *count))
    }

    /// The percentile of `percent`, if it was made.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        self.percentiles.iter().find(|(known, _)| *known == percent)?.1
    }

    /// The `count` strongest drivers, strongest first; those without a correlation are left out.
    pub fn strongest_drivers(&self, count: usize) -> Vec<&Driver> {
        let strength = |driver: &Driver| driver.rank_correlation.unwrap_or(0.0).abs();
        let mut drivers: Vec<&Driver> =
            self.sensitivity.iter().filter(|driver| driver.rank_correlation.is_some()).collect();
        drivers.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        drivers.truncate(count);
        drivers
    }
}

impl Picture {
    /// How many values it is drawn from: all of them, or those of the first trials.
    pub fn values(&self) -> u64 {
        self.histogram.total() + self.below + self.above
    }
}

impl Histogram {
    /// How many values there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

fn percentiles<S: Serializer>(pairs: &[(f64, Option<f64>)], serializer: S) -> Result<S::Ok, S::Error> {
    let pairs: Vec<(String, Option<f64>)> =
        pairs.iter().map(|(percent, value)| (percent.to_string(), *value)).collect();
    as_object(&pairs, serializer)
}

fn read_percentiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(f64, Option<f64>)>, D::Error> {
    let pairs: Vec<(String, Option<f64>)> = from_object(deserializer)?;
    let percent = |(percent, value): (String, _)| Ok((percent.parse().map_err(D::Error::custom)?, value));
    pairs.into_iter().map(percent).collect()
}
