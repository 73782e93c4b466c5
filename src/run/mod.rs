//! `fermiac run`: from a model to the distribution of its outputs.
//!
//! The model is opened, compiled and simulated with a bar that shows how far it is ([`progress`]), and what it came
//! to is shown: on the [`terminal`], as JSON, as a page that can be mailed ([`report`]) and trial by trial, in a file
//! ([`destination`]) or one of them ([`trial`]).

pub mod destination;
#[cfg(test)]
mod example;
pub mod progress;
pub mod report;
pub mod terminal;
pub mod trial;

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;

use fermiac_simulation::outcome::{Outcome, Stopped};
use fermiac_simulation::{Device, Drawn, Prepared, model_file};

use crate::arguments::RunArguments;
use crate::document;
use crate::failure::Failure;
use crate::terminal::Screen;
use crate::terminal::number::plural;

/// What the outcome does not say of itself, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The model, as it was named.
    pub file: String,
    /// The program and its version.
    pub version: &'static str,
    /// The threads of this machine, or the server.
    pub computed_by: String,
}

impl Subject {
    /// Of the model in `file`.
    pub fn new(file: &Path, computed_by: String) -> Subject {
        let version = concat!("fermiac ", env!("CARGO_PKG_VERSION"));
        Subject { file: file.display().to_string(), version, computed_by }
    }
}

/// Does what `fermiac run` was asked to do.
pub fn run(arguments: &RunArguments) -> Result<(), Failure> {
    refuse_what_is_missing(arguments)?;
    let asked = &arguments.asked;
    let model = model_file::load(&asked.model)?;
    let prepared = Prepared::new(model, asked.selection()?, asked.settings(arguments.samples.is_some()))?
        .on(device(arguments));
    if let Some(number) = arguments.trial {
        return trial::show(&prepared.one_trial(number)?, arguments.json);
    }
    let threads = threads(arguments.threads);
    let drawn = if arguments.json && arguments.report.is_none() { Drawn::No } else { Drawn::Yes };
    let trials = asked.trials.count();
    let cancelled = progress::cancelled_by_interrupt()?;
    let progress = progress::Progress::start(trials, arguments.json, cancelled);
    let finished = prepared.simulate(threads, drawn, &progress)?;
    progress.finish();

    let subject = Subject::new(&asked.model, plural(threads.get() as u64, "thread"));
    show(&finished.outcome, &subject, arguments.json)?;
    if let Some(path) = &arguments.report {
        report::write(&finished.outcome, &subject, path)?;
        tell_written(path, arguments.json);
    }
    if let Some(path) = &arguments.samples {
        destination::write_samples(&finished.samples(), path)?;
        tell_written(path, arguments.json);
    }
    unless_cancelled(&finished.outcome, trials)
}

fn show(outcome: &Outcome, subject: &Subject, json: bool) -> Result<(), Failure> {
    if json {
        document::print_json(outcome)
    } else {
        document::print(&terminal::write(outcome, subject, Screen::of_stdout()))
    }
}

fn unless_cancelled(outcome: &Outcome, asked: u64) -> Result<(), Failure> {
    match outcome.stopped {
        Stopped::Trials | Stopped::Precision => Ok(()),
        Stopped::Cancelled => Err(Failure::Failed(format!(
            "interrupted after {} of {}; the result above is partial",
            crate::terminal::number::count(outcome.trials),
            plural(asked, "trial"),
        ))),
    }
}

fn tell_written(path: &Path, json: bool) {
    if !json {
        eprintln!("written: {}", path.display());
    }
}

/// What can be typed but is not there, or not together, is refused before anything is read.
fn refuse_what_is_missing(arguments: &RunArguments) -> Result<(), Failure> {
    arguments.asked.refuse_impossible()?;
    refuse_trial_beyond(arguments).and_then(|()| destination::refuse_impossible(arguments))
}

fn refuse_trial_beyond(arguments: &RunArguments) -> Result<(), Failure> {
    let trials = arguments.asked.trials.count();
    match arguments.trial {
        Some(trial) if trial >= trials => Err(Failure::Refused(format!(
            "--trial {trial}: with --trials {trials} there are trials 0 to {}",
            trials - 1
        ))),
        _ => Ok(()),
    }
}

/// One trial is the processor's, however many the run has that it is one of.
fn device(arguments: &RunArguments) -> Device {
    match arguments.device {
        Device::Auto if arguments.trial.is_some() => Device::Cpu,
        device => device,
    }
}

fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}
