//! The command line of Fermiac.
//!
//! [`arguments`] says what can be typed. Each command has its room: [`run`] simulates, [`check`] recomputes a
//! workbook and compares, [`inspect`] says what is in it, [`doctor`] what this machine computes with; [`submit`] asks a fleet to simulate; [`roles`] are the processes
//! of a fleet, and what operates it. All of them make one document of plain data, printed as JSON with `--json` and for people otherwise ([`terminal`]). What goes wrong is a [`failure::Failure`], whose
//! kind is the exit code. From a model to its results is the work of [`fermiac_simulation`].
#![forbid(unsafe_code)]

pub mod arguments;
pub mod check;
pub mod doctor;
pub mod document;
pub mod failure;
pub mod inspect;
pub mod roles;
pub mod run;
pub mod submit;
pub mod terminal;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::roles::{Role, play};

/// Reads the arguments of the process, does what they say and gives the exit code: 0 done, 1 failed, 2 wrong
/// usage or a model that is refused.
pub fn command_line() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Inspect(arguments) => inspect::inspect(arguments),
        Command::Doctor(arguments) => doctor::doctor(arguments),
        Command::Dev(arguments) => play(Role::Dev, arguments),
        Command::Api(arguments) => play(Role::Api, arguments),
        Command::Worker(arguments) => play(Role::Worker, arguments),
        Command::Scheduler(arguments) => play(Role::Scheduler, arguments),
        Command::Migrate(arguments) => roles::migrate(arguments),
        Command::Config(arguments) => roles::config(arguments),
        Command::Users(arguments) => roles::users(arguments),
        Command::Retention(arguments) => roles::retention(arguments),
        Command::ReadOnly(arguments) => roles::read_only(arguments),
        Command::Lifecycle(arguments) => roles::lifecycle(arguments),
        Command::Backup(arguments) => roles::backup(arguments),
        Command::Restore(arguments) => roles::restore(arguments),
        Command::Dr(arguments) => roles::recover(arguments),
        Command::Smoke(arguments) => roles::smoke(arguments),
        Command::Submit(arguments) => submit::submit(arguments),
        Command::Jobs(arguments) => roles::jobs(arguments),
        Command::Queues(arguments) => roles::queues(arguments),
        Command::Workers(arguments) => roles::workers(arguments),
        Command::Schedules(arguments) => roles::schedules(arguments),
        Command::Audit(arguments) => roles::audit(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("fermiac: {failure}");
            failure::exit_code(&failure)
        }
    }
}
