//! One trial, looked at closely.

use fermiac_model::value::{ErrorKind, Value};
use serde::{Serialize, Serializer};

use crate::document::as_object;

/// The document of `fermiac run --trial K --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialOutcome {
    /// Which trial, counted from 0.
    pub trial: u64,
    /// The seed.
    pub seed: u64,
    /// By canonical cell.
    #[serde(serialize_with = "as_object")]
    pub inputs: Vec<(String, CellOutcome)>,
    /// By canonical cell.
    #[serde(serialize_with = "as_object")]
    pub outputs: Vec<(String, CellOutcome)>,
}

/// One cell of one trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellOutcome {
    /// What it is called.
    pub name: String,
    /// What it came to.
    #[serde(serialize_with = "number_or_error")]
    pub value: Result<f64, ErrorKind>,
}

impl CellOutcome {
    /// From the packed value of a column.
    pub fn new(name: &str, packed: f64) -> CellOutcome {
        let value = match Value::unpack(packed) {
            Value::Number(number) => Ok(number),
            Value::Error(kind) => Err(kind),
            other => unreachable!("columns hold numbers and errors, not {other:?}"),
        };
        CellOutcome { name: name.to_owned(), value }
    }
}

fn number_or_error<S: Serializer>(value: &Result<f64, ErrorKind>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Ok(number) => serializer.serialize_f64(*number),
        Err(kind) => serializer.serialize_str(kind.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> TrialOutcome {
        let div0 = Value::Error(ErrorKind::Div0).pack();
        TrialOutcome {
            trial: 7,
            seed: 1,
            inputs: vec![("Inputs!B1".to_owned(), CellOutcome::new("Price", 0.1 + 0.2))],
            outputs: vec![("Results!B1".to_owned(), CellOutcome::new("Results!B1", div0))],
        }
    }

    #[test]
    fn the_document_holds_numbers_and_error_texts() {
        let expected = concat!(
            r#"{"trial":7,"seed":1,"inputs":{"Inputs!B1":{"name":"Price","value":0.30000000000000004}},"#,
            r##""outputs":{"Results!B1":{"name":"Results!B1","value":"#DIV/0!"}}}"##,
        );
        assert_eq!(serde_json::to_string(&example()).unwrap(), expected);
    }
}
