//! The arguments of `fermiac backup` and `fermiac restore`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::EnvironmentArguments;

/// The arguments of `fermiac backup`.
#[derive(Debug, Args)]
pub struct BackupArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: BackupCommand,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
    /// Print one JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Take one now, and verify it
    Now {
        /// Keep it whatever its age, for this reason
        #[arg(long, value_name = "REASON")]
        pin: Option<String>,
    },
    /// List those that there are, newest first
    List,
    /// Read one back: its hashes, its seal, and its dump to the end
    Verify {
        /// As `backup list` shows it
        label: String,
        /// Open every blob, and not only some of those that are old
        #[arg(long)]
        all: bool,
        /// Restore it into a scratch server too, and compare every table
        #[arg(long)]
        restore: bool,
    },
    /// Keep one whatever its age
    Pin {
        /// As `backup list` shows it
        label: String,
        /// Why
        reason: String,
    },
    /// Let one go again when its time comes
    Unpin {
        /// As `backup list` shows it
        label: String,
    },
    /// Delete those that the policy does not keep
    Expire {
        /// Only list and count them
        #[arg(long)]
        dry_run: bool,
    },
    /// Hold a restore drill now: a backup, a real restore, and all checks, against the clock
    Drill {
        /// Restore this backup, in place of one that is taken for the drill
        #[arg(long)]
        label: Option<String>,
    },
}

/// The arguments of `fermiac restore`.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// A label as `backup list` shows it, an instant such as 2026-11-21T06:00:00Z, or latest
    #[arg(long, value_name = "TIME|LABEL")]
    pub to: String,
    /// Restore into a scratch server, check it there, and tear it down
    #[arg(long, conflicts_with_all = ["into", "cluster"])]
    pub rehearse: bool,
    /// The empty database to restore into, without its password: that comes from PGPASSWORD or PGPASSFILE
    #[arg(long, value_name = "URL", required_unless_present_any = ["rehearse", "cluster"])]
    pub into: Option<String>,
    /// The empty folder of data to restore the whole cluster into, with pgBackRest, to the very instant
    #[arg(long, value_name = "FOLDER", conflicts_with = "into")]
    pub cluster: Option<PathBuf>,
    /// Bring the blobs back too that FERMIAC_BLOBS_URL lacks
    #[arg(long, conflicts_with_all = ["rehearse", "cluster"])]
    pub blobs: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}
