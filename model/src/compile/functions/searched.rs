//! What a lookup searches: a table whose cells are fetched only where the remembered keys do not do.

use std::rc::Rc;

use super::Call;
use crate::cell::{Area, Position};
use crate::compile::address::Address;
use crate::compile::argument::{Argument, Array, Place};
use crate::compile::sheets::Sheets;
use crate::compile::term::Term;
use crate::compile::text;
use crate::plan::Opcode;
use crate::value::Value;

/// Whether a table's keys go down its first column or across its first row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Down,
    Across,
}

/// The table of a lookup: argument `argument` of its call.
#[derive(Debug)]
pub(super) struct Searched {
    argument: usize,
    direction: Direction,
    /// Where it is a range, the part of it that its sheet uses.
    place: Option<Place>,
    array: Option<Rc<Array>>,
    /// Whether the first of its rest is a key too, after all others: so a search for one that is equal misses none.
    pub(super) counts_rest: bool,
}

/// Whether a search finds none such.
pub(super) fn is_passed_over(value: Value) -> bool {
    matches!(value, Value::Empty | Value::Error(_))
}

impl Searched {
    pub(super) fn new(call: &Call<'_, '_>, argument: usize, direction: Direction) -> Searched {
        let place = match &call.arguments[argument] {
            Argument::Place(place) => Some(call.sheets.clipped(*place)),
            _ => None,
        };
        Searched { argument, direction, place, array: None, counts_rest: false }
    }

    /// All its cells.
    pub(super) fn array(&mut self, call: &mut Call<'_, '_>) -> Rc<Array> {
        let make = || match self.counts_rest {
            true => call.sheets.dense(&call.arguments[self.argument]),
            false => call.array_past(self.argument, is_passed_over),
        };
        Rc::clone(self.array.get_or_insert_with(make))
    }

    /// Its keys in order.
    pub(super) fn keys(&mut self, call: &mut Call<'_, '_>) -> Vec<Term> {
        let mut keys = self.line(call, 0);
        let rest = self.array(call).rest.filter(|_| self.counts_rest).map(|rest| rest.term);
        keys.extend(rest.filter(|term| !term.known().is_some_and(is_passed_over)));
        keys
    }

    /// The cells beside the keys, `line` lines across from them; empty where whole columns were cut to what the sheet
    /// uses.
    pub(super) fn line(&mut self, call: &mut Call<'_, '_>, line: u32) -> Vec<Term> {
        let array = self.array(call);
        let cell = |row, column| array.get(row, column).unwrap_or(Term::Known(Value::Empty));
        match self.direction {
            Direction::Down => (0..array.rows).map(|row| cell(row, line)).collect(),
            Direction::Across => (0..array.columns).map(|column| cell(line, column)).collect(),
        }
    }

    /// The cell beside key `along`, from 0, `line` lines across from it.
    pub(super) fn cell(&mut self, call: &mut Call<'_, '_>, along: u32, line: u32) -> Term {
        let (row, column) = match self.direction {
            Direction::Down => (along, line),
            Direction::Across => (line, along),
        };
        match self.place {
            Some(Place { sheet, area: Area { first, .. } }) => {
                let position = Position { row: first.row + row, column: first.column + column };
                call.sheets.term(Address { sheet, position })
            }
            None => self.array(call).get(row, column).unwrap_or(Term::Known(Value::Empty)),
        }
    }

    /// Where its keys stand, if it is a range.
    fn place_of_keys(&self) -> Option<Place> {
        let Place { sheet, mut area } = self.place?;
        match self.direction {
            Direction::Down => area.last.column = area.first.column,
            Direction::Across => area.last.row = area.first.row,
        }
        Some(Place { sheet, area })
    }

    /// Where `opcode` finds a known key among the remembered keys; `None` where this is no range, or some of its keys
    /// are not known, or the match takes more than them.
    pub(super) fn find(&self, call: &mut Call<'_, '_>, key: Value, opcode: Opcode) -> Option<Term> {
        let place = self.place_of_keys()?;
        if call.sheets.keys.misses(place, place.area.rows().max(place.area.columns()) as usize) {
            let keys = call.sheets.dense(&Argument::Place(place));
            if !call.sheets.is_complete() {
                // Some key is not done: the formula is evaluated again, and only then is what it found kept.
                return None;
            }
            call.sheets.keys.add(&call.sheets.graph, place, &keys.terms);
        }
        let Sheets { keys, graph, .. } = &mut *call.sheets;
        let keys = keys.get(place)?;
        match (opcode, key) {
            (Opcode::MatchExact, Value::Text(id)) if text::has_wildcard(graph.texts.get(id)) => None,
            (Opcode::MatchExact, _) => Some(keys.exact(graph, key)),
            (_, Value::Number(number)) => Some(keys.in_order(opcode, number)),
            _ => None,
        }
    }
}
