//! What a part of a formula comes to: one term, a place in a sheet, or an array of terms.

use std::rc::Rc;

use super::term::Term;
use crate::cell::Area;
use crate::value::ErrorKind;

/// The result of a part of a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// One value.
    Term(Term),
    /// Cells of a sheet.
    Place(Place),
    /// Values without a place.
    Array(Rc<Array>),
    /// An argument left out.
    Missing,
}

/// Cells of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the sheet.
    pub sheet: u32,
    /// The cells.
    pub area: Area,
}

/// A rectangle of terms, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
    /// `rows * columns` terms.
    pub terms: Vec<Term>,
}

impl Argument {
    /// A known error.
    pub fn error(kind: ErrorKind) -> Argument {
        Argument::Term(Term::error(kind))
    }

    /// Whether this is more than one value.
    pub fn is_many(&self) -> bool {
        match self {
            Argument::Term(_) | Argument::Missing => false,
            Argument::Place(place) => place.area.first != place.area.last,
            Argument::Array(array) => array.terms.len() != 1,
        }
    }
}

impl Array {
    /// One term as an array.
    pub fn single(term: Term) -> Array {
        Array { rows: 1, columns: 1, terms: vec![term] }
    }

    /// The term at `row` and `column`, where a single row or column repeats as often as is asked; `#N/A` beyond.
    pub fn broadcast(&self, row: u32, column: u32) -> Term {
        let row = if self.rows == 1 { 0 } else { row };
        let column = if self.columns == 1 { 0 } else { column };
        if row < self.rows && column < self.columns {
            self.terms[(row * self.columns + column) as usize]
        } else {
            Term::error(ErrorKind::NotAvailable)
        }
    }

    /// The term at `row` and `column`, if there is one.
    pub fn get(&self, row: u32, column: u32) -> Option<Term> {
        (row < self.rows && column < self.columns).then(|| self.terms[(row * self.columns + column) as usize])
    }
}
