//! The arguments of `fermiac audit`.

use clap::{Args, Subcommand};
use fermiac_fleet::audit::Head;

use super::EnvironmentArguments;

/// The arguments of `fermiac audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: AuditCommand,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

/// What to do with the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Show the newest entries
    List {
        /// Only of this action, as the list shows it
        #[arg(long)]
        action: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
    },
    /// Compute every hash again, and print the head; exits 1 where an entry was altered, removed or put in
    Verify {
        /// A head that was printed before: it has to be in the chain still
        #[arg(long, value_name = "NUMBER:HASH")]
        noted: Option<Head>,
    },
}
