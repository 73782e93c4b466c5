//! What is simulated, and how: the same for one machine and for a fleet.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use fermiac_model::compile::Selection;
use fermiac_model::selection;
use fermiac_simulation::{Sampling, Settings, Trials, Until};

use super::whole_number;
use crate::failure::Failure;

/// What is simulated, and how.
#[derive(Debug, Args)]
pub struct SimulationArguments {
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
    /// Stop before the last trial, once a mean, std_dev or percentile is this precise: 'mean(NPV)+-1%'
    #[arg(long, value_name = "PRECISION")]
    pub until: Option<Until>,
}

impl SimulationArguments {
    /// What is wanted of the model.
    pub fn settings(&self, keep_samples: bool) -> Settings {
        Settings {
            trials: self.trials,
            seed: self.seed,
            sampling: self.sampling,
            until: self.until.clone(),
            keep_samples,
        }
    }

    /// The inputs and outputs that were typed.
    pub fn selection(&self) -> Result<Selection, Failure> {
        let inputs = self.inputs.iter().map(|text| selection::parse_input(text));
        let outputs = self.outputs.iter().map(|text| selection::parse_output(text));
        let said = Selection {
            inputs: inputs.collect::<Result<_, _>>().map_err(Failure::refused)?,
            outputs: outputs.collect::<Result<_, _>>().map_err(Failure::refused)?,
            correlations: Vec::new(),
        };
        selection::refuse_duplicates(&said).map_err(Failure::refused)?;
        Ok(said)
    }

    /// What can be typed, but not together, is refused before anything is read.
    pub fn refuse_impossible(&self) -> Result<(), Failure> {
        match (self.sampling, &self.until) {
            (Sampling::Lhs | Sampling::Sobol, Some(_)) => Err(Failure::refused(
                "--until judges independent trials; leave it out, or use --sampling random",
            )),
            _ => Ok(()),
        }
    }
}

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
