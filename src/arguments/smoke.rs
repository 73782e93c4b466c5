//! What can be typed after `fermiac smoke`.

use clap::Args;
use fermiac_smoke::Suite;

use super::EnvironmentArguments;

/// The arguments of `fermiac smoke`.
#[derive(Debug, Args)]
pub struct SmokeArguments {
    /// Which checks: basic, non_intrusive or full [default: full in staging, non_intrusive in production, else basic]
    #[arg(long, value_parser = suite)]
    pub suite: Option<Suite>,
    /// Print one JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
    /// Of which environment.
    #[command(flatten)]
    pub environment: EnvironmentArguments,
}

fn suite(name: &str) -> Result<Suite, String> {
    let names: Vec<&str> = Suite::ALL.iter().map(|suite| suite.name()).collect();
    Suite::named(name).ok_or_else(|| format!("write one of {}", names.join(", ")))
}
