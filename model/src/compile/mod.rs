//! From a workbook and a selection of its cells to a plan.

use std::path::PathBuf;

use crate::distribution::Distribution;
use crate::plan::Plan;
use crate::workbook::Workbook;

/// Which cells are uncertain and which matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The uncertain cells.
    pub inputs: Vec<Input>,
    /// The cells whose distribution is wanted.
    pub outputs: Vec<Output>,
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

/// Why a model is refused. Every variant's text says what, where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Nothing was asked for.
    #[error(
        "no outputs: say which cells matter with --output 'Sheet1!D9=Name', a sheet named fermiac, or \"outputs\" in a JSON model"
    )]
    NoOutputs,
    /// Placeholder until the compiler stands.
    #[error("cannot read {0}")]
    Unreadable(PathBuf),
}

/// Compiles `workbook` to a plan for `selection`.
pub fn compile(workbook: &mut Workbook, selection: &Selection) -> Result<Compiled, CompileError> {
    let _ = (workbook, selection);
    Err(CompileError::NoOutputs)
}
