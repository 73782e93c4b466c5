//! What `fermiac submit` can be told.

use std::path::PathBuf;

use clap::Args;

use super::SimulationArguments;

/// The arguments of `fermiac submit`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SubmitArguments {
    /// What is simulated.
    #[command(flatten)]
    pub asked: SimulationArguments,
    /// Where the fleet answers [default: what FERMIAC_SERVER says, or http://127.0.0.1:8000]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Wait for the result and show it as `fermiac run` does
    #[arg(long)]
    pub wait: bool,
    /// Print one JSON document on standard output and nothing else: the result, or without --wait what was accepted
    #[arg(long)]
    pub json: bool,
    /// Write every trial's inputs and outputs
    #[arg(long, value_name = "FILE.parquet", requires = "wait")]
    pub samples: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  export FERMIAC_API_KEY=...         (made by `fermiac users add`; FERMIAC_API_KEY_FILE names a file that holds it)
  fermiac submit plan.xlsx --trials 1e7 --wait
  fermiac submit model.json --server https://simapp.example --json";
