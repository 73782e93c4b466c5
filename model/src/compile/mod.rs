//! From a workbook and a selection of its cells to a plan.
//!
//! The cells that outputs need are walked, needs first (`walk`); each formula is bound once (`bind`) and evaluated
//! on terms (`evaluate`, `functions`): what is known folds to a value, the rest becomes nodes of a `graph`, which
//! is laid out as a tape (`schedule`).

mod address;
mod argument;
mod bind;
mod check;
mod evaluate;
mod functions;
mod graph;
mod inspect;
mod keys;
mod local_text;
mod refusal;
mod rests;
mod schedule;
mod selected;
mod settle;
mod sheets;
mod sighting;
mod term;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod vectors;
mod walk;
mod warnings;
mod work;

pub(crate) use address::Directory;
pub use check::{CheckReport, Difference, check};
pub use functions::names as function_names;
pub use inspect::{FunctionUse, InspectReport, SheetSize, inspect};
pub use refusal::{CompileError, UnsupportedUse};

use address::Address;
use graph::{Graph, text_facts};
use schedule::{ResultColumn, schedule};
use selected::{Selected, select_cells};
use sheets::{CellIndex, Sheets, State};
use term::{NodeIndex, Term};
use walk::{Stop, Walk};
use work::Excess;

use crate::correlation::Correlation;
use crate::distribution::{Distribution, identity_hash};
use crate::plan::{Draw, Operand, Plan};
use crate::value::{TextId, Value};
use crate::workbook::{Content, Workbook};

/// Which cells are uncertain and which matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The uncertain cells.
    pub inputs: Vec<Input>,
    /// The cells whose distribution is wanted.
    pub outputs: Vec<Output>,
    /// Uncertain cells that move together.
    pub correlations: Vec<Correlation>,
}

/// An uncertain cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Where, as a person writes it: `Inputs!B1`, `'My sheet'!$B$1`, or a defined name.
    pub cell: String,
    /// What to call it, if not by its cell.
    pub name: Option<String>,
    /// What it is distributed as.
    pub distribution: Distribution,
    /// The distribution as written.
    pub distribution_text: String,
}

/// A cell whose distribution is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where, as a person writes it.
    pub cell: String,
    /// What to call it, if not by its cell.
    pub name: Option<String>,
}

/// A compiled model and what there is to say of it.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The tape.
    pub plan: Plan,
    /// In the order of `Plan::draws`.
    pub inputs: Vec<Column>,
    /// In the order of the plan's outputs.
    pub outputs: Vec<Column>,
    /// Cells that hold something.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Formula cells that an input reaches and an output needs: what each trial evaluates.
    pub live_formulas: u64,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// An input or output of a compiled model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Canonical cell (`Inputs!B1`, `'My sheet'!B1`), or the name in a JSON model.
    pub identity: String,
    /// What to call it; the identity where nothing else was given.
    pub name: String,
    /// The distribution as written; empty for an output.
    pub distribution: String,
}

/// Compiles `workbook` to a plan for `selection`.
pub fn compile(workbook: &mut Workbook, selection: &Selection) -> Result<Compiled, CompileError> {
    if selection.outputs.is_empty() {
        return Err(CompileError::NoOutputs);
    }
    let directory = Directory::new(workbook);
    let selected = select_cells(workbook, &directory, selection)?;
    let formulas = std::mem::take(&mut workbook.formulas);
    let texts = std::mem::take(&mut workbook.texts);
    let graph = Graph::new(texts);
    let mut sheets = Sheets::new(workbook, &directory, formulas, graph, &selected.inputs);
    let compiled = compile_sheets(&mut sheets, &selected);
    let (formulas, texts) = (sheets.formulas, sheets.graph.texts);
    (workbook.formulas, workbook.texts) = (formulas, texts);
    compiled
}

fn compile_sheets(sheets: &mut Sheets<'_>, selected: &Selected) -> Result<Compiled, CompileError> {
    let mut walk = Walk::default();
    for output in &selected.outputs {
        if let Some(cell) = sheets.find(*output) {
            walk.visit(sheets, cell).map_err(|stop| stop_error(sheets, &stop))?;
        }
    }
    let terms: Vec<Term> = selected.outputs.iter().map(|output| sheets.term(*output)).collect();
    refuse_unsupported(sheets, &terms)?;
    let (cells, formulas, live_formulas) = count_cells(sheets);
    let plan = lay_out(sheets, selected, &terms);
    let warnings = warnings::warnings(sheets, selected, &terms, &plan);
    Ok(Compiled {
        plan,
        inputs: selected.input_columns.clone(),
        outputs: selected.output_columns.clone(),
        cells,
        formulas,
        live_formulas,
        warnings,
    })
}

