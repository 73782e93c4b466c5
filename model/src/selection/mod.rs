//! What a person says of a model: which cells are uncertain, which matter.
//!
//! Said on the command line (`Sheet1!B2=normal(10, 2)`, `Sheet1!D9=NPV`) or in a sheet named `fermiac` with
//! the columns cell, role, distribution and name. Where both speak of one cell, the command line wins.

mod cell_name;
mod names;
mod sheet;

pub use sheet::{SELECTION_SHEET, take_sheet};

use std::collections::{HashMap, HashSet};

use crate::compile::{Input, Output, Selection};
use crate::distribution::Distribution;
use crate::workbook::Workbook;
use cell_name::{CellName, find_outside_quotes, plain};
use names::Names;

/// Why what was said cannot be understood. The text says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// An input without `=`, or without a cell in front of it.
    #[error("input {0:?}: write it as 'Sheet1!B2=normal(10, 2)'")]
    InputForm(String),
    /// An output without a cell, or with nothing after `=`.
    #[error("output {0:?}: write it as 'Sheet1!D9' or 'Sheet1!D9=NPV'")]
    OutputForm(String),
    /// The distribution of an input is refused.
    #[error("input {cell}: {reason}")]
    Distribution {
        /// The cell as written.
        cell: String,
        /// Why.
        reason: String,
    },
    /// One list names a cell twice.
    #[error("{0} is given twice; keep one")]
    Twice(String),
    /// A cell of the sheet `fermiac` cannot be understood.
    #[error("{cell}: {reason}")]
    Sheet {
        /// Which cell of the sheet, such as `fermiac!C4`.
        cell: String,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Reads an input such as `Sheet1!B2=normal(10, 2)`. The cell may be quoted, with `=` inside the quotes.
pub fn parse_input(text: &str) -> Result<Input, SelectionError> {
    let form = || SelectionError::InputForm(text.to_owned());
    let (cell, distribution) = split_at_equals(text);
    let distribution = distribution.filter(|text| !text.is_empty()).ok_or_else(form)?;
    if cell.is_empty() {
        return Err(form());
    }
    input_at(cell, distribution)
}

/// The input at `cell` with this distribution, both as written.
pub fn input_at(cell: &str, distribution: &str) -> Result<Input, SelectionError> {
    input(cell, distribution, None)
        .map_err(|reason| SelectionError::Distribution { cell: cell.to_owned(), reason })
}

/// Reads an output such as `Sheet1!D9` or `Sheet1!D9=NPV`.
pub fn parse_output(text: &str) -> Result<Output, SelectionError> {
    let (cell, name) = split_at_equals(text);
    if cell.is_empty() || name == Some("") {
        return Err(SelectionError::OutputForm(text.to_owned()));
    }
    Ok(Output { cell: cell.to_owned(), name: name.map(str::to_owned) })
}

impl Selection {
    /// This selection with `over` laid on top: its inputs and outputs replace those of the same cell, the
    /// others come after. What `workbook` calls by a defined name keeps it, unless it was given another.
    #[must_use]
    pub fn overlaid(mut self, over: Selection, workbook: &Workbook) -> Selection {
        let names = Names::of(workbook);
        let known = index(&names, self.inputs.iter().map(|input| &input.cell));
        for input in over.inputs {
            match known.get(&names.cell(&input.cell)).map(|index| &mut self.inputs[*index]) {
                // A name given once still holds where only the distribution is replaced.
                Some(known) => *known = Input { name: input.name.or(known.name.take()), ..input },
                None => self.inputs.push(input),
            }
        }
        let known = index(&names, self.outputs.iter().map(|output| &output.cell));
        for output in over.outputs {
            match known.get(&names.cell(&output.cell)).map(|index| &mut self.outputs[*index]) {
                Some(known) => *known = Output { name: output.name.or(known.name.take()), ..output },
                None => self.outputs.push(output),
            }
        }
        self.correlations.extend(over.correlations);
        for input in self.inputs.iter_mut().filter(|input| input.name.is_none()) {
            input.name = names.name(&input.cell);
        }
        for output in self.outputs.iter_mut().filter(|output| output.name.is_none()) {
            output.name = names.name(&output.cell);
        }
        self
    }
}

/// Places in a list by what cell they speak of.
fn index<'a>(names: &Names<'_>, cells: impl Iterator<Item = &'a String>) -> HashMap<CellName, usize> {
    cells.enumerate().map(|(index, cell)| (names.cell(cell), index)).collect()
}

/// Refuses a selection that names a cell twice as an input, or twice as an output, however it is written.
pub fn refuse_duplicates(selection: &Selection) -> Result<(), SelectionError> {
    let inputs = selection.inputs.iter().map(|input| &input.cell);
    let outputs = selection.outputs.iter().map(|output| &output.cell);
    refuse_twice("input", inputs)?;
    refuse_twice("output", outputs)
}

fn refuse_twice<'a>(role: &str, cells: impl Iterator<Item = &'a String>) -> Result<(), SelectionError> {
    let mut seen = HashSet::new();
    for cell in cells {
        if !seen.insert(plain(cell)) {
            return Err(SelectionError::Twice(format!("{role} {cell}")));
        }
    }
    Ok(())
}

