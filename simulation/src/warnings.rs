//! What a user should know of a result beside its numbers.

use fermiac_kernels::simulation::{Precision, Results, Stopped};
use fermiac_kernels::statistics::summary::OutputSummary;
use fermiac_model::compile::{Column, Compiled};
use fermiac_model::value::ErrorKind;

use crate::Settings;
use crate::number::{self, percent};
use crate::summary::moments;

/// More errors than this part of the trials are worth a warning.
const MANY_ERRORS: f64 = 0.1;

/// All of them, of a run that was to stop at `precision` if there is one.
pub(crate) fn warnings(
    compiled: &Compiled,
    settings: &Settings,
    results: &Results,
    precision: Option<Precision>,
) -> Vec<String> {
    let mut warnings = of_errors(&compiled.outputs, results);
    warnings.extend(precision.and_then(|precision| of_precision(&precision, results)));
    warnings.extend(compiled.warnings.iter().cloned());
    warnings.extend(of_sampling(settings));
    warnings
}

/// Of each output with so many errors that the other figures say little.
fn of_errors(outputs: &[Column], results: &Results) -> Vec<String> {
    let warning = |(column, summary): (&Column, &OutputSummary)| {
        let seen: Vec<&str> = ErrorKind::ALL
            .into_iter()
            .filter(|kind| summary.errors.get(*kind) > 0)
            .map(ErrorKind::as_str)
            .collect();
        let errors: u64 = ErrorKind::ALL.into_iter().map(|kind| summary.errors.get(kind)).sum();
        let part = errors as f64 / results.trials as f64;
        (part > MANY_ERRORS).then(|| {
            format!(
                "{} of the trials of {} are errors ({}); its figures describe the rest",
                percent(part),
                column.name,
                seen.join(", ")
            )
        })
    };
    outputs.iter().zip(&results.outputs).filter_map(warning).collect()
}

fn of_precision(precision: &Precision, results: &Results) -> Option<String> {
    if results.stopped != Stopped::Trials {
        return None;
    }
    let samples = &results.samples.outputs[precision.output];
    let so_far = match precision.statistic.estimate(&moments(samples), samples) {
        Some(reached) => format!("half-width {}", number::lone(reached.half_width)),
        None => "too few trials to tell the half-width".to_owned(),
    };
    Some(format!("precision not reached after {}: {so_far}", number::plural(results.trials, "trial")))
}

fn of_sampling(settings: &Settings) -> Option<String> {
    let sets = settings.sampled().replicates()?;
    let reason = if sets == 1 {
        "one Latin hypercube does not tell it; from 256 trials on there are 16"
    } else if settings.trials.count() < sets as u64 {
        "there are 16 scramblings of Sobol's sequence, and not one trial of each"
    } else {
        return None;
    };
    Some(format!("the standard error of the mean is unknown: {reason}"))
}
