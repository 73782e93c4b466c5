//! What compiles, but is likely not what was meant.

use super::selected::Selected;
use super::sheets::Sheets;
use super::term::{Kinds, Term};
use crate::plan::{Opcode, Plan};
use crate::value::Value;
use crate::workbook::Content;

/// Everything to be said of a compiled model.
pub fn warnings(sheets: &Sheets<'_>, selected: &Selected, terms: &[Term], plan: &Plan) -> Vec<String> {
    let mut warnings = sheets.workbook.warnings.clone();
    warnings.extend(of_inputs(sheets, selected, plan));
    warnings.extend(of_outputs(sheets, selected, terms));
    warnings.extend(of_stored(sheets));
    warnings
}

/// Inputs without an effect, and inputs that take the place of something.
fn of_inputs(sheets: &Sheets<'_>, selected: &Selected, plan: &Plan) -> Vec<String> {
    let mut reaches = vec![false; selected.inputs.len()];
    for instruction in plan.instructions.iter().filter(|instruction| instruction.opcode == Opcode::Draw) {
        reaches[instruction.a as usize] = true;
    }
    let mut warnings = Vec::new();
    for ((address, column), reaches) in selected.inputs.iter().zip(&selected.input_columns).zip(reaches) {
        let held = sheets.find(*address).map(|cell| {
            let index = cell.index as usize;
            (cell, sheets.workbook.sheets[cell.sheet as usize].cells.as_slice()[index])
        });
        let held = match held {
            Some((cell, held)) if held.content != Content::Constant => {
                Some(format!("the formula {}", sheets.formula_text(cell)))
            }
            Some((_, held)) => match held.value {
                Value::Text(id) => Some(format!("the text \"{}\"", sheets.graph.texts.get(id))),
                _ => None,
            },
            None => None,
        };
        let identity = &column.identity;
        match (reaches, held) {
            (true, None) => {}
            (true, Some(held)) => warnings.push(format!("input {identity} takes the place of {held}")),
            (false, None) => {
                warnings.push(format!("input {identity} reaches no output: is it the right cell?"));
            }
            (false, Some(held)) => {
                warnings.push(format!(
                    "input {identity} reaches no output; its cell holds {held}: is it the right cell?"
                ));
            }
        }
    }
    warnings
}

fn of_outputs(sheets: &Sheets<'_>, selected: &Selected, terms: &[Term]) -> Vec<String> {
    let mut warnings = Vec::new();
    for ((term, column), address) in terms.iter().zip(&selected.output_columns).zip(&selected.outputs) {
        let identity = &column.identity;
        let warning = match term {
            _ if sheets.find(*address).is_none() => format!("output {identity} is an empty cell"),
            Term::Known(Value::Text(_)) => format!("output {identity} is a text, not a number"),
            Term::Known(Value::Error(kind)) => format!("output {identity} is {kind} in every trial"),
            Term::Known(_) => format!("no input reaches output {identity}: it is the same in every trial"),
            Term::Computed(_) if sheets.graph.kinds(*term).meets(Kinds::TEXT) => {
                format!(
                    "output {identity} can be a text, which counts as #VALUE! unless it reads as a number"
                )
            }
            Term::Computed(_) | Term::Unsupported(_) => continue,
        };
        warnings.push(warning);
    }
    warnings
}

fn of_stored(sheets: &Sheets<'_>) -> Option<String> {
    let first = sheets.stored.first()?;
    let cell = sheets.directory.identity(sheets.workbook, *first);
    Some(match sheets.stored.len() {
        1 => format!(
            "{cell} uses what cannot be computed; no input reaches it, so it keeps the value stored in the file"
        ),
        count => format!(
            "{count} cells use what cannot be computed; no input reaches them, so they keep the values stored in the file (first: {cell})"
        ),
    })
}
