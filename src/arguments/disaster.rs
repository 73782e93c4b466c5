//! The arguments of `fermiac dr`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;

use super::EnvironmentArguments;

/// The arguments of `fermiac dr`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DisasterArguments {
    /// Where every step is written down; one that is there already is gone on with
    #[arg(long, value_name = "FILE")]
    pub journal: PathBuf,
    /// The empty database to restore into, without its password: that comes from PGPASSWORD or PGPASSFILE
    #[arg(long, value_name = "URL")]
    pub into: Option<String>,
    /// What to restore: latest, an instant such as 2026-11-21T06:00:00Z, or a label [default: latest]
    #[arg(long, value_name = "TIME|LABEL")]
    pub to: Option<String>,
    /// When the service was lost [default: now]
    #[arg(long, value_name = "TIME")]
    pub lost_at: Option<DateTime<Utc>>,
    /// How long to wait for the roles to do their work on the restored database
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub wait: u64,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

const EXAMPLES: &str = "\
Examples:
  fermiac dr --env production --journal dr.jsonl --into postgres://fermiac@db2/fermiac
  fermiac dr --env production --journal dr.jsonl      # goes on after the last step that ended well

docs/disaster-recovery.md is the runbook.";
