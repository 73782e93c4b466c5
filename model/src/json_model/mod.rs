//! A model written as JSON: uncertain quantities, named cells and which of them matter.
//!
//! ```json
//! { "inputs": {"z": "normal(0, 1)"},
//!   "cells": {"s": "=100*EXP(0.05-0.02+0.2*z)", "payoff": "=EXP(-0.05)*MAX(s-100, 0)"},
//!   "outputs": ["payoff"] }
//! ```
//!
//! It becomes a workbook of one sheet without a name, in which each input and cell has a defined name, so that all that
//! follows knows workbooks only. The formula language is that of workbooks with names in place of addresses.
//! `outputs` is a list of names, or an object from names to what to call them. Nothing is ignored: an unknown
//! field, a name given twice or an output that does not exist is a refusal that says where.

mod cell_text;
mod entries;
mod name;
mod outputs;

use std::collections::HashSet;

use serde::Deserialize;

use crate::cell::Position;
use crate::compile::{Input, Output, Selection};
use crate::correlation::Correlation;
use crate::distribution::Distribution;
use crate::formula::{Dialect, Formulas};
use crate::value::Value;
use crate::workbook::{Cell, Content, DefinedName, NumberFormat, Sheet, Workbook};
use cell_text::CellText;
use entries::Entries;
use outputs::Outputs;

/// The most bytes of a JSON model.
pub const MAX_BYTES: usize = 16 << 20;
/// The most inputs and cells together: all stand in one column of a sheet.
pub const MAX_CELLS: usize = 250_000;

/// Why a JSON model is refused. The text says where in the document, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum JsonModelError {
    /// Too many bytes or cells.
    #[error("the model is too large: {0}")]
    TooLarge(String),
    /// No JSON, or not of the shape of a model.
    #[error("{path}: {source}")]
    Shape {
        /// Where in the document.
        path: String,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// The document has the right shape, but what it says cannot be.
    #[error("{path}: {reason}")]
    Content {
        /// Where in the document.
        path: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// The document as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    inputs: Entries<String>,
    #[serde(default)]
    cells: Entries<CellText>,
    #[serde(default)]
    outputs: Outputs,
    #[serde(default)]
    correlations: Vec<CorrelationText>,
}

/// Inputs that move together, and their rank correlations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrelationText {
    inputs: Vec<String>,
    matrix: Vec<Vec<f64>>,
}

/// Reads a JSON model.
pub fn read(bytes: &[u8]) -> Result<(Workbook, Selection), JsonModelError> {
    if bytes.len() > MAX_BYTES {
        let reason = format!("{} bytes; at most {MAX_BYTES} are read", bytes.len());
        return Err(JsonModelError::TooLarge(reason));
    }
    // Excel and Windows editors like to put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // Serde would take a list for an object without names.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(content(DOCUMENT, "expected an object with inputs, cells and outputs"));
    }
    let shape = |path: String, source| JsonModelError::Shape { path, source };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let document: Document = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| shape(place(error.path()), error.into_inner()))?;
    json.end().map_err(|source| shape(DOCUMENT.to_owned(), source))?;
    let count = document.inputs.len() + document.cells.len();
    if count > MAX_CELLS {
        let reason = format!("{count} inputs and cells; at most {MAX_CELLS} are read");
        return Err(JsonModelError::TooLarge(reason));
    }
    let names = known_names(&document)?;
    let selection = Selection {
        inputs: inputs(&document.inputs)?,
        outputs: outputs(document.outputs, &names)?,
        correlations: correlations(document.correlations, &names)?,
    };
    Ok((workbook(document.inputs, document.cells)?, selection))
}

/// Characters of a path or a reason that a message shows.
const MOST_SHOWN: usize = 1_000;

/// What an error of the document as a whole is an error of.
const DOCUMENT: &str = "the model";

fn place(path: &serde_path_to_error::Path) -> String {
    match path.to_string() {
        path if path == "." || path == "?" => DOCUMENT.to_owned(),
        path => shortened(path),
    }
}

fn content(path: impl Into<String>, reason: impl Into<String>) -> JsonModelError {
    JsonModelError::Content { path: shortened(path.into()), reason: shortened(reason.into()) }
}

