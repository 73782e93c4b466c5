//! What a workbook holds, without evaluating it.

use std::collections::BTreeMap;

use super::address::{Address, Directory};
use super::functions;
use super::refusal::UnsupportedUse;
use crate::formula::{FormulaId, Node, Syntax};
use crate::workbook::{Content, Workbook};

/// What a workbook holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectReport {
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Formulas that differ in more than their place.
    pub distinct_formulas: u64,
    /// Sheets in tab order.
    pub sheets: Vec<SheetSize>,
    /// Defined names.
    pub names: u64,
    /// Functions used, by name.
    pub functions: Vec<FunctionUse>,
    /// Cells that use what is not supported.
    pub unsupported: Vec<UnsupportedUse>,
    /// What the reader left aside.
    pub warnings: Vec<String>,
}

/// The size of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetSize {
    /// Its name.
    pub name: String,
    /// The area it uses, as A1:C3; none for an empty sheet.
    pub used: Option<String>,
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
}

/// How often a function is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionUse {
    /// Its name.
    pub name: String,
    /// How many formula cells call it.
    pub cells: u64,
    /// Whether it can be computed on the way from an input to an output.
    pub supported: bool,
}

/// The most unsupported cells that a report names.
const MOST_NAMED: usize = 10_000;

/// Looks through `workbook`.
pub fn inspect(workbook: &mut Workbook) -> InspectReport {
    let directory = Directory::new(workbook);
    let formulas = std::mem::take(&mut workbook.formulas);
    let mut calls: BTreeMap<FormulaId, Vec<String>> = BTreeMap::new();
    let mut report = InspectReport {
        cells: 0,
        formulas: 0,
        distinct_formulas: formulas.len() as u64,
        sheets: Vec::new(),
        names: workbook.names.len() as u64,
        functions: Vec::new(),
        unsupported: Vec::new(),
        warnings: workbook.warnings.clone(),
    };
    let mut uses: BTreeMap<String, u64> = BTreeMap::new();
    for (sheet, held) in (0u32..).zip(&workbook.sheets) {
        let mut size = SheetSize {
            name: held.name.clone(),
            used: held.cells.used_area().map(|area| area.to_string()),
            cells: held.cells.len() as u64,
            formulas: 0,
        };
        for cell in held.cells.as_slice() {
            let formula = match cell.content {
                Content::Constant => continue,
                Content::Formula(formula) => formula,
                Content::Array(index) => held.arrays[index as usize].formula,
                Content::DataTable => {
                    size.formulas += 1;
                    continue;
                }
            };
            size.formulas += 1;
            let called = calls.entry(formula).or_insert_with(|| match formulas.syntax(formula) {
                Ok(syntax) => called_functions(&syntax),
                Err(error) => vec![format!("a formula that cannot be read: {error}")],
            });
            for name in called {
                *uses.entry(name.clone()).or_default() += 1;
                if functions::find(name).is_none() && report.unsupported.len() < MOST_NAMED {
                    let address = Address { sheet, position: cell.position };
                    report.unsupported.push(UnsupportedUse {
                        cell: directory.identity(workbook, address),
                        formula: formulas.text(formula, cell.position),
                        function: name.clone(),
                    });
                }
            }
        }
        report.cells += size.cells;
        report.formulas += size.formulas;
        report.sheets.push(size);
    }
    report.functions = uses
        .into_iter()
        .map(|(name, cells)| FunctionUse { supported: functions::find(&name).is_some(), name, cells })
        .collect();
    workbook.formulas = formulas;
    report
}

/// The functions that a formula calls, each once.
fn called_functions(syntax: &Syntax) -> Vec<String> {
    let called = syntax.nodes.iter().filter_map(|node| match node {
        Node::Call { function, .. } => Some(syntax.strings[*function as usize].clone()),
        _ => None,
    });
    let mut called: Vec<String> = called.collect();
    called.sort_unstable();
    called.dedup();
    called
}
