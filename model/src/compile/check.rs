//! Every formula of a workbook computed afresh and held against the value stored in the file.

use super::address::Directory;
use super::bind::Obstacle;
use super::graph::Graph;
use super::refusal::UnsupportedUse;
use super::sheets::{CellIndex, Sheets, State};
use super::sighting::Room;
use super::term::Term;
use super::walk::{Stop, Walk};
use super::{CompileError, stop_error};
use crate::value::{Texts, Value};
use crate::workbook::{Content, Workbook};

/// The relative difference up to which two numbers agree.
pub const TOLERANCE: f64 = 1e-9;

/// How the computed values compare with the stored ones.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckReport {
    /// How many cells hold a formula.
    pub formula_cells: u64,
    /// How many of them agree.
    pub agree: u64,
    /// How many have no stored value to agree with, as in a file that no spreadsheet program has calculated.
    pub not_stored: u64,
    /// Those that do not agree.
    pub differ: Vec<Difference>,
    /// Those that cannot be computed; what hangs on them is computed from their stored values.
    pub unsupported: Vec<UnsupportedUse>,
}

/// A cell whose computed value is not the stored one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Canonical name of the cell.
    pub cell: String,
    /// Its formula.
    pub formula: String,
    /// The value stored in the file, as a formula would write it.
    pub stored: String,
    /// The value computed.
    pub computed: String,
}

/// Recomputes every formula cell of `workbook`.
pub fn check(workbook: &mut Workbook) -> Result<CheckReport, CompileError> {
    let directory = Directory::new(workbook);
    let formulas = std::mem::take(&mut workbook.formulas);
    let texts = std::mem::take(&mut workbook.texts);
    let graph = Graph::new(texts);
    let mut sheets = Sheets::new(workbook, &directory, formulas, graph, &[]);
    sheets.keep_going = true;
    let report = check_sheets(&mut sheets);
    let (formulas, texts) = (sheets.formulas, sheets.graph.texts);
    (workbook.formulas, workbook.texts) = (formulas, texts);
    report
}

fn check_sheets(sheets: &mut Sheets<'_>) -> Result<CheckReport, CompileError> {
    let mut walk = Walk::default();
    let mut room = Room::default();
    let mut report = CheckReport {
        formula_cells: 0,
        agree: 0,
        not_stored: 0,
        differ: Vec::new(),
        unsupported: Vec::new(),
    };
    for (sheet, held) in (0u32..).zip(&sheets.workbook.sheets) {
        for (index, cell) in (0u32..).zip(held.cells.as_slice()) {
            if cell.content == Content::Constant {
                continue;
            }
            let place = CellIndex { sheet, index };
            visit(&mut walk, sheets, place)?;
            report.formula_cells += 1;
            let computed = match sheets.term(sheets.address(place)) {
                Term::Known(value) => value,
                Term::Computed(_) | Term::Unsupported(_) => Value::Empty,
            };
            if agrees(&sheets.graph.texts, cell.value, computed) {
                report.agree += 1;
            } else if cell.value == Value::Empty {
                report.not_stored += 1;
            } else {
                report.differ.push(difference(sheets, place, cell.value, computed, &mut room));
            }
        }
    }
    report.agree -= sheets.stored.len() as u64;
    report.unsupported = sheets.unsupported_uses(0..sheets.sightings.len() as u32);
    Ok(report)
}

/// Evaluates a cell; those of a circle keep their stored values.
fn visit(walk: &mut Walk, sheets: &mut Sheets<'_>, place: CellIndex) -> Result<(), CompileError> {
    while let Err(stop) = walk.visit(sheets, place) {
        let Stop::Cycle(cells) = &stop else { return Err(stop_error(sheets, &stop)) };
        walk.abandon(sheets);
        for cell in cells {
            let address = sheets.address(*cell);
            let what = "circular reference".to_owned();
            sheets.note_obstacle(&Obstacle { what, sees_unnamed_cells: true }, address);
            sheets.stored.push(address);
            let held = &sheets.workbook.sheets[cell.sheet as usize].cells.as_slice()[cell.index as usize];
            sheets.set_state(*cell, State::Done(Term::Known(held.value)));
        }
    }
    Ok(())
}

fn agrees(texts: &Texts, stored: Value, computed: Value) -> bool {
    match (stored, computed) {
        (Value::Number(stored), Value::Number(computed)) => {
            let scale = stored.abs().max(computed.abs());
            (stored - computed).abs() <= TOLERANCE * scale || (stored - computed).abs() < 1e-300
        }
        // A formula that comes to "" is stored as an empty text or as nothing at all.
        (Value::Empty, Value::Text(id)) | (Value::Text(id), Value::Empty) => texts.get(id).is_empty(),
        (stored, computed) => stored == computed,
    }
}

fn difference(
    sheets: &Sheets<'_>,
    place: CellIndex,
    stored: Value,
    computed: Value,
    room: &mut Room,
) -> Difference {
    let address = sheets.address(place);
    Difference {
        cell: sheets.directory.identity(sheets.workbook, address),
        formula: room.take(sheets.formula_text(place)),
        stored: room.take(written(&sheets.graph.texts, stored)),
        computed: room.take(written(&sheets.graph.texts, computed)),
    }
}

fn written(texts: &Texts, value: Value) -> String {
    match value {
        Value::Empty => "(empty)".to_owned(),
        Value::Number(number) => format!("{number}"),
        Value::Bool(truth) => if truth { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Text(id) => format!("\"{}\"", texts.get(id)),
        Value::Error(kind) => kind.as_str().to_owned(),
    }
}