/// What a message can show: a name in it can be as long as the document.
fn shortened(text: String) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Every name of the document in lower case; refused where one is no name or stands for two things.
fn known_names(document: &Document) -> Result<HashSet<String>, JsonModelError> {
    let inputs = document.inputs.keys().map(|name| ("inputs", name));
    let cells = document.cells.keys().map(|name| ("cells", name));
    let mut names = HashSet::with_capacity(document.inputs.len() + document.cells.len());
    for (place, name) in inputs.chain(cells) {
        name::check(name).map_err(|reason| content(format!("{place}.{name}"), reason))?;
        if !names.insert(name.to_lowercase()) {
            let reason = "this name is taken, case aside, by an input or a cell before it; rename one";
            return Err(content(format!("{place}.{name}"), reason));
        }
    }
    Ok(names)
}

fn inputs(entries: &Entries<String>) -> Result<Vec<Input>, JsonModelError> {
    let input = |(name, text): &(String, String)| {
        let distribution = Distribution::parse(text)
            .map_err(|error| content(format!("inputs.{name}"), error.to_string()))?;
        Ok(Input { cell: name.clone(), name: None, distribution, distribution_text: text.trim().to_owned() })
    };
    entries.iter().map(input).collect()
}

fn outputs(outputs: Outputs, names: &HashSet<String>) -> Result<Vec<Output>, JsonModelError> {
    let Outputs(outputs) = outputs;
    let mut seen = HashSet::new();
    for (index, (name, label)) in outputs.iter().enumerate() {
        let path = if label.is_some() { format!("outputs.{name}") } else { format!("outputs[{index}]") };
        if !names.contains(&name.to_lowercase()) {
            return Err(content(path, format!("there is no input or cell {name:?}; add it to cells")));
        }
        if !seen.insert(name.to_lowercase()) {
            return Err(content(path, format!("{name:?} is an output already; keep one")));
        }
    }
    Ok(outputs.into_iter().map(|(cell, name)| Output { cell, name }).collect())
}

fn correlations(
    texts: Vec<CorrelationText>,
    names: &HashSet<String>,
) -> Result<Vec<Correlation>, JsonModelError> {
    let mut correlations = Vec::with_capacity(texts.len());
    for (index, CorrelationText { inputs, matrix }) in texts.into_iter().enumerate() {
        if let Some(unknown) = inputs.iter().find(|name| !names.contains(&name.to_lowercase())) {
            let reason = format!("there is no input {unknown:?}");
            return Err(content(format!("correlations[{index}].inputs"), reason));
        }
        let correlation = Correlation::new(inputs, &matrix)
            .map_err(|error| content(format!("correlations[{index}]"), error.to_string()))?;
        correlations.push(correlation);
    }
    Ok(correlations)
}

/// One column of cells, inputs first, each with its defined name.
fn workbook(inputs: Entries<String>, cells: Entries<CellText>) -> Result<Workbook, JsonModelError> {
    let mut workbook = Workbook { formulas: Formulas::with_dialect(Dialect::Names), ..Workbook::default() };
    // That the sheet has no name tells that its cells are known by theirs.
    let mut sheet = Sheet::default();
    let inputs = inputs.into_iter().map(|(name, _)| (name, None));
    let cells = cells.into_iter().map(|(name, text)| (name, Some(text)));
    for (row, (name, text)) in inputs.chain(cells).enumerate() {
        let position = Position { row: row as u32, column: 0 };
        let (cell_content, value) = match text {
            // An input has no value of its own; the trials give it one.
            None => (Content::Constant, Value::Empty),
            Some(text) => cell_content(&mut workbook, position, text)
                .map_err(|reason| content(format!("cells.{name}"), reason))?,
        };
        let cell = Cell { position, content: cell_content, value, format: NumberFormat::General };
        assert!(sheet.cells.push(cell), "each cell stands one row below the last");
        let text = format!("$A${}", row + 1);
        workbook.names.push(DefinedName { name, scope: None, text });
    }
    workbook.sheets.push(sheet);
    Ok(workbook)
}

