//! INDEX: the value or the reference at a place of a range.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::lookup::pick;
use super::{Call, read_with};
use crate::cell::{Area, Position};
use crate::compile::argument::{Argument, Array, Place};
use crate::compile::graph::Graph;
use crate::compile::term::Term;
use crate::compile::work::MAX_ARRAY;
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

/// INDEX(range, row, column): with known places a reference, else the value picked in each trial.
pub(super) fn index(call: &mut Call<'_, '_>) -> Argument {
    let first = call.term(1);
    let second = if call.count() > 2 { Some(call.term(2)) } else { None };
    let first = call.graph().number(first);
    let second = second.map(|term| call.graph().number(term));
    let (rows, columns) = call.arguments[0].shape();
    // In a single row the one index counts columns.
    let (row, column) = match second {
        Some(second) => (first, second),
        None if rows == 1 && columns > 1 => (Term::number(1.0), first),
        None => (first, Term::number(if columns == 1 { 1.0 } else { 0.0 })),
    };
    match (row, column) {
        (Term::Known(Value::Number(row)), Term::Known(Value::Number(column))) => {
            known_index(call, row, column)
        }
        (row, column @ Term::Known(Value::Error(_))) | (row @ Term::Known(Value::Error(_)), column) => {
            Argument::Term(read_with(call.graph(), row, &[column]))
        }
        _ => computed_index(call, row, column),
    }
}

fn known_index(call: &mut Call<'_, '_>, row: f64, column: f64) -> Argument {
    let (rows, columns) = call.arguments[0].shape();
    let (row, column) = (row.trunc(), column.trunc());
    if row < 0.0 || column < 0.0 {
        return Argument::error(ErrorKind::Value);
    }
    if row > f64::from(rows) || column > f64::from(columns) {
        return Argument::error(ErrorKind::Ref);
    }
    let span = |index: f64, count: u32| {
        if index == 0.0 { (0, count - 1) } else { (index as u32 - 1, index as u32 - 1) }
    };
    let ((top, bottom), (left, right)) = (span(row, rows), span(column, columns));
    if let Argument::Place(Place { sheet, area }) = call.arguments[0] {
        let at = |row: u32, column: u32| Position {
            row: area.first.row + row,
            column: area.first.column + column,
        };
        return Argument::Place(Place {
            sheet,
            area: Area { first: at(top, left), last: at(bottom, right) },
        });
    }
    let array = call.array(0);
    let places = (top..=bottom).flat_map(|row| (left..=right).map(move |column| (row, column)));
    let terms: Vec<Term> = places.map(|(row, column)| array.broadcast(row, column)).collect();
    match terms[..] {
        [term] => Argument::Term(term),
        _ => Argument::Array(Rc::new(Array::new(bottom - top + 1, right - left + 1, terms))),
    }
}

/// INDEX whose row or column is uncertain: the value chosen in each trial. With the other one known to be 0 it is a
/// whole row or column, each of its values chosen. An uncertain one that turns out 0, which would make it whole in
/// that trial only, is `#VALUE!`.
fn computed_index(call: &mut Call<'_, '_>, row: Term, column: Term) -> Argument {
    let (rows, columns) = candidates(call);
    if u64::from(rows) * u64::from(columns) > MAX_ARRAY {
        return Argument::Term(call.obstacle("INDEX with an uncertain place in so large a range"));
    }
    let all = Term::number(0.0);
    if column == all && columns > 1 {
        let terms =
            (1..=columns).map(|column| line_at(call, row, 1..=rows, Term::number(column.into()), 0..=0));
        let terms = terms.collect();
        return Argument::Array(Rc::new(Array::new(1, columns, terms)));
    }
    if row == all && rows > 1 {
        let terms = (1..=rows).map(|row| line_at(call, Term::number(row.into()), 0..=0, column, 1..=columns));
        let terms = terms.collect();
        return Argument::Array(Rc::new(Array::new(rows, 1, terms)));
    }
    let chosen = line_at(call, row, 1..=rows, column, 1..=columns);
    match call.arguments[0] {
        Argument::Place(_) => call.referred(chosen),
        _ => Argument::Term(chosen),
    }
}

