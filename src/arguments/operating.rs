//! What those who operate a fleet can ask of its jobs.

use clap::{Args, Subcommand};
use fermiac_fleet::ids::{JobId, SimulationId};
use fermiac_fleet::job::{Kind, State};

use super::EnvironmentArguments;

/// The arguments of `fermiac jobs`.
#[derive(Debug, Args)]
pub struct JobsArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: JobsCommand,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// List them, newest first
    List {
        /// Standing so: scheduled, waiting, ready, running, succeeded, failed or cancelled
        #[arg(long, value_parser = state)]
        state: Option<State>,
        /// Of this kind, such as simulate or slice
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
        /// Of this simulation
        #[arg(long, value_name = "ID")]
        simulation: Option<SimulationId>,
        /// At most so many, up to 1000
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Print one JSON document on standard output and nothing else
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of one, as JSON
    Show {
        /// As `jobs list` shows it
        id: JobId,
    },
    /// Try a dead letter again
    Retry {
        /// As `jobs list --state failed` shows it
        id: JobId,
    },
}

/// The arguments of `fermiac queues`.
#[derive(Debug, Args)]
pub struct QueuesArguments {
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// The arguments of `fermiac workers`.
#[derive(Debug, Args)]
pub struct WorkersArguments {
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

fn state(name: &str) -> Result<State, String> {
    State::named(name).ok_or_else(|| one_of(State::ALL.iter().map(|state| state.name())))
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| one_of(Kind::ALL.iter().map(|kind| kind.name())))
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("write one of {}", names.collect::<Vec<_>>().join(", "))
}

/// The arguments of `fermiac read-only`.
#[derive(Debug, Args)]
pub struct ReadOnlyArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: ReadOnlyCommand,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with the switch.
#[derive(Debug, Subcommand)]
pub enum ReadOnlyCommand {
    /// Refuse requests that write, claim and emit nothing but backups, delete nothing
    On {
        /// Why, for those whose requests are refused
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Go on as usual
    Off,
    /// Say whether it is so, since when and why
    Status,
}