fn cell_content(
    workbook: &mut Workbook,
    position: Position,
    text: CellText,
) -> Result<(Content, Value), String> {
    Ok(match text {
        CellText::Number(number) => (Content::Constant, Value::Number(number)),
        CellText::Bool(truth) => (Content::Constant, Value::Bool(truth)),
        CellText::Text(text) => match text.strip_prefix('=') {
            Some(formula) => {
                let id = workbook.formulas.intern(formula, position);
                workbook.formulas.syntax(id).map_err(|error| error.to_string())?;
                (Content::Formula(id), Value::Empty)
            }
            None => (Content::Constant, Value::Text(workbook.texts.intern(&text))),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn named_cells_become_cells_of_one_sheet() {
        let text = r#"{"inputs": {"z": "normal(0, 1)"},
            "cells": {"rate": 0.05, "label": "up", "on": true, "s": "=100*EXP(rate+0.2*z)"}, "outputs": ["S"]}"#;
        let (workbook, selection) = read(text.as_bytes()).unwrap();
        let cells = workbook.sheets[0].cells.as_slice();
        let values: Vec<Value> = cells.iter().map(|cell| cell.value).collect();
        let label = workbook.texts.clone().intern("up");
        let expected =
            [Value::Empty, Value::Number(0.05), Value::Text(label), Value::Bool(true), Value::Empty];
        assert_eq!(values, expected);
        assert!(matches!(cells[4].content, Content::Formula(_)));
        assert_eq!(workbook.names[4].name, "s");
        assert_eq!(workbook.names[4].text, "$A$5");
        assert_eq!(selection.inputs[0].cell, "z");
        assert_eq!(selection.outputs, [Output { cell: "S".to_owned(), name: None }]);
    }

    #[test]
    fn outputs_may_have_labels() {
        let text = r#"{"cells": {"a": 1, "b": 2}, "outputs": {"b": "Profit", "a": "Cost"}}"#;
        let (_, selection) = read(text.as_bytes()).unwrap();
        let labels: Vec<_> = selection.outputs.iter().map(|output| output.name.as_deref()).collect();
        assert_eq!(labels, [Some("Profit"), Some("Cost")]);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, start) in [
            ("{", "the model: EOF while parsing"),
            ("[]", "the model: expected an object with inputs, cells and outputs"),
            ("{} {}", "the model: trailing characters"),
            (r#"{"cell": {}}"#, "cell: unknown field `cell`"),
            (r#"{"inputs": {"z": 1}}"#, "inputs.z: invalid type: integer `1`, expected a string"),
            (r#"{"inputs": {"z": "norml(0, 1)"}}"#, "inputs.z: "),
            (
                r#"{"cells": {"a": null}}"#,
                "cells.a: invalid type: null, expected a cell that holds a formula",
            ),
            (r#"{"cells": {"a b": 1}}"#, "cells.a b: a name is made of letters"),
            (r#"{"cells": {"a": 1, "A": 2}}"#, "cells.A: this name is taken"),
            (r#"{"cells": {"a": 1, "a": 2}}"#, "cells.a: this name is taken"),
            (r#"{"inputs": {"z": "normal(0, 1)"}, "cells": {"Z": 1}}"#, "cells.Z: this name is taken"),
            (r#"{"cells": {"a": "=1+"}}"#, "cells.a: "),
            (r#"{"cells": {"a": 1}, "outputs": ["a", "b"]}"#, "outputs[1]: there is no input or cell \"b\""),
            (r#"{"cells": {"a": 1}, "outputs": ["a", "A"]}"#, "outputs[1]: \"A\" is an output already"),
            (
                r#"{"cells": {"a": 1}, "outputs": 1}"#,
                "outputs: invalid type: integer `1`, expected outputs as a list of names",
            ),
            (
                r#"{"correlations": [{"inputs": ["a", "b"], "matrix": []}]}"#,
                "correlations[0].inputs: there is no input \"a\"",
            ),
            (
                r#"{"cells": {"a": 1, "b": 2}, "correlations": [{"inputs": ["a", "b"], "matrix": [[1, 2], [2, 1]]}]}"#,
                "correlations[0]: row 1, column 2 of the matrix: a correlation is -1 to 1, not 2",
            ),
            (r#"{"correlations": [{"inputs": []}]}"#, "correlations[0]: missing field `matrix`"),
        ] {
            let message = refusal(text);
            assert!(message.starts_with(start), "{text}: {message}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!(r#"{{"cells": {{"a": {}"#, "[".repeat(1_000_000));
        assert!(refusal(&deep).contains("cells.a: invalid type: sequence"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in r#"[{}\[\]":,a-c=+0-9 ]{0,60}"#) {
            let _ = read(text.as_bytes());
        }
    }
}