fn stop_error(sheets: &Sheets<'_>, stop: &Stop) -> CompileError {
    let name = |cell: &CellIndex| sheets.directory.identity(sheets.workbook, sheets.address(*cell));
    let (cell, excess) = match stop {
        Stop::Cycle(cells) => {
            let cells = cells.iter().map(name).collect();
            return CompileError::Cycle { cells, iterative: sheets.workbook.iterative };
        }
        Stop::Excess(cell, excess) => (name(cell), excess),
    };
    match excess {
        Excess::Range(place) => {
            let address = Address { sheet: place.sheet, position: place.area.first };
            let range = sheets.directory.identity(sheets.workbook, address);
            CompileError::RangeTooLarge { cell, range, limit: work::MAX_ARRAY }
        }
        Excess::Arrays => CompileError::ArraysTooLarge { cell },
        Excess::Texts => CompileError::TextsTooLong { cell },
        Excess::Steps => CompileError::TooMuchWork { cell },
        Excess::Instructions => CompileError::TooManyInstructions { cell },
    }
}

fn refuse_unsupported(sheets: &Sheets<'_>, terms: &[Term]) -> Result<(), CompileError> {
    let unsupported = terms.iter().filter_map(|term| match term {
        Term::Unsupported(index) => Some(*index),
        Term::Known(_) | Term::Computed(_) => None,
    });
    let sources = sheets.graph.unsupported_sources(unsupported.collect());
    match sources.is_empty() {
        true => Ok(()),
        false => Err(CompileError::Unsupported(sheets.unsupported_uses(sources))),
    }
}

/// Cells that hold something, formulas, and formulas that every trial evaluates.
fn count_cells(sheets: &Sheets<'_>) -> (u64, u64, u64) {
    let (mut cells, mut formulas, mut live) = (0, 0, 0);
    for (index, sheet) in (0u32..).zip(&sheets.workbook.sheets) {
        for (cell, state) in sheet.cells.as_slice().iter().zip(sheets.states(index)) {
            let is_formula = cell.content != Content::Constant;
            cells += 1;
            formulas += u64::from(is_formula);
            live += u64::from(is_formula && matches!(state, State::Done(Term::Computed(_))));
        }
    }
    (cells, formulas, live)
}

fn lay_out(sheets: &mut Sheets<'_>, selected: &Selected, terms: &[Term]) -> Plan {
    let graph = &mut sheets.graph;
    let mut results = Vec::new();
    for (output, term) in (selected.inputs.len() as u32..).zip(terms) {
        // A text is no number here, whatever some machine would read in it.
        let number = if let Term::Known(_) = term { *term } else { graph.number(*term) };
        results.push(ResultColumn { column: output, operand: result_operand(graph, number) });
    }
    let tape = schedule(graph, &results);
    let (constants, texts) = plan_texts(graph);
    let draws = selected
        .distributions
        .iter()
        .zip(&selected.input_columns)
        .map(|(distribution, column)| Draw {
            identity: column.identity.clone(),
            stream: identity_hash(&column.identity),
            distribution: distribution.clone(),
        })
        .collect();
    Plan {
        instructions: tape.instructions,
        arguments: tape.arguments,
        constants,
        texts,
        slots: tape.slots,
        draws,
        correlations: selected.correlations.clone(),
        outputs: terms.len() as u32,
    }
}

fn result_operand(graph: &mut Graph, term: Term) -> Operand {
    match term {
        Term::Computed(NodeIndex(index)) => Operand::slot(index),
        Term::Known(value) => Operand::from_bits(graph.result_constant(value)),
        Term::Unsupported(_) => unreachable!("unsupported outputs are refused before the layout"),
    }
}

/// The constants with their texts renumbered, and the facts of those texts.
fn plan_texts(graph: &Graph) -> (Vec<f64>, Vec<crate::plan::TextFacts>) {
    let text_of = |constant: &f64| match Value::unpack(*constant) {
        Value::Text(id) => Some(id),
        _ => None,
    };
    let mut ids: Vec<TextId> = graph.constants().iter().filter_map(text_of).collect();
    ids.sort_unstable();
    ids.dedup();
    let renumber = |constant: &f64| match text_of(constant) {
        Some(id) => Value::Text(TextId(ids.partition_point(|known| *known < id) as u32)).pack(),
        None => *constant,
    };
    (graph.constants().iter().map(renumber).collect(), text_facts(&graph.texts, &ids))
}
