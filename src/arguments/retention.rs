//! The arguments of `fermiac retention`.

use clap::Args;

use super::EnvironmentArguments;

/// The arguments of `fermiac retention`.
#[derive(Debug, Args)]
pub struct RetentionArguments {
    /// Only list and count what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Days to keep workbooks that no simulation reads [default: what the profile's schedule says]
    #[arg(long, value_name = "DAYS")]
    pub uploads_days: Option<u32>,
    /// Days to keep simulations, and the platform's own jobs, that succeeded or were cancelled
    #[arg(long, value_name = "DAYS")]
    pub results_days: Option<u32>,
    /// Days to keep what failed
    #[arg(long, value_name = "DAYS")]
    pub dead_letters_days: Option<u32>,
    /// Delete even though no maintenance window is open
    #[arg(long)]
    pub outside_windows: bool,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}
