//! From the statistics of the kernels to the words of the outcome.

use fermiac_kernels::simulation::{Results, Stopped as Ended};
use fermiac_kernels::statistics::histogram::{self, clipped};
use fermiac_kernels::statistics::moments::{BLOCK, Moments};
use fermiac_kernels::statistics::moments_tree::MomentsTree;
use fermiac_kernels::statistics::percentile::percentiles;
use fermiac_kernels::statistics::rank::Sensitivity;
use fermiac_kernels::statistics::summary::OutputSummary;
use fermiac_model::compile::{Column, Compiled};
use fermiac_model::value::ErrorKind;

use crate::outcome::{Driver, Histogram, InputOutcome, OutputOutcome, Picture, Stopped};

/// What a drawing leaves out at each side, in percent: one step of the cumulative distribution.
const TAIL_PERCENT: f64 = 0.5;
/// The most bins of a drawing.
const MOST_BINS: usize = 60;
/// The fewest bins of a drawing.
const FEWEST_BINS: usize = 10;
/// Steps of the cumulative distribution, from 0 to 100 percent.
const QUANTILE_STEPS: u32 = 200;

/// Whether anything will be drawn, which costs a look at many samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// On the terminal or in a report.
    Yes,
    /// The document alone is wanted.
    No,
}

/// Why a run ended.
pub(crate) fn stopped(ended: Ended) -> Stopped {
    match ended {
        Ended::Trials => Stopped::Trials,
        Ended::Precision => Stopped::Precision,
        Ended::Cancelled => Stopped::Cancelled,
    }
}

/// The inputs by canonical cell.
pub(crate) fn inputs(compiled: &Compiled, results: &Results) -> Vec<(String, InputOutcome)> {
    let inputs = compiled.inputs.iter().zip(&results.inputs).map(|(column, summary)| {
        let outcome = InputOutcome {
            name: column.name.clone(),
            distribution: column.distribution.clone(),
            mean: summary.mean,
            std_dev: summary.std_dev,
        };
        (column.identity.clone(), outcome)
    });
    inputs.collect()
}

/// The outputs by canonical cell.
pub(crate) fn outputs(compiled: &Compiled, results: &Results, drawn: Drawn) -> Vec<(String, OutputOutcome)> {
    let samples = results.samples.outputs.iter().filter(|_| drawn == Drawn::Yes);
    let pictures = samples.map(|samples| picture(samples)).chain(std::iter::repeat_with(Picture::default));
    let outputs = compiled.outputs.iter().zip(&results.outputs).zip(pictures);
    let outputs = outputs.map(|((column, summary), picture)| {
        (column.identity.clone(), output(column, summary, picture, &compiled.inputs))
    });
    outputs.collect()
}

fn output(column: &Column, summary: &OutputSummary, picture: Picture, inputs: &[Column]) -> OutputOutcome {
    let driver = |sensitivity: &Sensitivity| Driver {
        input: inputs[sensitivity.input].identity.clone(),
        rank_correlation: sensitivity.rank_correlation,
        contribution_to_variance: sensitivity.contribution_to_variance,
    };
    OutputOutcome {
        name: column.name.clone(),
        mean: summary.mean,
        std_dev: summary.std_dev,
        skewness: summary.skewness,
        kurtosis: summary.kurtosis,
        min: summary.min,
        max: summary.max,
        mean_std_error: summary.mean_std_error,
        errors: ErrorKind::ALL.map(|kind| (kind.as_str().into(), summary.errors.get(kind))).to_vec(),
        percentiles: summary.percentiles.iter().map(|(percent, value)| (*percent, Some(*value))).collect(),
        histogram: histogram(&summary.histogram),
        sensitivity: summary.sensitivity.inputs.iter().map(driver).collect(),
        picture,
    }
}

fn histogram(histogram: &histogram::Histogram) -> Histogram {
    Histogram { edges: histogram.edges.clone(), counts: histogram.counts.clone() }
}

/// Of all samples of an output.
pub(crate) fn moments(samples: &[f64]) -> Moments {
    let mut moments = MomentsTree::default();
    samples.chunks(BLOCK).for_each(|block| moments.push(Moments::of_block(block)));
    moments.total()
}

/// Drawn from these samples, between the percentiles that leave the far tails out.
fn picture(samples: &[f64]) -> Picture {
    let percents: Vec<f64> = (0..=QUANTILE_STEPS).map(|step| f64::from(step) * TAIL_PERCENT).collect();
    let Some(values) = percentiles(samples, &moments(samples), &percents) else { return Picture::default() };
    // Twice the cube root of the count (Rice's rule), so that few trials do not look ragged.
    let bins = (2.0 * (samples.len() as f64).cbrt()) as usize;
    let bins = bins.clamp(FEWEST_BINS, MOST_BINS);
    let clipped = clipped(samples, values[1], values[values.len() - 2], bins);
    Picture {
        histogram: histogram(&clipped.inside),
        below: clipped.below,
        above: clipped.above,
        quantiles: percents.into_iter().zip(values).collect(),
    }
}
