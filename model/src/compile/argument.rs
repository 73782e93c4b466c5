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
    /// A union of references, `(A1:A3,C5)`: cells of several places, in order.
    Union(Rc<[Place]>),
    /// Values without a place.
    Array(Rc<Array>),
    /// An argument left out.
    Missing,
}

/// Cells of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// Where it stands for whole rows or columns, of which only what the sheet uses is held: all the others.
    pub rest: Option<Rest>,
}

/// The values of whole rows and columns past the last that the sheet uses, which all come to the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rest {
    /// What each of them comes to.
    pub term: Term,
    /// How many they are.
    pub count: u64,
}

impl Argument {
    /// A known error.
    pub fn error(kind: ErrorKind) -> Argument {
        Argument::Term(Term::error(kind))
    }

    /// The shape, rows by columns; a union, which has none, is as one value.
    pub fn shape(&self) -> (u32, u32) {
        match self {
            Argument::Place(place) => (place.area.rows(), place.area.columns()),
            Argument::Array(array) => (array.rows, array.columns),
            Argument::Union(_) | Argument::Term(_) | Argument::Missing => (1, 1),
        }
    }

    /// The places of a reference, in order; none for what is no reference.
    pub fn places(&self) -> &[Place] {
        match self {
            Argument::Place(place) => std::slice::from_ref(place),
            Argument::Union(places) => places,
            Argument::Term(_) | Argument::Array(_) | Argument::Missing => &[],
        }
    }

    /// Whether this is more than one value.
    pub fn is_many(&self) -> bool {
        match self {
            Argument::Term(_) | Argument::Missing => false,
            Argument::Union(_) => true,
            Argument::Place(place) => place.area.first != place.area.last,
            Argument::Array(array) => array.terms.len() != 1,
        }
    }
}

impl Array {
    /// So many rows and columns of terms, and no more.
    pub fn new(rows: u32, columns: u32, terms: Vec<Term>) -> Array {
        Array { rows, columns, terms, rest: None }
    }

    /// One term as an array.
    pub fn single(term: Term) -> Array {
        Array::new(1, 1, vec![term])
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

    /// Its first rows and columns, as many as an array formula fills.
    pub fn within(&self, rows: u32, columns: u32) -> Array {
        let (rows, columns) = (self.rows.min(rows), self.columns.min(columns));
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        Array::new(rows, columns, places.map(|(row, column)| self.broadcast(row, column)).collect())
    }

    /// The term at `row` and `column`, if there is one.
    pub fn get(&self, row: u32, column: u32) -> Option<Term> {
        (row < self.rows && column < self.columns).then(|| self.terms[(row * self.columns + column) as usize])
    }
}
