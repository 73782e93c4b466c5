//! A workbook as read from an `.xlsx` file: sheets of cells, names and tables.
//!
//! Cells of a sheet are held in reading order (row by row) without gaps between them, so that a lone cell in
//! XFD1048576 costs one cell.

mod cell_value;
mod cells;
mod dates;
mod draft;
mod error;
mod escapes;
mod file_kind;
mod formulas;
mod limits;
mod package;
mod part;
mod plain_cell;
mod read;
mod relationships;
mod sheet;
mod strings;
mod styles;
mod tables;
mod workbook_part;
mod xml;

pub use cells::Cells;
pub use error::ReadError;
pub use limits::Limits;
pub use read::{open, read, read_within};

use crate::cell::{Area, Position};
use crate::formula::{FormulaId, Formulas};
use crate::value::{Texts, Value};

/// What was read from the file.
#[derive(Debug, Default)]
pub struct Workbook {
    /// In tab order.
    pub sheets: Vec<Sheet>,
    /// Defined names.
    pub names: Vec<DefinedName>,
    /// Tables of every sheet.
    pub tables: Vec<Table>,
    /// Every text that a cell or a formula holds.
    pub texts: Texts,
    /// Every distinct formula, relative to its cell.
    pub formulas: Formulas,
    /// Serial 0 is 1904-01-01, else 1899-12-31.
    pub dates_from_1904: bool,
    /// The file asks for iterative calculation (`calcPr iterate`).
    pub iterative: bool,
    /// What the reader left aside and the user should know (macros ignored, external links not followed).
    pub warnings: Vec<String>,
}

/// A sheet.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Its name as the tab shows it.
    pub name: String,
    /// Its cells that hold something, in reading order.
    pub cells: Cells,
    /// Array formulas: the formula of the anchor fills the area.
    pub arrays: Vec<ArrayFormula>,
}

/// A cell that holds something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Where.
    pub position: Position,
    /// What makes its value.
    pub content: Content,
    /// The value stored in the file: the constant, or what the formula came to when the file was saved.
    pub value: Value,
    /// How the number is shown.
    pub format: NumberFormat,
}

/// What makes a cell's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A constant.
    Constant,
    /// A formula of [`Workbook::formulas`].
    Formula(FormulaId),
    /// Part of the array formula `Sheet::arrays[n]`, anchor included.
    Array(u32),
    /// Part of a data table (what-if analysis), which is never recomputed here.
    DataTable,
}

/// The kinds of number format that change what a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberFormat {
    /// Any other.
    #[default]
    General,
    /// Shown times 100 with a % sign. The value itself is not scaled.
    Percent,
    /// A date or time serial.
    Date,
}

/// An array formula (`t="array"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayFormula {
    /// The cells it fills; the first is the anchor.
    pub area: Area,
    /// The formula, relative to the anchor.
    pub formula: FormulaId,
}

/// A defined name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinedName {
    /// As written; looked up without case.
    pub name: String,
    /// The sheet it is known in (an index of [`Workbook::sheets`]), or everywhere.
    pub scope: Option<u32>,
    /// Its text after `=`; interned relative to A1 by whoever binds it.
    pub text: String,
}

/// A table (list object).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its display name; looked up without case.
    pub name: String,
    /// Index of its sheet.
    pub sheet: u32,
    /// Its whole area, headers and totals included.
    pub area: Area,
    /// Rows of headers: 0 or 1.
    pub header_rows: u32,
    /// Rows of totals: 0 or 1.
    pub totals_rows: u32,
    /// Names of its columns, left to right.
    pub columns: Vec<String>,
}
