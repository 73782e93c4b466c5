//! A simulation as it is asked for from outside, as JSON.
//!
//! ```json
//! { "workbook": "4f7c", "inputs": {"Sheet1!B2": "normal(10, 2)"},
//!   "outputs": ["Sheet1!D9", {"cell": "Sheet1!D12", "name": "NPV"}],
//!   "trials": "1e6", "seed": 1, "sampling": "random", "until": "mean(NPV)+-1%", "samples": false }
//! ```
//!
//! In place of `workbook`, which names a file that is already there, `model` may hold a JSON model. All else may be
//! left out and means what it does on the command line. Nothing is ignored: an unknown field, a cell given twice or a
//! distribution that cannot be is a refusal that says where.

mod fields;

use fermiac_model::compile::{Input, Selection};
use fermiac_model::json_model;
use fermiac_model::selection::{input_at, refuse_duplicates};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use self::fields::{InputFields, OutputField};
use crate::{Failure, Sampling, Settings, Trials, Until};

/// The most bytes of a request: those of a JSON model, and as many as a long list of inputs and outputs needs.
pub const MAX_REQUEST_BYTES: usize = json_model::MAX_BYTES + (4 << 20);

/// A simulation as it is asked for.
#[derive(Debug, Clone)]
pub struct SimulationRequest {
    /// Where the model is.
    pub model: ModelSource,
    /// What is said of the model's cells; wins over what the model says of the same cell.
    pub selection: Selection,
    /// What is wanted of it.
    pub settings: Settings,
}

/// Where the model of a request is.
#[derive(Debug, Clone)]
pub enum ModelSource {
    /// In the request: a JSON model as it was written.
    Json(Box<RawValue>),
    /// Stored under this id, a workbook or a JSON model.
    Workbook(String),
}

/// The fields as they are written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workbook: Option<String>,
    #[serde(default)]
    inputs: InputFields,
    #[serde(default)]
    outputs: Vec<OutputField>,
    #[serde(default)]
    trials: Trials,
    #[serde(default = "default_seed")]
    seed: u64,
    #[serde(default)]
    sampling: Sampling,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<Until>,
    #[serde(default)]
    samples: bool,
}

fn default_seed() -> u64 {
    Settings::DEFAULT_SEED
}

impl SimulationRequest {
    /// Reads a request, at most [`MAX_REQUEST_BYTES`] of it. A refusal says where in the document.
    pub fn from_json(bytes: &[u8]) -> Result<SimulationRequest, Failure> {
        if bytes.len() > MAX_REQUEST_BYTES {
            let length = bytes.len();
            return Err(Failure::Refused(format!(
                "the request is too large: {length} bytes; at most {MAX_REQUEST_BYTES} are read"
            )));
        }
        // Serde would take a list for an object without names.
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Failure::refused("the request: expected an object with model or workbook"));
        }
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let document: Document = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = match error.path().to_string() {
                path if path == "." || path == "?" => "the request".to_owned(),
                path => path,
            };
            Failure::Refused(format!("{path}: {}", error.into_inner()))
        })?;
        json.end().map_err(|error| Failure::Refused(format!("the request: {error}")))?;
        SimulationRequest::try_from(document)
    }

    /// The text of the JSON model, if it is in the request.
    pub fn json_model(&self) -> Option<&[u8]> {
        match &self.model {
            ModelSource::Json(model) => Some(model.get().as_bytes()),
            ModelSource::Workbook(_) => None,
        }
    }
}

impl TryFrom<Document> for SimulationRequest {
    type Error = Failure;

    fn try_from(document: Document) -> Result<SimulationRequest, Failure> {
        let model = match (document.model, document.workbook) {
            (Some(model), None) => ModelSource::Json(model),
            (None, Some(id)) if !id.trim().is_empty() => ModelSource::Workbook(id),
            (None, Some(_)) => return Err(Failure::refused("workbook: it has to name one")),
            (Some(_), Some(_)) => return Err(Failure::refused("model and workbook: give one of them")),
            (None, None) => return Err(Failure::refused("give a model, or the id of a workbook")),
        };
        if document.until.is_some() && document.sampling != Sampling::Random {
            let reason = "until: it judges independent trials; leave it out, or choose random sampling";
            return Err(Failure::refused(reason));
        }
        let selection = Selection {
            inputs: inputs(&document.inputs)?,
            outputs: document.outputs.into_iter().map(OutputField::into_output).collect(),
            correlations: Vec::new(),
        };
        refuse_duplicates(&selection).map_err(Failure::refused)?;
        let settings = Settings {
            trials: document.trials,
            seed: document.seed,
            sampling: document.sampling,
            until: document.until,
            keep_samples: document.samples,
        };
        Ok(SimulationRequest { model, selection, settings })
    }
}

fn inputs(fields: &InputFields) -> Result<Vec<Input>, Failure> {
    let inputs = fields.0.iter().map(|(cell, distribution)| match cell.trim() {
        "" => Err(Failure::refused("inputs: an input has no cell")),
        cell => input_at(cell, distribution.trim()).map_err(Failure::refused),
    });
    inputs.collect()
}

impl From<SimulationRequest> for Document {
    fn from(request: SimulationRequest) -> Document {
        let (model, workbook) = match request.model {
            ModelSource::Json(model) => (Some(model), None),
            ModelSource::Workbook(id) => (None, Some(id)),
        };
        let input = |input: Input| (input.cell, input.distribution_text);
        Document {
            model,
            workbook,
            inputs: InputFields(request.selection.inputs.into_iter().map(input).collect()),
            outputs: request.selection.outputs.into_iter().map(OutputField::from).collect(),
            trials: request.settings.trials,
            seed: request.settings.seed,
            sampling: request.settings.sampling,
            until: request.settings.until,
            samples: request.settings.keep_samples,
        }
    }
}

/// As the fields stand, without the bound and the path that [`SimulationRequest::from_json`] gives.
impl<'de> Deserialize<'de> for SimulationRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SimulationRequest::try_from(Document::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// With every field, so that it means the same whatever the defaults become.
impl Serialize for SimulationRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Document::from(self.clone()).serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
