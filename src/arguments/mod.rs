//! What can be typed: the commands of `fermiac` and their arguments.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use fermiac_simulation::{Sampling, Settings, Trials, Until};

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
    /// The whole system in one process, with nothing installed
    Dev(EnvironmentArguments),
    /// Answer over HTTP
    Api(EnvironmentArguments),
    /// Claim jobs and run them
    Worker(EnvironmentArguments),
    /// Keep the fleet going: rings lost, leases run out, blobs left over
    Scheduler(EnvironmentArguments),
    /// Apply the migrations that the database lacks, and show them all
    Migrate(EnvironmentArguments),
    /// Show the settings in force, without what is secret
    Config(EnvironmentArguments),
    /// Add, list and revoke those who may submit
    Users(UsersArguments),
}

/// Which settings are in force.
#[derive(Debug, Args)]
pub struct EnvironmentArguments {
    /// development, testing, staging or production [default: what ENVIRONMENT says]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// The folder of NAME.toml, in place of the one that comes with the program
    #[arg(long, value_name = "FOLDER")]
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

/// The arguments of `fermiac run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArguments {
    /// An .xlsx or .xlsm workbook, or a JSON model
    pub model: PathBuf,
    /// An uncertain cell and its distribution; wins over one that the model names for the same cell
    #[arg(long = "input", value_name = "CELL=DISTRIBUTION")]
    pub inputs: Vec<String>,
    /// A cell whose distribution is wanted, and perhaps what to call it
    #[arg(long = "output", value_name = "CELL[=NAME]")]
    pub outputs: Vec<String>,
    /// How many trials: 1000000, 1_000_000 and 1e6 are the same
    #[arg(long, value_name = "N", default_value_t, allow_hyphen_values = true)]
    pub trials: Trials,
    /// Same model, seed and trials: the same result
    #[arg(long, value_name = "N", default_value_t = Settings::DEFAULT_SEED, value_parser = whole_number, allow_hyphen_values = true)]
    pub seed: u64,
    /// How the uniforms behind the draws are made
    #[arg(long, default_value_t, value_parser = sampling())]
    pub sampling: Sampling,
    /// What computes
    #[arg(long, value_enum, default_value_t)]
    pub device: Device,
    /// Threads of the processor to use, at most 256 [default: all]
    #[arg(long, value_name = "N", value_parser = thread_count, allow_hyphen_values = true)]
    pub threads: Option<NonZeroUsize>,
    /// Stop before the last trial, once a mean, std_dev or percentile is this precise: 'mean(NPV)+-1%'
    #[arg(long, value_name = "PRECISION")]
    pub until: Option<Until>,
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

const RUN_EXAMPLES: &str = "\
Examples:
  fermiac run plan.xlsx --input 'Inputs!B2=normal(10, 2)' --output 'Results!D9=NPV'
  fermiac run model.json --trials 1e6 --report out.html

Inputs and outputs may stand in the model itself: in a sheet named fermiac (columns cell, role,
distribution, name), or in the JSON model.";

fn sampling() -> impl TypedValueParser<Value = Sampling> {
    let value = |sampling: Sampling| {
        PossibleValue::new(sampling.name()).help(match sampling {
            Sampling::Random => "Independent",
            Sampling::Lhs => "Latin hypercube",
            Sampling::Sobol => "A scrambled Sobol sequence",
        })
    };
    PossibleValuesParser::new(Sampling::ALL.map(value)).try_map(|name| name.parse::<Sampling>())
}

impl RunArguments {
    /// What is wanted of the model.
    pub fn settings(&self) -> Settings {
        Settings {
            trials: self.trials,
            seed: self.seed,
            sampling: self.sampling,
            until: self.until.clone(),
            keep_samples: self.samples.is_some(),
        }
    }
}

/// What computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Device {
    /// The fastest there is
    #[default]
    Auto,
    /// The processor
    Cpu,
    /// An NVIDIA GPU; this build has no engine for it
    Cuda,
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(arguments.trials.count(), 10_000);
        assert_eq!(arguments.seed, 1);
        assert_eq!(arguments.sampling, Sampling::Random);
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
        assert_eq!(arguments.inputs, ["A1=normal(1, 2)", "B1=uniform(0,1)"]);
        assert_eq!(arguments.outputs, ["C1=NPV"]);
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
