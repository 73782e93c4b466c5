//! What can be typed: the commands of `fermiac` and their arguments.

mod audit;
mod backup;
mod disaster;
mod lifecycle;
mod operating;
mod retention;
mod schedules;
mod simulation;
mod smoke;
mod submitting;

pub use audit::{AuditArguments, AuditCommand};
pub use backup::{BackupArguments, BackupCommand, RestoreArguments};
pub use disaster::DisasterArguments;
pub use lifecycle::{LifecycleArguments, LifecycleCommand};
pub use operating::{
    JobsArguments, JobsCommand, QueuesArguments, ReadOnlyArguments, ReadOnlyCommand, WorkersArguments,
};
pub use retention::RetentionArguments;
pub use schedules::{SchedulesArguments, SchedulesCommand};
pub use simulation::SimulationArguments;
pub use smoke::SmokeArguments;
pub use submitting::SubmitArguments;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use fermiac_simulation::Device;

/// Monte Carlo simulation of spreadsheets.
#[derive(Debug, Parser)]
#[command(name = "fermiac", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a workbook or a JSON model and show the distribution of its outputs
    Run(RunArguments),
    /// Recompute every formula cell and compare it with the value stored in the workbook
    Check(CheckArguments),
    /// Say what is in a model: size, sheets, formulas, functions, inputs and outputs, what is unsupported
    Inspect(ModelArguments),
    /// Say what this machine computes with, and why a GPU is not used
    Doctor(DoctorArguments),
    /// The whole system in one process, with nothing installed
    Dev(EnvironmentArguments),
    /// Answer over HTTP
    Api(EnvironmentArguments),
    /// Claim jobs and run them
    Worker(EnvironmentArguments),
    /// Keep the fleet going: rings lost, leases run out, blobs left over
    Scheduler(EnvironmentArguments),
    /// Submit a model to a fleet, and perhaps wait for its result
    Submit(SubmitArguments),
    /// List jobs, show one, try a dead letter again
    Jobs(JobsArguments),
    /// Show what is outstanding, and what of it has been rung
    Queues(QueuesArguments),
    /// List the workers that are alive, and what they compute on
    Workers(WorkersArguments),
    /// Apply the migrations that the database lacks, and show them all
    Migrate(EnvironmentArguments),
    /// Show the settings in force, without what is secret
    Config(EnvironmentArguments),
    /// Add, list and revoke those who may submit
    Users(UsersArguments),
    /// List what happens by the clock, with the next and last ticks, or do one of it now
    Schedules(SchedulesArguments),
    /// List who did what when, or prove that nobody altered it
    Audit(AuditArguments),
    /// Delete uploads, results, jobs and dead letters that were kept long enough, or list them
    Retention(RetentionArguments),
    /// Contain a disaster: let the service be read, and nothing be changed
    ReadOnly(ReadOnlyArguments),
    /// Show the rules that buckets follow by themselves, or have them follow them
    Lifecycle(LifecycleArguments),
    /// Take, list, verify and keep backups; hold a restore drill
    Backup(BackupArguments),
    /// Restore a backup, or rehearse it
    Restore(RestoreArguments),
    /// Bring the service back into another database after a disaster, step by step
    Dr(DisasterArguments),
    /// See whether each part of a system does its work, up to a simulation whose answer is known
    Smoke(SmokeArguments),
}

/// Which settings are in force.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// development, testing, staging or production [default: what ENVIRONMENT says]
    #[arg(long, value_name = "NAME", global = true)]
    pub env: Option<String>,
    /// The folder of NAME.toml, in place of the one that comes with the program
    #[arg(long, value_name = "FOLDER", global = true)]
    pub environments: Option<PathBuf>,
}

/// The arguments of `fermiac users`.
#[derive(Debug, Args)]
pub struct UsersArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: UsersCommand,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with users.
#[derive(Debug, Subcommand)]
pub enum UsersCommand {
    /// Add one and print the API key, once
    Add {
        /// What to call it
        name: String,
        /// It sees everybody's work, and the platform's own
        #[arg(long)]
        operator: bool,
        /// It stands for nobody: `fermiac smoke` submits as such a one, and what it does counts as nobody's work
        #[arg(long, conflicts_with = "operator")]
        synthetic: bool,
    },
    /// List them
    List,
    /// Take a user's key away
    Revoke {
        /// As `users list` shows it
        id: String,
    },
}

/// The arguments of `fermiac check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// An .xlsx or .xlsm workbook
    pub model: PathBuf,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `fermiac inspect`.
