//! What kind of thing a value or a reference is.

use super::{Call, Function};
use crate::cell::{Area, Position};
use crate::compile::argument::{Argument, Array, Rest};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Term};
use crate::value::{ErrorKind, Value};
use std::rc::Rc;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::values(&["ISERROR"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::ERROR)),
    Function::values(&["ISERR"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::ERROR_NOT_NA)),
    Function::values(&["ISNA"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::NOT_AVAILABLE)),
    Function::values(&["ISNUMBER"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::NUMBER)),
    Function::values(&["ISTEXT"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::TEXT)),
    Function::values(&["ISNONTEXT"], 1, 1, is_no_text),
    Function::values(&["ISLOGICAL"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::BOOL)),
    Function::values(&["ISBLANK"], 1, 1, |graph, terms| graph.has_kind(terms[0], KindMask::EMPTY)),
    Function::values(&["NA"], 0, 0, |_, _| Term::error(ErrorKind::NotAvailable)),
    Function::arguments(&["ROW"], 0, 1, |call| origin(call, |position| position.row)),
    Function::arguments(&["COLUMN"], 0, 1, |call| origin(call, |position| position.column)),
    Function::arguments(&["ROWS"], 1, 1, |call| extent(call, |rows, _| rows)),
    Function::arguments(&["COLUMNS"], 1, 1, |call| extent(call, |_, columns| columns)),
];

fn is_no_text(graph: &mut Graph, terms: &[Term]) -> Term {
    let text = graph.has_kind(terms[0], KindMask::TEXT);
    graph.not(text)
}

/// ROW and COLUMN, counted from 1: of the first cell, or in array context of every row or column.
fn origin(call: &mut Call<'_, '_>, coordinate: fn(Position) -> u32) -> Argument {
    let number = |position: Position| Term::number(f64::from(coordinate(position) + 1));
    match call.arguments.first() {
        None => Argument::Term(number(call.at.position)),
        Some(Argument::Place(place)) if call.array => {
            let Area { first, last } = call.sheets.clipped(*place).area;
            // Across the other way all are alike: a single row or column, which repeats as often as is asked.
            let (rows, columns) = match coordinate(Position { row: 1, column: 0 }) {
                1 => (last.row - first.row + 1, 1),
                _ => (1, last.column - first.column + 1),
            };
            let start = coordinate(first) + 1;
            let terms = (start..start + rows * columns).map(|each| Term::number(f64::from(each))).collect();
            // ROW(1:1) is one row, of which no column is missed.
            let past = coordinate(place.area.last) - coordinate(last);
            let rest = (past > 0)
                .then(|| Rest { term: call.sheets.uncounted_rest(call.at), count: u64::from(past) });
            Argument::Array(Rc::new(Array { rows, columns, terms, rest }))
        }
        Some(Argument::Place(place)) => Argument::Term(number(place.area.first)),
        Some(_) => Argument::error(ErrorKind::Value),
    }
}

fn extent(call: &mut Call<'_, '_>, choose: fn(u32, u32) -> u32) -> Argument {
    if let Argument::Term(error @ Term::Known(Value::Error(_))) = call.arguments[0] {
        return Argument::Term(error);
    }
    let (rows, columns) = call.arguments[0].shape();
    Argument::Term(Term::number(f64::from(choose(rows, columns))))
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [("A1", "1"), ("A2", "0"), ("A3", "x"), ("A4", "TRUE"), ("A6", "#N/A")];
        assert_vectors(
            &cells,
            &[
                ("=ISERROR(A1/A2)", "TRUE"),
                ("=ISERROR(A1)", "FALSE"),
                ("=ISERR(A6)", "FALSE"),
                ("=ISNA(A6)", "TRUE"),
                ("=ISNUMBER(A1+1)", "TRUE"),
                ("=ISNUMBER(A1>0)", "FALSE"),
                ("=ISLOGICAL(A1>0)", "TRUE"),
                ("=ISTEXT(A3)", "TRUE"),
                ("=ISNONTEXT(A1)", "TRUE"),
                ("=ISBLANK(A5)", "TRUE"),
                ("=ISBLANK(A1)", "FALSE"),
                ("=ISERROR(NA())", "TRUE"),
                ("=ROW(A3)+COLUMN(B1)", "5"),
                ("=ROW()", "99"),
                ("=SUMPRODUCT((ROW(A1:A3)>1)*ROW(B1:B3))", "5"),
                ("=SUMPRODUCT(ROW(A1:B2)*COLUMN(A1:B2))", "9"),
                ("=ROWS(A1:B4)*COLUMNS(A1:B4)", "8"),
            ],
        );
    }
}
