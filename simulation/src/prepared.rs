//! A compiled model with what is wanted of it, ready to run: at once, or in slices and a combine.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use fermiac_kernels::engine::cuda::OpenGpu;
use fermiac_kernels::simulation::{
    Keep, Observer, Origin, Precision, Results, Run, RunUntil, Slice, SlicePart, combine, evaluate_trial,
    simulate, simulate_slice, simulate_until, slices,
};
use fermiac_model::compile::{Compiled, Selection, compile};

use crate::auto::Wanted;
use crate::engine::{Computer, DeviceEngine, EndsWhenBroken};
use crate::model_file::{self, ModelFile, milliseconds_since};
use crate::outcome::{ModelSize, Outcome, Timing};
use crate::samples::Samples;
use crate::summary::{self, Drawn};
use crate::trial::{CellOutcome, TrialOutcome};
use crate::warnings::warnings;
use crate::{Device, Failure, Settings, SimulationRequest, Until, document};

/// A compiled model with what is wanted of it.
#[derive(Debug)]
pub struct Prepared {
    compiled: Arc<Compiled>,
    settings: Settings,
    computer: Computer,
    /// Made once: the tables of some distributions take longer than thousands of trials.
    engine: OnceLock<DeviceEngine>,
    origin: OnceLock<Origin>,
    load_ms: f64,
    compile_ms: f64,
}

/// How the work of a simulation may be shared out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// By [`Prepared::simulate`] alone: when it stops early is decided by all trials so far.
    AtOnce,
    /// By [`Prepared::simulate_slice`] of each of these trials, in any order and anywhere, and one
    /// [`Prepared::combine`] of the parts.
    Slices(Vec<Range<u64>>),
}

/// A simulation that has ended.
#[derive(Debug)]
pub struct Finished {
    /// What it came to.
    pub outcome: Outcome,
    results: Results,
}

impl Prepared {
    /// Compiles `model` for what it says itself, with `said` on top. The processor computes, unless something else is
    /// asked for.
    pub fn new(mut model: ModelFile, said: Selection, settings: Settings) -> Result<Prepared, Failure> {
        let started = Instant::now();
        let selection = model.selection.overlaid(said, &model.workbook);
        let compiled = compile(&mut model.workbook, &selection).map_err(Failure::refused)?;
        let (computer, compile_ms) = (Computer::Asked(Device::Cpu), milliseconds_since(started));
        Ok(Prepared {
            compiled: Arc::new(compiled),
            settings,
            computer,
            engine: OnceLock::new(),
            origin: OnceLock::new(),
            load_ms: model.load_ms,
            compile_ms,
        })
    }

    /// The same, computed on `device`.
    pub fn on(self, device: Device) -> Prepared {
        Prepared { computer: Computer::Asked(device), engine: OnceLock::new(), ..self }
    }

    /// The same model, computed on `gpu` and on nothing else: should the GPU fail, so does what is computed.
    pub fn on_gpu(&self, gpu: &Arc<OpenGpu>) -> Prepared {
        self.computed_by(Computer::Open(Arc::clone(gpu)))
    }

    /// The same model, computed by the processor.
    fn on_cpu(&self) -> Prepared {
        self.computed_by(Computer::Asked(Device::Cpu))
    }

    fn computed_by(&self, computer: Computer) -> Prepared {
        Prepared {
            compiled: Arc::clone(&self.compiled),
            settings: self.settings.clone(),
            computer,
            engine: OnceLock::new(),
            origin: self.origin.clone(),
            load_ms: self.load_ms,
            compile_ms: self.compile_ms,
        }
    }

    /// Whether what computes has failed for good: then only the same model anew comes to anything.
    pub fn is_broken(&self) -> bool {
        self.engine.get().is_some_and(DeviceEngine::is_broken)
    }

    /// Compiles the bytes of a workbook or of a JSON model for `request`, and refuses what could not be simulated.
    pub fn compile(model: &[u8], request: &SimulationRequest) -> Result<Prepared, Failure> {
        let model = model_file::read(model)?;
        let prepared = Prepared::new(model, request.selection.clone(), request.settings.clone())?;
        prepared.check()?;
        Ok(prepared)
    }

