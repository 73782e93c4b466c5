//! What a run came to: the document of `fermiac run --json`, and all that the terminal and the report show.

use serde::Serialize;
use serde::ser::Serializer;

use crate::arguments::Sampling;
use crate::document::as_object;

/// What a run came to. Fields stand in the order of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// How large the model is.
    pub model: ModelSize,
    /// How many trials were simulated.
    pub trials: u64,
    /// The seed.
    pub seed: u64,
    /// How the uniforms were made.
    pub sampling: Sampling,
    /// What computed: `cpu`.
    pub device: &'static str,
    /// Why no more trials were simulated.
    pub stopped: Stopped,
    /// How long it took; the one part that differs from run to run.
    pub timing_ms: Timing,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// By canonical cell.
    #[serde(serialize_with = "as_object")]
    pub inputs: Vec<(String, InputOutcome)>,
    /// By canonical cell.
    #[serde(serialize_with = "as_object")]
    pub outputs: Vec<(String, OutputOutcome)>,
}

/// How large the model is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Reading the file.
    pub load: f64,
    /// From the workbook to the plan.
    pub compile: f64,
    /// All trials and their statistics.
    pub simulate: f64,
}

/// One input.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    #[serde(serialize_with = "as_object")]
    pub errors: Vec<(&'static str, u64)>,
    /// Percentiles, ascending; a key is its percent.
    #[serde(serialize_with = "percentiles")]
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
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Ascending. The last bin holds its upper edge.
    pub edges: Vec<f64>,
    /// How many values lie in each bin.
    pub counts: Vec<u64>,
}

/// How far one input drives an output.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// The input's canonical cell.
    pub input: String,
    /// Spearman's rank correlation with the output.
    pub rank_correlation: Option<f64>,
    /// Its part in the variance of the output, 0..=1.
    pub contribution_to_variance: Option<f64>,
}

impl Outcome {
    /// What the input at `cell` is called.
    pub fn input_name<'a>(&'a self, cell: &'a str) -> &'a str {
        let found = self.inputs.iter().find(|(identity, _)| identity == cell);
        found.map_or(cell, |(_, input)| &input.name)
    }
}

impl OutputOutcome {
    /// The kinds of error that came up, and how often.
    pub fn errors_seen(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.errors.iter().copied().filter(|(_, count)| *count > 0)
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small outcome with everything in it, made up.
    pub(crate) fn example() -> Outcome {
        let driver = |input: &str, rank_correlation, contribution_to_variance| Driver {
            input: input.to_owned(),
            rank_correlation,
            contribution_to_variance,
        };
        let input = |name: &str, distribution: &str, mean, std_dev| InputOutcome {
            name: name.to_owned(),
            distribution: distribution.to_owned(),
            mean: Some(mean),
            std_dev: Some(std_dev),
        };
        Outcome {
            model: ModelSize { cells: 1_024, formulas: 720, live_formulas: 64, inputs: 2, outputs: 1 },
            trials: 1_000,
            seed: 1,
            sampling: Sampling::Random,
            device: "cpu",
            stopped: Stopped::Trials,
            timing_ms: Timing { load: 1.5, compile: 0.25, simulate: 12.0 },
            warnings: vec!["macros are ignored".to_owned()],
            inputs: vec![
                ("Inputs!B1".to_owned(), input("Price", "normal(10, 2)", 10.01, 1.99)),
                ("Inputs!B2".to_owned(), input("Inputs!B2", "uniform(0, 1)", 0.5, 0.29)),
            ],
            outputs: vec![(
                "Results!B1".to_owned(),
                OutputOutcome {
                    name: "NPV".to_owned(),
                    mean: Some(1234.5),
                    std_dev: Some(321.0),
                    skewness: Some(0.125),
                    kurtosis: Some(3.0),
                    min: Some(-200.0),
                    max: Some(2500.0),
                    mean_std_error: Some(10.25),
                    errors: vec![("#DIV/0!", 7), ("#NUM!", 0)],
                    percentiles: vec![(5.0, Some(700.0)), (50.0, Some(1230.0)), (95.0, Some(1760.0))],
                    histogram: Histogram {
                        edges: vec![-200.0, 700.0, 1600.0, 2500.0],
                        counts: vec![43, 850, 100],
                    },
                    sensitivity: vec![
                        driver("Inputs!B1", Some(-0.25), Some(0.0625)),
                        driver("Inputs!B2", Some(0.75), Some(0.9375)),
                    ],
                    picture: Picture {
                        histogram: Histogram {
                            edges: vec![0.0, 500.0, 1000.0, 1500.0, 2000.0],
                            counts: vec![60, 230, 480, 218],
                        },
                        below: 3,
                        above: 2,
                        quantiles: vec![
                            (0.0, -200.0),
                            (5.0, 700.0),
                            (50.0, 1230.0),
                            (95.0, 1760.0),
                            (100.0, 2500.0),
                        ],
                    },
                },
            )],
        }
    }

    #[test]
    fn the_document_has_the_shape_and_order_of_the_contract() {
        let text = serde_json::to_string(&example()).unwrap();
        let expected = concat!(
            r##"{"model":{"cells":1024,"formulas":720,"live_formulas":64,"inputs":2,"outputs":1},"##,
            r##""trials":1000,"seed":1,"sampling":"random","device":"cpu","stopped":"trials","##,
            r##""timing_ms":{"load":1.5,"compile":0.25,"simulate":12.0},"warnings":["macros are ignored"],"##,
            r##""inputs":{"Inputs!B1":{"name":"Price","distribution":"normal(10, 2)","mean":10.01,"std_dev":1.99},"##,
            r##""Inputs!B2":{"name":"Inputs!B2","distribution":"uniform(0, 1)","mean":0.5,"std_dev":0.29}},"##,
            r##""outputs":{"Results!B1":{"name":"NPV","mean":1234.5,"std_dev":321.0,"skewness":0.125,"##,
            r##""kurtosis":3.0,"min":-200.0,"max":2500.0,"mean_std_error":10.25,"##,
            r##""errors":{"#DIV/0!":7,"#NUM!":0},"percentiles":{"5":700.0,"50":1230.0,"95":1760.0},"##,
            r##""histogram":{"edges":[-200.0,700.0,1600.0,2500.0],"counts":[43,850,100]},"##,
            r##""sensitivity":[{"input":"Inputs!B1","rank_correlation":-0.25,"contribution_to_variance":0.0625},"##,
            r##"{"input":"Inputs!B2","rank_correlation":0.75,"contribution_to_variance":0.9375}]}}}"##,
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn where_no_number_exists_there_is_null() {
        let mut outcome = example();
        outcome.outputs[0].1.skewness = None;
        outcome.outputs[0].1.percentiles[0].1 = None;
        let text = serde_json::to_string(&outcome).unwrap();
        assert!(text.contains(r#""skewness":null"#) && text.contains(r#""percentiles":{"5":null"#));
    }

    #[test]
    fn drivers_are_sorted_by_strength_whatever_their_sign() {
        let outcome = example();
        let drivers = outcome.outputs[0].1.strongest_drivers(10);
        assert_eq!(drivers[0].input, "Inputs!B2");
        assert_eq!(outcome.outputs[0].1.strongest_drivers(1).len(), 1);
    }
}
