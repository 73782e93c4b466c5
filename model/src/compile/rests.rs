//! Whole rows and columns past the last that a sheet uses: their cells are empty, and operations on them count.
//!
//! `(A:A="")*1` is 1 in a million cells of which no array is made. An array says of all of them together what each comes
//! to; functions that know what so many do to their result count them, and the others refuse what would change it.

use std::rc::Rc;

use super::address::Address;
use super::argument::{Argument, Array, Rest};
use super::bind::Obstacle;
use super::functions::Function;
use super::sheets::Sheets;
use super::term::Term;
use crate::value::Value;

/// Functions that pass over errors in what they search.
const SEARCHES: [&str; 4] = ["LOOKUP", "MATCH", "VLOOKUP", "HLOOKUP"];
/// Functions of ranges that leave out of arrays what is no number.
const OF_NUMBERS: [&str; 16] = [
    "SUM", "AVERAGE", "MIN", "MAX", "COUNT", "PRODUCT", "SUMSQ", "MEDIAN", "LARGE", "SMALL", "STDEV.S",
    "STDEV.P", "VAR.S", "VAR.P", "NPV", "IRR",
];

/// The rests of arrays that are operated on together.
pub(super) struct Rests {
    /// How many values they have.
    pub count: u64,
    /// What each array has there; none where that is not one and the same.
    pub lane: Option<Vec<Term>>,
}

/// The rests of arrays that are broadcast together, if one has any.
pub(super) fn rest_among(arrays: &[Rc<Array>]) -> Option<Rests> {
    let count = arrays.iter().filter_map(|array| array.rest).map(|rest| rest.count).max()?;
    let at_rest = |array: &Rc<Array>| match (array.rest, array.terms.as_slice()) {
        (Some(rest), _) => (rest.count == count).then_some(rest.term),
        (None, [term]) => Some(*term),
        (None, _) => None,
    };
    Some(Rests { count, lane: arrays.iter().map(at_rest).collect() })
}

impl Sheets<'_> {
    /// Notes the rest of an array that a function sees; empty cells are passed over by all who see them.
    pub fn see_rest(&mut self, array: &Array) {
        self.rests.extend(array.rest.filter(|rest| rest.term != Term::Known(Value::Empty)));
    }

    /// The result of a function, unless a rest that it has seen and not counted would change it.
    pub fn without_rests(&mut self, function: &Function, result: Argument, at: Address) -> Argument {
        let name = function.names[0];
        let changes = |rest: &Rest| match rest.term {
            Term::Known(Value::Error(_)) => !SEARCHES.contains(&name),
            Term::Known(Value::Bool(_) | Value::Text(_) | Value::Empty) => !OF_NUMBERS.contains(&name),
            Term::Known(Value::Number(_)) | Term::Computed(_) | Term::Unsupported(_) => true,
        };
        let uncounted = std::mem::take(&mut self.rests).into_iter().find(changes);
        match uncounted.map(|rest| rest.term) {
            None => result,
            Some(term @ Term::Unsupported(_)) => Argument::Term(term),
            Some(_) => Argument::Term(self.uncounted_rest(at)),
        }
    }

    /// The term of what cannot be told of cells that no array was made of.
    pub fn uncounted_rest(&mut self, at: Address) -> Term {
        let what =
            "an array of whole rows or columns whose empty cells count; name the range that holds the data";
        self.obstacle(&Obstacle { what: what.to_owned(), sees_unnamed_cells: false }, at)
    }
}
