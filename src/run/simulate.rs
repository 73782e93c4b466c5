//! Where the command line meets the compiler and the engine: from a model to an outcome.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use fermiac_kernels::engine::cpu::{CpuEngine, Simd};
use fermiac_kernels::random::Sampling as Sampled;
use fermiac_kernels::simulation::{
    MAX_VALUES, Observer, Precision, Results, Run, RunUntil, Stopped, evaluate_trial, simulate,
    simulate_until,
};
use fermiac_model::compile::{Compiled, Selection, compile};

use super::outcome::{ModelSize, Outcome, Timing};
use super::samples::Samples;
use super::summary::{self, Drawn};
use super::trial::{CellOutcome, TrialOutcome};
use crate::arguments::{Sampling, Until};
use crate::failure::Failure;
use crate::model_file::{ModelFile, milliseconds_since};
use crate::terminal::number;

/// A compiled model, ready to run.
#[derive(Debug)]
pub struct Prepared {
    compiled: Compiled,
    load_ms: f64,
    compile_ms: f64,
}

/// How to run it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request<'a> {
    /// How many trials.
    pub trials: u64,
    /// The seed.
    pub seed: u64,
    /// How the uniforms are made.
    pub sampling: Sampling,
    /// Threads to use.
    pub threads: NonZeroUsize,
    /// When to stop early.
    pub until: Option<&'a Until>,
    /// Whether every trial of the inputs will be asked for.
    pub keep_samples: bool,
    /// Whether the outcome will be drawn.
    pub drawn: Drawn,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Finished {
    /// What it came to.
    pub outcome: Outcome,
    results: Results,
}

impl Prepared {
    /// Compiles `model` for what it says itself, with `said` on top.
    pub fn compile(mut model: ModelFile, said: Selection) -> Result<Prepared, Failure> {
        let started = Instant::now();
        let selection = model.selection.overlaid(said, &model.workbook);
        let compiled = compile(&mut model.workbook, &selection).map_err(Failure::refused)?;
        Ok(Prepared { compiled, load_ms: model.load_ms, compile_ms: milliseconds_since(started) })
    }

    /// One trial by its number, counted from 0.
    pub fn one_trial(&self, trial: u64, seed: u64, sampling: Sampled) -> Result<TrialOutcome, Failure> {
        let values = evaluate_trial(&self.engine(seed, sampling)?, &self.compiled.plan, trial);
        let columns = self.compiled.inputs.iter().chain(&self.compiled.outputs);
        let cells = columns.zip(values);
        let mut cells =
            cells.map(|(column, value)| (column.identity.clone(), CellOutcome::new(&column.name, value)));
        let inputs = cells.by_ref().take(self.compiled.inputs.len()).collect();
        Ok(TrialOutcome { trial, seed, inputs, outputs: cells.collect() })
    }

    /// Runs all trials, or as many as it takes. `observer` hears how many are done and may end the run.
    pub fn simulate(&self, request: &Request<'_>, observer: &dyn Observer) -> Result<Finished, Failure> {
        let started = Instant::now();
        let run = Run {
            trials: request.trials,
            threads: request.threads.get(),
            keep_samples: request.keep_samples,
            max_values: MAX_VALUES,
        };
        let engine = self.engine(request.seed, sampling(request.sampling, request.trials))?;
        let plan = &self.compiled.plan;
        let results = match request.until.map(|until| self.precision(until)).transpose()? {
            None => simulate(&engine, plan, &run, observer),
            Some(precision) => simulate_until(&engine, plan, &RunUntil { run, precision }, observer),
        };
        let results = results.map_err(Failure::refused)?;
        let timing_ms =
            Timing { load: self.load_ms, compile: self.compile_ms, simulate: milliseconds_since(started) };
        Ok(Finished { outcome: self.outcome(request, &results, timing_ms), results })
    }

    fn outcome(&self, request: &Request<'_>, results: &Results, timing_ms: Timing) -> Outcome {
        let compiled = &self.compiled;
        Outcome {
            model: ModelSize {
                cells: compiled.cells,
                formulas: compiled.formulas,
                live_formulas: compiled.live_formulas,
                inputs: compiled.inputs.len(),
                outputs: compiled.outputs.len(),
            },
            trials: results.trials,
            seed: request.seed,
            sampling: request.sampling,
            device: "cpu",
            stopped: summary::stopped(results.stopped),
            timing_ms,
            warnings: self.warnings(request, results),
            inputs: summary::inputs(compiled, results),
            outputs: summary::outputs(compiled, results, request.drawn),
        }
    }

