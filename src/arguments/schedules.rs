//! What can be typed after `fermiac schedules`.

use clap::{Args, Subcommand};

use super::EnvironmentArguments;

/// The arguments of `fermiac schedules`.
#[derive(Debug, Args)]
pub struct SchedulesArguments {
    /// What to do; without it, all schedules are listed.
    #[command(subcommand)]
    pub command: Option<SchedulesCommand>,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with a schedule.
#[derive(Debug, Subcommand)]
pub enum SchedulesCommand {
    /// Do one now, whatever its cron says; it is recorded as done by hand
    Run {
        /// Its name in the profile
        name: String,
        /// Delete even though no maintenance window is open
        #[arg(long)]
        outside_windows: bool,
    },
}