    /// Refuses what [`Prepared::simulate`] or a slice would refuse, before any trial.
    pub fn check(&self) -> Result<(), Failure> {
        self.engine()?;
        self.precision()?;
        let checked = self.settings.run(1).check(&self.compiled.plan, self.settings.sampled());
        checked.map_err(Failure::refused)
    }

    /// What is wanted.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// About how many bytes it holds: its plan, beside which names are few.
    pub fn bytes(&self) -> usize {
        let plan = &self.compiled.plan;
        size_of_val(plan.instructions.as_slice())
            + size_of_val(plan.arguments.as_slice())
            + size_of_val(plan.constants.as_slice())
    }

    /// One trial by its number, counted from 0.
    pub fn one_trial(&self, trial: u64) -> Result<TrialOutcome, Failure> {
        let values = evaluate_trial(self.engine()?, &self.compiled.plan, trial);
        let columns = self.compiled.inputs.iter().chain(&self.compiled.outputs);
        let cells = columns.zip(values);
        let mut cells =
            cells.map(|(column, value)| (column.identity.clone(), CellOutcome::new(&column.name, value)));
        let inputs = cells.by_ref().take(self.compiled.inputs.len()).collect();
        Ok(TrialOutcome { trial, seed: self.settings.seed, inputs, outputs: cells.collect() })
    }

    /// Runs all trials, or as many as it takes. `observer` hears how many are done and may end the run. What a GPU that
    /// is wrong came to does not count: the processor begins anew, unless this GPU alone is to compute.
    pub fn simulate(
        &self,
        threads: NonZeroUsize,
        drawn: Drawn,
        observer: &dyn Observer,
    ) -> Result<Finished, Failure> {
        let started = Instant::now();
        match (self.simulate_since(started, threads, drawn, observer), &self.computer) {
            (Err(Failure::Device(error)), Computer::Asked(_)) if error.is_wrong() => {
                let mut finished = self.on_cpu().simulate_since(started, threads, drawn, observer)?;
                let warning = format!("{error}; it was all done anew by the processor");
                finished.outcome.warnings.push(warning);
                Ok(finished)
            }
            (finished, _) => finished,
        }
    }

    fn simulate_since(
        &self,
        started: Instant,
        threads: NonZeroUsize,
        drawn: Drawn,
        observer: &dyn Observer,
    ) -> Result<Finished, Failure> {
        let (run, plan) = (self.run(threads, drawn), &self.compiled.plan);
        let engine = self.engine_beside(threads)?;
        let observer = &EndsWhenBroken { engine, observer };
        let results = match self.precision()? {
            None => simulate(engine, plan, &run, observer),
            Some(precision) => simulate_until(engine, plan, &RunUntil { run, precision }, observer),
        };
        let mut finished = self.finished(engine.unless_broken(results)?, drawn, started);
        finished.outcome.device = engine.name().into();
        finished.outcome.warnings.extend(engine.warning());
        Ok(finished)
    }

    /// How the work may be shared out between so many workers of one thread each. Some trials may be timed.
    pub fn work(&self, workers: usize) -> Result<Work, Failure> {
        if self.settings.until.is_some() {
            return Ok(Work::AtOnce);
        }
        let (engine, run) = (self.engine()?, self.settings.run(1));
        Ok(Work::Slices(slices(engine, &self.compiled.plan, &run, workers)))
    }

    /// Runs the trials of one slice. `observer` counts them, and may cancel.
    pub fn simulate_slice(
        &self,
        trials: Range<u64>,
        threads: NonZeroUsize,
        observer: &dyn Observer,
    ) -> Result<SlicePart, Failure> {
        self.refuse_slices_of_precision()?;
        let (engine, run) = (self.engine()?, self.settings.run(threads.get()));
        let slice = Slice { run: &run, trials };
        let observer = &EndsWhenBroken { engine, observer };
        engine.unless_broken(simulate_slice(engine, &self.compiled.plan, &slice, observer))
    }