    fn warnings(&self, request: &Request<'_>, results: &Results) -> Vec<String> {
        let mut warnings = summary::warn_of_errors(&self.compiled.outputs, results);
        warnings.extend(self.warn_of_precision(request, results));
        warnings.extend(self.compiled.warnings.iter().cloned());
        warnings.extend(warn_of_sampling(request));
        warnings
    }

    fn warn_of_precision(&self, request: &Request<'_>, results: &Results) -> Option<String> {
        let until = request.until.filter(|_| results.stopped == Stopped::Trials)?;
        let output = self.precision(until).ok()?.output;
        let reached = summary::estimate(until.statistic, &results.samples.outputs[output]);
        let so_far = match reached {
            Some(reached) => format!("half-width {}", number::lone(reached.half_width)),
            None => "too few trials to tell the half-width".to_owned(),
        };
        Some(format!("precision not reached after {}: {so_far}", number::plural(results.trials, "trial")))
    }

    fn engine(&self, seed: u64, sampling: Sampled) -> Result<CpuEngine, Failure> {
        let simd = simd_asked_for()?.map_or_else(Simd::detect, Ok).map_err(Failure::refused)?;
        CpuEngine::build(&self.compiled.plan, seed, sampling, simd).map_err(Failure::refused)
    }

    /// The output of `until` is found by its name or its cell, case aside.
    fn precision(&self, until: &Until) -> Result<Precision, Failure> {
        let wanted = until.output.to_lowercase();
        let outputs = &self.compiled.outputs;
        let mut found = outputs.iter().map(|output| [&output.name, &output.identity]);
        match found.position(|names| names.iter().any(|name| name.to_lowercase() == wanted)) {
            Some(output) => {
                Ok(Precision { output, statistic: until.statistic, half_width: until.half_width })
            }
            None => {
                let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
                let names = names.join(", ");
                Err(Failure::Refused(format!(
                    "--until: there is no output {:?}; there is {names}",
                    until.output
                )))
            }
        }
    }
}

impl Finished {
    /// All inputs and outputs of every trial, if the request was to keep them.
    pub fn samples(&self) -> Samples<'_> {
        let columns = self.outcome.inputs.iter().map(|(cell, _)| cell.as_str());
        let outputs = self.outcome.outputs.iter().map(|(cell, _)| cell.as_str());
        let samples = &self.results.samples;
        Samples {
            columns: columns.chain(outputs).collect(),
            values: samples.inputs.iter().chain(&samples.outputs).map(Vec::as_slice).collect(),
        }
    }
}

/// The vector instructions that the variable `FERMIAC_SIMD` asks for, to compare them or to work around a processor.
fn simd_asked_for() -> Result<Option<Simd>, Failure> {
    match std::env::var("FERMIAC_SIMD").as_deref() {
        Err(_) | Ok("") => Ok(None),
        Ok("avx512") => Ok(Some(Simd::Avx512)),
        Ok("avx2") => Ok(Some(Simd::Avx2)),
        Ok("portable") => Ok(Some(Simd::Portable)),
        Ok(other) => Err(Failure::Refused(format!(
            "FERMIAC_SIMD={other}: it takes avx512, avx2 or portable; unset it to use the best that the processor has"
        ))),
    }
}

/// How a run of so many trials is sampled.
pub fn sampling(sampling: Sampling, trials: u64) -> Sampled {
    match sampling {
        Sampling::Random => Sampled::Random,
        Sampling::Lhs => Sampled::LatinHypercube { trials },
        Sampling::Sobol => Sampled::Sobol,
    }
}

fn warn_of_sampling(request: &Request<'_>) -> Option<String> {
    let sets = sampling(request.sampling, request.trials).replicates()?;
    let reason = if sets == 1 {
        "one Latin hypercube does not tell it; from 256 trials on there are 16"
    } else if request.trials < sets as u64 {
        "there are 16 scramblings of Sobol's sequence, and not one trial of each"
    } else {
        return None;
    };
    Some(format!("the standard error of the mean is unknown: {reason}"))
}

/// A flag that Ctrl-C raises. A second Ctrl-C ends the process at once.
pub fn cancelled_by_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancelled);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(1);
        }
    })
    .map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(cancelled)
}
