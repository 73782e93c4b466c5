//! The arguments of `fermiac lifecycle`.

use clap::{Args, Subcommand};

use super::EnvironmentArguments;

/// The arguments of `fermiac lifecycle`.
#[derive(Debug, Args)]
pub struct LifecycleArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: LifecycleCommand,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with the rules that buckets follow.
#[derive(Debug, Subcommand)]
pub enum LifecycleCommand {
    /// Show the rules that the profile asks for, as JSON that the tools of S3 take; no bucket is asked
    Show,
    /// Have the buckets follow them; rules that are not ours stay
    Apply {
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
}
