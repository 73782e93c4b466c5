//! All that is reported of a column.

use super::errors::ErrorCounts;
use super::histogram::Histogram;
use super::moments::Moments;
use super::percentile::percentiles;
use super::rank::Sensitivities;

/// The percents whose percentiles are reported of every output.
pub const PERCENTS: [f64; 9] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0];
/// At most so many bins has the histogram of an output.
pub const HISTOGRAM_BINS: u64 = 64;

/// What is reported of an input. A statistic without a value, for want of numbers or past the range of
/// a double, is none.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSummary {
    /// In how many trials it was a number.
    pub count: u64,
    /// The other trials, by error.
    pub errors: ErrorCounts,
    /// [`Moments::mean`].
    pub mean: Option<f64>,
    /// [`Moments::std_dev`].
    pub std_dev: Option<f64>,
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
}

/// What is reported of an output, over the trials in which it was a number. A statistic without a value is none.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSummary {
    /// In how many trials it was a number.
    pub count: u64,
    /// The other trials, by error.
    pub errors: ErrorCounts,
    /// [`Moments::mean`].
    pub mean: Option<f64>,
    /// [`Moments::std_dev`].
    pub std_dev: Option<f64>,
    /// [`Moments::skewness`].
    pub skewness: Option<f64>,
    /// [`Moments::kurtosis`]: 3 for a normal.
    pub kurtosis: Option<f64>,
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
    /// [`Moments::mean_std_error`], or that of [`super::replicates`] where trials are not independent.
    pub mean_std_error: Option<f64>,
    /// Percent and percentile for each of [`PERCENTS`], exact; empty without numbers.
    pub percentiles: Vec<(f64, f64)>,
    /// From the least number to the greatest; empty without numbers.
    pub histogram: Histogram,
    /// What every input does to this output.
    pub sensitivity: Sensitivities,
}

/// How the numbers of a column lie, as far as it is reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// One for each of [`PERCENTS`]; none without numbers.
    pub percentiles: Option<Vec<f64>>,
    /// As [`Histogram::of`] has it.
    pub histogram: Histogram,
}

impl InputSummary {
    /// The summary of a column from its moments.
    pub fn new(moments: &Moments, errors: ErrorCounts) -> InputSummary {
        InputSummary {
            count: moments.count,
            errors,
            mean: moments.mean(),
            std_dev: moments.std_dev(),
            min: moments.min(),
            max: moments.max(),
        }
    }
}

impl Shape {
    /// Of all samples of a column and their moments.
    pub fn of(samples: &[f64], moments: &Moments) -> Shape {
        Shape {
            percentiles: percentiles(samples, moments, &PERCENTS),
            histogram: Histogram::of(samples, moments.min, moments.max, HISTOGRAM_BINS),
        }
    }
}

impl OutputSummary {
    /// The summary of a column from its moments and its shape.
    pub fn new(
        moments: &Moments,
        errors: ErrorCounts,
        shape: Shape,
        sensitivity: Sensitivities,
    ) -> OutputSummary {
        let values = shape.percentiles.unwrap_or_default();
        OutputSummary {
            count: moments.count,
            errors,
            mean: moments.mean(),
            std_dev: moments.std_dev(),
            skewness: moments.skewness(),
            kurtosis: moments.kurtosis(),
            min: moments.min(),
            max: moments.max(),
            mean_std_error: moments.mean_std_error(),
            percentiles: PERCENTS.into_iter().zip(values).collect(),
            histogram: shape.histogram,
            sensitivity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::{ErrorKind, Value};

    #[test]
    fn a_column_of_errors_has_counts_and_no_numbers() {
        let samples = [Value::Error(ErrorKind::Div0).pack(); 3];
        let (moments, errors) = (Moments::of_block(&samples), ErrorCounts::of(&samples));
        let summary =
            OutputSummary::new(&moments, errors, Shape::of(&samples, &moments), Sensitivities::default());
        assert_eq!((summary.count, summary.errors.get(ErrorKind::Div0)), (0, 3));
        assert_eq!((summary.mean, summary.min, summary.max, summary.std_dev), (None, None, None, None));
        assert!(summary.percentiles.is_empty() && summary.histogram.counts.is_empty());
    }

    #[test]
    fn a_constant_column_has_one_bin_and_no_shape() {
        let samples = [2.0; 10];
        let (moments, errors) = (Moments::of_block(&samples), ErrorCounts::of(&samples));
        let summary =
            OutputSummary::new(&moments, errors, Shape::of(&samples, &moments), Sensitivities::default());
        assert_eq!((summary.std_dev, summary.skewness, summary.mean_std_error), (Some(0.0), None, Some(0.0)));
        assert_eq!((summary.histogram.edges, summary.histogram.counts), (vec![2.0, 2.0], vec![10]));
        assert_eq!(summary.percentiles[4], (50.0, 2.0));
    }
}
