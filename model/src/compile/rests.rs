//! Whole rows and columns past the last that a sheet uses: their cells are empty, and operations on them count.
//!
//! `(A:A="")*1` is 1 in a million cells of which no array is made. An array says of all of them together what each comes
//! to; functions that know what so many do to their result count them, and the others refuse what would change it.

use std::rc::Rc;

use super::address::Address;
use super::argument::{Argument, Array};
use super::bind::Obstacle;
use super::sheets::Sheets;
use super::term::Term;
use crate::value::Value;

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
    /// Notes the rest of an array that a function sees, unless it passes over what that holds.
    pub fn see_rest(&mut self, array: &Array, passes_over: fn(Value) -> bool) {
        self.rests.extend(array.rest.filter(|rest| !rest.term.known().is_some_and(passes_over)));
    }

    /// The result of a function, unless it has seen a rest and not counted it.
    pub fn without_rests(&mut self, result: Argument, at: Address) -> Argument {
        match std::mem::take(&mut self.rests).first().map(|rest| rest.term) {
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