/// The rows and columns that can hold something: of whole columns and rows those that are in use, and one more, which
/// stands for all that follow.
fn candidates(call: &Call<'_, '_>) -> (u32, u32) {
    let (rows, columns) = call.arguments[0].shape();
    match call.arguments[0] {
        Argument::Place(place) => {
            let used = call.sheets.clipped(place).area;
            (rows.min(used.rows() + 1), columns.min(used.columns() + 1))
        }
        _ => (rows, columns),
    }
}

/// The value at `row` and `column`; where one is uncertain it is one of `rows` or `columns`, else an error.
fn line_at(
    call: &mut Call<'_, '_>,
    row: Term,
    rows: RangeInclusive<u32>,
    column: Term,
    columns: RangeInclusive<u32>,
) -> Term {
    let candidates = |term: Term, range: &RangeInclusive<u32>| match term {
        Term::Known(Value::Number(number)) => vec![number],
        _ => range.clone().map(f64::from).collect(),
    };
    let (row_candidates, column_candidates) = (candidates(row, &rows), candidates(column, &columns));
    let many = row_candidates.len() as u64 * column_candidates.len() as u64;
    if !call.sheets.work.make_array(many, None) {
        return Term::error(ErrorKind::Num);
    }
    let mut terms = Vec::with_capacity(many as usize);
    for row in &row_candidates {
        for column in &column_candidates {
            let chosen = known_index(call, *row, *column);
            terms.push(call.sheets.scalar(&chosen, call.at));
        }
    }
    let graph = &mut call.sheets.graph;
    let (all_rows, all_columns) = call.arguments[0].shape();
    let above = place_among(graph, row, &rows, all_rows);
    let before = place_among(graph, column, &columns, all_columns);
    let width = Term::number(column_candidates.len() as f64);
    let skipped = graph.binary(Opcode::Multiply, above, width);
    let place = graph.binary(Opcode::Add, skipped, before);
    let place = graph.binary(Opcode::Add, place, Term::number(1.0));
    let start = |index: Term, range: &RangeInclusive<u32>| match index {
        Term::Known(_) => 0,
        _ => *range.start(),
    };
    let low_column = is_below(graph, column, start(column, &columns));
    let read_row = read_with(graph, row, &[column]);
    let low_row = is_below(graph, read_row, start(row, &rows));
    let place = graph.select(low_column, Term::error(ErrorKind::Value), place);
    let place = graph.select(low_row, Term::error(ErrorKind::Value), place);
    pick(call, &terms, place)
}

/// How many of `range` lie before the uncertain `index`, the last standing for all up to `count`; past that is
/// `#REF!`. A known index is alone.
fn place_among(graph: &mut Graph, index: Term, range: &RangeInclusive<u32>, count: u32) -> Term {
    if matches!(index, Term::Known(Value::Number(_))) {
        return Term::number(0.0);
    }
    let whole = graph.binary(Opcode::RoundDown, index, Term::number(0.0));
    let high = graph.compare(Opcode::Less, Term::number(f64::from(count)), whole);
    let last = Term::number(f64::from(*range.end()));
    let held = if count > *range.end() { graph.binary(Opcode::Minimum, whole, last) } else { whole };
    let before = graph.binary(Opcode::Subtract, held, Term::number(f64::from(*range.start())));
    graph.select(high, Term::error(ErrorKind::Ref), before)
}

/// Whether `index`, truncated, is below `start`.
fn is_below(graph: &mut Graph, index: Term, start: u32) -> Term {
    let whole = graph.binary(Opcode::RoundDown, index, Term::number(0.0));
    graph.compare(Opcode::Less, whole, Term::number(f64::from(start)))
}

/// `index` where it lies in 1..=count; `#VALUE!` below, `#REF!` above.
pub(super) fn within(graph: &mut Graph, index: Term, count: u32) -> Term {
    let low = graph.compare(Opcode::Less, index, Term::number(1.0));
    let high = graph.compare(Opcode::Less, Term::number(f64::from(count)), index);
    let bounded = graph.select(high, Term::error(ErrorKind::Ref), index);
    graph.select(low, Term::error(ErrorKind::Value), bounded)
}