fn input(cell: &str, distribution: &str, name: Option<String>) -> Result<Input, String> {
    let parsed = Distribution::parse(distribution).map_err(|error| error.to_string())?;
    Ok(Input {
        cell: cell.to_owned(),
        name,
        distribution: parsed,
        distribution_text: distribution.to_owned(),
    })
}

/// The trimmed sides of the first `=` that is not inside quotes.
fn split_at_equals(text: &str) -> (&str, Option<&str>) {
    match find_outside_quotes(text, '=') {
        Some(at) => (text[..at].trim(), Some(text[at + 1..].trim())),
        None => (text.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::DefinedName;
    use proptest::prelude::*;

    #[test]
    fn an_input_is_a_cell_and_a_distribution() {
        let input = parse_input("Sheet1!B2=normal(10, 2)").unwrap();
        assert_eq!(input.cell, "Sheet1!B2");
        assert_eq!(input.distribution_text, "normal(10, 2)");
        assert_eq!(input.distribution, Distribution::parse("normal(10, 2)").unwrap());
        let input = parse_input(" 'a=b!''c'!$B$2 = normal(10, 2, truncate_min=0) ").unwrap();
        assert_eq!(input.cell, "'a=b!''c'!$B$2");
        assert_eq!(input.distribution_text, "normal(10, 2, truncate_min=0)");
    }

    #[test]
    fn an_output_may_have_a_name() {
        let output = |cell: &str, name: Option<&str>| {
            Ok(Output { cell: cell.to_owned(), name: name.map(str::to_owned) })
        };
        assert_eq!(parse_output("Sheet1!D9"), output("Sheet1!D9", None));
        assert_eq!(parse_output("Sheet1!D9=NPV"), output("Sheet1!D9", Some("NPV")));
        assert_eq!(parse_output("'x=y'!D9 = a = b"), output("'x=y'!D9", Some("a = b")));
    }

    #[test]
    fn what_is_no_input_or_output_is_told_so() {
        for text in ["", "B2", "=normal(1,2)", "B2=", " = ", "'B2=normal(1,2)"] {
            assert_eq!(parse_input(text), Err(SelectionError::InputForm(text.to_owned())), "{text}");
        }
        for text in ["", " ", "=NPV", "D9="] {
            assert_eq!(parse_output(text), Err(SelectionError::OutputForm(text.to_owned())), "{text}");
        }
        let message = parse_input("B2=norml(1, 2)").unwrap_err().to_string();
        assert!(message.starts_with("input B2: ") && message.contains("norml"), "{message}");
    }

    #[test]
    fn the_command_line_wins_over_the_sheet() {
        let sheet = Selection {
            inputs: vec![
                Input {
                    name: Some("Price".to_owned()),
                    ..parse_input("'Inputs'!$B$1=normal(1, 2)").unwrap()
                },
                parse_input("Inputs!B2=uniform(0, 1)").unwrap(),
            ],
            outputs: vec![parse_output("Results!B1").unwrap()],
            ..Selection::default()
        };
        let line = Selection {
            inputs: vec![parse_input("inputs!b1=uniform(5, 6)").unwrap()],
            outputs: vec![parse_output("Results!B1=NPV").unwrap(), parse_output("Results!B2").unwrap()],
            ..Selection::default()
        };
        let both = sheet.overlaid(line, &Workbook::default());
        assert_eq!(both.inputs.len(), 2);
        assert_eq!(both.inputs[0].distribution_text, "uniform(5, 6)");
        assert_eq!(both.inputs[0].name.as_deref(), Some("Price"));
        assert_eq!(both.outputs.len(), 2);
        assert_eq!(both.outputs[0].name.as_deref(), Some("NPV"));
    }

    #[test]
    fn a_defined_name_and_its_address_are_one_cell() {
        let name = |name: &str, text: &str| DefinedName {
            name: name.to_owned(),
            scope: None,
            text: text.to_owned(),
        };
        let workbook = Workbook {
            names: vec![name("Profit", "Results!$B$1"), name("Price", "'Inputs'!$B$1")],
            ..Workbook::default()
        };
        let sheet = Selection {
            inputs: vec![parse_input("Inputs!B1=normal(1, 2)").unwrap()],
            outputs: vec![parse_output("profit").unwrap()],
            ..Selection::default()
        };
        let line = Selection {
            inputs: vec![parse_input("price=uniform(5, 6)").unwrap()],
            outputs: vec![parse_output("Results!B1=Gain").unwrap()],
            ..Selection::default()
        };
        let both = sheet.clone().overlaid(line, &workbook);
        assert_eq!((both.inputs.len(), both.outputs.len()), (1, 1));
        assert_eq!(both.inputs[0].name.as_deref(), Some("Price"));
        assert_eq!(both.outputs[0].name.as_deref(), Some("Gain"));
        let alone = sheet.overlaid(Selection::default(), &workbook);
        assert_eq!(alone.outputs[0].name.as_deref(), Some("Profit"));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[A-Z0-9a-z!'=$(), .é]{0,40}") {
            let _ = parse_input(&text);
            let _ = parse_output(&text);
        }

        #[test]
        fn any_sheet_name_can_be_quoted(sheet in "[^']{1,20}", row in 1u32..1000) {
            let cell = format!("'{sheet}'!B{row}");
            let input = parse_input(&format!("{cell}=normal(1, 2)")).unwrap();
            prop_assert_eq!(input.cell, cell.trim());
        }
    }
}