    /// Where parts of its slices come from, wherever they are made.
    pub fn origin(&self) -> Result<Origin, Failure> {
        if let Some(origin) = self.origin.get() {
            return Ok(*origin);
        }
        let (run, drawn) = (self.settings.run(1), (self.settings.seed, self.settings.sampled()));
        let made = Origin::of(&self.compiled.plan, &run, drawn).map_err(Failure::refused)?;
        Ok(*self.origin.get_or_init(|| made))
    }

    /// What all slices came to, from their parts in order of trials: the same bytes, but for the timing, as if it had
    /// been simulated at once without a drawing. Only one part is held at a time beside the values that are kept.
    pub fn combine(
        &self,
        threads: NonZeroUsize,
        parts: impl IntoIterator<Item = Result<SlicePart, Failure>>,
    ) -> Result<Finished, Failure> {
        self.refuse_slices_of_precision()?;
        let started = Instant::now();
        let (engine, run) = (self.engine()?, self.run(threads, Drawn::No));
        let results = combine(engine, &self.compiled.plan, &run, parts);
        let mut finished = self.finished(engine.unless_broken(results)?, Drawn::No, started);
        finished.outcome.device = engine.name().into();
        Ok(finished)
    }

    /// The run of the kernels; a drawing looks at some trials of the outputs.
    fn run(&self, threads: NonZeroUsize, drawn: Drawn) -> Run {
        let run = self.settings.run(threads.get());
        let keep =
            if drawn == Drawn::Yes && run.keep == Keep::Nothing { Keep::FirstOutputs } else { run.keep };
        Run { keep, ..run }
    }

    fn refuse_slices_of_precision(&self) -> Result<(), Failure> {
        match self.settings.until {
            Some(_) => Err(Failure::refused("until: a simulation that stops early has no slices")),
            None => Ok(()),
        }
    }

    fn finished(&self, results: Results, drawn: Drawn, started: Instant) -> Finished {
        let simulate = milliseconds_since(started);
        let timing_ms = Timing { load: self.load_ms, compile: self.compile_ms, simulate };
        Finished { outcome: self.outcome(&results, drawn, timing_ms), results }
    }

    fn outcome(&self, results: &Results, drawn: Drawn, timing_ms: Timing) -> Outcome {
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
            seed: self.settings.seed,
            sampling: self.settings.sampling,
            device: "cpu".into(),
            stopped: summary::stopped(results.stopped),
            timing_ms,
            warnings: warnings(compiled, &self.settings, results, self.precision().ok().flatten()),
            inputs: summary::inputs(compiled, results),
            outputs: summary::outputs(compiled, results, drawn),
        }
    }

    fn engine(&self) -> Result<&DeviceEngine, Failure> {
        self.engine_beside(NonZeroUsize::MIN)
    }

    /// The engine, which may be a GPU's if the processor would take long with so many threads.
    fn engine_beside(&self, threads: NonZeroUsize) -> Result<&DeviceEngine, Failure> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let (plan, sampling) = (&self.compiled.plan, self.settings.sampled());
        let Settings { seed, trials, .. } = self.settings;
        let wanted = Wanted { plan, seed, sampling, trials: trials.count(), threads };
        let made = DeviceEngine::new(wanted, &self.computer)?;
        Ok(self.engine.get_or_init(|| made))
    }

    fn precision(&self) -> Result<Option<Precision>, Failure> {
        self.settings.until.as_ref().map(|until| self.precision_of(until)).transpose()
    }

    /// The output of `until` is found by its name or its cell, case aside.
    fn precision_of(&self, until: &Until) -> Result<Precision, Failure> {
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
                    "until: there is no output {:?}; there is {names}",
                    until.output
                )))
            }
        }
    }
}

impl Finished {
    /// The document: what `fermiac run --json` prints, to the byte.
    pub fn document(&self) -> Result<String, Failure> {
        document::json(&self.outcome)
    }

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
