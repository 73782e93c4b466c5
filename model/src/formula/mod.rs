//! Formulas: from the text of a cell to a syntax tree that is the same in every cell it was copied to.
//!
//! References are held relative to the cell, so that a column of a million copies is one template, parsed once.

mod syntax;

pub use syntax::*;

/// A distinct formula of a workbook, relative to its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaId(pub u32);

/// Every distinct formula, once.
#[derive(Debug, Default)]
pub struct Formulas {}