#[derive(Debug, Args)]
pub struct ModelArguments {
    /// An .xlsx or .xlsm workbook, or a JSON model
    pub model: PathBuf,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `fermiac doctor`.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}

/// The arguments of `fermiac run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES_OF_RUN)]
pub struct RunArguments {
    /// What is simulated.
    #[command(flatten)]
    pub asked: SimulationArguments,
    /// What computes: auto is a GPU where the processor would be busy for long, cuda the first NVIDIA GPU that can be used, cuda:N GPU N
    #[arg(long, value_name = "auto|cpu|cuda|cuda:N", default_value_t)]
    pub device: Device,
    /// Threads of the processor to use, at most 256 [default: all]
    #[arg(long, value_name = "N", value_parser = thread_count, allow_hyphen_values = true)]
    pub threads: Option<NonZeroUsize>,
    /// Show every input and output of this one trial, counted from 0, and simulate no other
    #[arg(long, value_name = "K", value_parser = whole_number, allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["until", "report", "samples"])]
    pub trial: Option<u64>,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Write a page with charts that needs no other file
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Write every trial's inputs and outputs
    #[arg(long, value_name = "FILE.csv|FILE.parquet")]
    pub samples: Option<PathBuf>,
}

/// The most threads of one run.
const MAX_THREADS: usize = 256;

fn whole_number(text: &str) -> Result<u64, &'static str> {
    text.trim().parse().map_err(|_| "write a whole number from 0 to 18446744073709551615")
}

fn thread_count(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.trim().parse().ok().filter(|count: &NonZeroUsize| count.get() <= MAX_THREADS);
    count.ok_or_else(|| format!("write a whole number from 1 to {MAX_THREADS}"))
}

const EXAMPLES_OF_RUN: &str = "\
Examples:
  fermiac run plan.xlsx --input 'Inputs!B2=normal(10, 2)' --output 'Results!D9=NPV'
  fermiac run model.json --trials 1e6 --report out.html

Inputs and outputs may stand in the model itself: in a sheet named fermiac (columns cell, role,
distribution, name), or in the JSON model.";

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_simulation::Sampling;

    fn run(arguments: &[&str]) -> Result<RunArguments, String> {
        let all = ["fermiac", "run"].iter().chain(arguments);
        match Arguments::try_parse_from(all).map_err(|error| error.to_string())?.command {
            Command::Run(arguments) => Ok(arguments),
            other => unreachable!("run was typed, not {other:?}"),
        }
    }

    #[test]
    fn the_definition_of_the_arguments_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_is_not_said_has_its_documented_default() {
        let arguments = run(&["m.json"]).unwrap();
        assert_eq!(arguments.asked.trials.count(), 10_000);
        assert_eq!(arguments.asked.seed, 1);
        assert_eq!(arguments.asked.sampling, Sampling::Random);
        assert_eq!(arguments.device, Device::Auto);
        assert_eq!(arguments.threads, None);
        assert!(!arguments.json);
    }

    #[test]
    fn inputs_and_outputs_repeat() {
        let arguments = run(&[
            "m.xlsx",
            "--input",
            "A1=normal(1, 2)",
            "--input",
            "B1=uniform(0,1)",
            "--output",
            "C1=NPV",
        ])
        .unwrap();
        assert_eq!(arguments.asked.inputs, ["A1=normal(1, 2)", "B1=uniform(0,1)"]);
        assert_eq!(arguments.asked.outputs, ["C1=NPV"]);
    }

    #[test]
    fn a_wrong_value_is_answered_with_what_would_be_right() {
        let message = run(&["m.xlsx", "--trials", "0"]).unwrap_err();
        assert!(message.contains("at least 1"), "{message}");
        let message = run(&["m.xlsx", "--sampling", "halton"]).unwrap_err();
        assert!(message.contains("random, lhs, sobol"), "{message}");
        let message = run(&["m.xlsx", "--trial", "3", "--report", "r.html"]).unwrap_err();
        assert!(message.contains("cannot be used with"), "{message}");
        for count in ["0", "999", "-1", "x"] {
            let message = run(&["m.xlsx", "--threads", count]).unwrap_err();
            assert!(message.contains("a whole number from 1 to 256"), "{message}");
        }
        for option in ["--seed", "--trial"] {
            for value in ["x", "-5", "1.5"] {
                let message = run(&["m.xlsx", option, value]).unwrap_err();
                assert!(message.contains("write a whole number from 0"), "{message}");
            }
        }
        let message = run(&["m.xlsx", "--trials", "-5"]).unwrap_err();
        assert!(message.contains("at least 1") && !message.contains("tip:"), "{message}");
    }
}
