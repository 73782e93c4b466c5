//! SUMIF, COUNTIF and their kin: sums over the cells that meet criteria.

use super::criterion::{Comparison, Criterion, meets, parse, uncertain};
use super::{Call, Function, Item, MANY, count, ranged_number, sum};
use crate::cell::{Area, MAX_COLUMNS, MAX_ROWS, Position};
use crate::compile::argument::{Argument, Array, Place};
use crate::compile::term::{Kinds, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};
use std::rc::Rc;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["SUMIF"], 2, 3, |call| over_one_range(call, Total::Sum)),
    Function::arguments(&["AVERAGEIF"], 2, 3, |call| over_one_range(call, Total::Average)),
    Function::arguments(&["COUNTIF"], 2, 2, |call| over_one_range(call, Total::Count)),
    Function::arguments(&["SUMIFS"], 3, MANY, |call| over_many_ranges(call, Total::Sum)),
    Function::arguments(&["AVERAGEIFS"], 3, MANY, |call| over_many_ranges(call, Total::Average)),
    Function::arguments(&["COUNTIFS"], 2, MANY, |call| over_many_ranges(call, Total::Count)),
];

/// What is made of the cells that meet the criteria.
#[derive(Clone, Copy, PartialEq)]
enum Total {
    Sum,
    Average,
    Count,
}

/// SUMIF(range, criterion, values = range) and its kin.
fn over_one_range(call: &mut Call<'_, '_>, total: Total) -> Argument {
    let range = call.array(0);
    let values = match (&call.arguments[0], call.arguments.get(2)) {
        (_, None | Some(Argument::Missing)) => Rc::clone(&range),
        (Argument::Place(_), Some(Argument::Place(place))) => {
            // The values take the shape of the range, from their first cell on.
            let first = place.area.first;
            let last = Position {
                row: (first.row + range.rows - 1).min(MAX_ROWS - 1),
                column: (first.column + range.columns - 1).min(MAX_COLUMNS - 1),
            };
            let place = Place { sheet: place.sheet, area: Area { first, last } };
            call.sheets.dense(&Argument::Place(place))
        }
        _ => return Argument::error(ErrorKind::Value),
    };
    call.over(1, |call, criterion| match conditions(call, &range, criterion) {
        Ok(met) => {
            let total_of = finish(call, total, &met, |index| {
                let (row, column) = (index as u32 / range.columns, index as u32 % range.columns);
                values.get(row, column).unwrap_or(Term::Known(Value::Empty))
            });
            if total == Total::Count { with_unused(call, total_of, &[(0, criterion)]) } else { total_of }
        }
        Err(term) => term,
    })
}

/// `count` and the cells behind the last used one of whole columns, where empty cells meet all criteria.
fn with_unused(call: &mut Call<'_, '_>, count: Term, criteria: &[(usize, Term)]) -> Term {
    let (rows, columns) = call.arguments[criteria[0].0].shape();
    let seen = call.array(criteria[0].0).terms.len() as f64;
    let unused = f64::from(rows) * f64::from(columns) - seen;
    if unused <= 0.0 {
        return count;
    }
    let mut all = Term::bool(true);
    for (_, criterion) in criteria {
        match conditions(call, &Array::single(Term::Known(Value::Empty)), *criterion) {
            Ok(met) => all = call.graph().and(all, met[0]),
            Err(term) => return term,
        }
    }
    let more = call.graph().select(all, Term::number(unused), Term::number(0.0));
    call.graph().binary(Opcode::Add, count, more)
}

/// SUMIFS(values, range, criterion, ...) and its kin; COUNTIFS has no values.
fn over_many_ranges(call: &mut Call<'_, '_>, total: Total) -> Argument {
    let first_pair = usize::from(total != Total::Count);
    if (call.count() - first_pair) % 2 == 1 {
        return Argument::error(ErrorKind::Value);
    }
    let shape = |argument: &Argument| match argument {
        Argument::Place(place) => Some((place.area.rows(), place.area.columns())),
        _ => None,
    };
    let expected = shape(&call.arguments[0]);
    let mut met: Option<Vec<Term>> = None;
    let columns = call.array(0).columns;
    let mut criteria = Vec::new();
    for pair in (first_pair..call.count()).step_by(2) {
        if expected.is_none() || shape(&call.arguments[pair]) != expected {
            return Argument::error(ErrorKind::Value);
        }
        let (range, criterion) = (call.array(pair), call.term(pair + 1));
        let these = match conditions(call, &range, criterion) {
            Ok(these) => these,
            Err(term) => return Argument::Term(term),
        };
        criteria.push((pair, criterion));
        met = Some(match met {
            None => these,
            Some(known) => known.iter().zip(these).map(|(a, b)| call.graph().and(*a, b)).collect(),
        });
    }
    let values = call.array(0);
    let met = met.unwrap_or_default();
    let total_of = finish(call, total, &met, |index| {
        let (row, column) = (index as u32 / columns, index as u32 % columns);
        values.get(row, column).unwrap_or(Term::Known(Value::Empty))
    });
    Argument::Term(if total == Total::Count { with_unused(call, total_of, &criteria) } else { total_of })
}

fn finish(call: &mut Call<'_, '_>, total: Total, met: &[Term], value: impl Fn(usize) -> Term) -> Term {
    let graph = call.graph();
    let mut items: Vec<Item> = Vec::new();
    for (index, condition) in met.iter().enumerate() {
        if *condition == Term::bool(false) {
            continue;
        }
        if total == Total::Count {
            items.push(Item { value: *condition, present: Some(*condition) });
            continue;
        }
        let Some(item) = ranged_number(graph, value(index)) else { continue };
        if *condition == Term::bool(true) {
            items.push(item);
            continue;
        }
        let taken = graph.select(*condition, item.value, Term::number(0.0));
        let taken = graph.number(taken);
        let present = match item.present {
            None => *condition,
            Some(present) => graph.and(*condition, present),
        };
        items.push(Item { value: taken, present: Some(present) });
    }
    let total_of = sum(graph, &items);
    match total {
        Total::Sum | Total::Count => total_of,
        Total::Average => {
            let count = count(graph, &items);
            graph.binary(Opcode::Divide, total_of, count)
        }
    }
}

/// For each value of `range` whether it meets the criterion: conditions that are never errors.
fn conditions(call: &mut Call<'_, '_>, range: &Array, criterion: Term) -> Result<Vec<Term>, Term> {
    let criterion = match criterion {
        Term::Known(value) => parse(&call.sheets.graph, value),
        Term::Unsupported(index) => uncertain(call, index).ok_or(criterion)?,
        Term::Computed(_) if call.sheets.graph.kinds(criterion).within(Kinds::NUMBER) => {
            Criterion::Number(Comparison::Equal, criterion)
        }
        Term::Computed(_) => {
            return Err(call.obstacle("a criterion that is an uncertain text or condition"));
        }
    };
    if criterion == Criterion::Local {
        return Err(call.obstacle("a criterion that reads as a date; hold it against a cell with the date"));
    }
    let mut met = Vec::with_capacity(range.terms.len());
    for term in &range.terms {
        match meets(call.graph(), &criterion, *term) {
            Some(condition) => met.push(condition),
            None => {
                return Err(
                    call.obstacle("a criterion that cannot be held against uncertain texts or errors")
                );
            }
        }
    }
    Ok(met)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [
            ("A1", "1"),
            ("A2", "2"),
            ("A3", "3"),
            ("A4", "x"),
            ("B1", "10"),
            ("B2", "20"),
            ("B3", "30"),
            ("B4", "40"),
            ("C1", "east"),
            ("C2", "West"),
            ("C3", "east"),
            ("D1", "2"),
            ("E1", "TRUE"),
            ("E2", "#N/A"),
            ("E4", "true blue"),
        ];
        assert_vectors(
            &cells,
            &[
                ("=SUMIF(A1:A3,\">1\")", "5"),
                ("=SUMIF(A1:A3,\">1\",B1:B3)", "50"),
                ("=SUMIF(A1:A3,D1,B1:B3)", "20"),
                ("=SUMIF(C1:C3,\"EAST\",B1:B3)", "40"),
                ("=SUMIF(C1:C3,\"<>east\",B1:B3)", "20"),
                ("=SUMIF(C1:C3,\"w*\",B1)", "20"),
                ("=COUNTIF(A1:A4,\"<>2\")", "3"),
                ("=COUNTIF(A1:A4,\">=2\")", "2"),
                ("=COUNTIF(C1:C4,\"\")", "1"),
                ("=COUNTIF(C1:C4,\"?ast\")", "2"),
                ("=COUNTIF(E1:E4,\"TRUE\")", "1"),
                ("=COUNTIF(E1:E4,\"<>TRUE\")", "3"),
                ("=COUNTIF(E1:E4,\"#N/A\")", "1"),
                ("=COUNTIF(E1:E4,\"<>#N/A\")", "3"),
                ("=COUNTIF(E1:E4,\"<>\")", "3"),
                ("=AVERAGEIF(A1:A3,\"<3\",B1:B3)", "15"),
                ("=AVERAGEIF(A1:A3,\">9\")", "#DIV/0!"),
                ("=SUMIFS(B1:B3,A1:A3,\">1\",C1:C3,\"east\")", "30"),
                ("=COUNTIFS(A1:A3,\">0\",C1:C3,\"east\")", "2"),
                ("=AVERAGEIFS(B1:B3,C1:C3,\"east\")", "20"),
                ("=COUNTIF(A1:A3,\">\"&D1)", "1"),
                ("=SUMIFS(B1:B3,A1:A4,\">1\")", "#VALUE!"),
            ],
        );
    }

    #[test]
    fn an_error_in_the_range_meets_no_number_criterion() {
        let cells = [("A1", "1"), ("A2", "0"), ("B1", "=A1/A2"), ("B2", "=A1")];
        assert_vectors(&cells, &[("=COUNTIF(B1:B2,\">0\")", "1"), ("=SUMIF(B1:B2,\">0\")", "1")]);
    }

    #[test]
    fn a_cell_that_is_a_text_in_some_trials_only() {
        let cells = [("A1", "1"), ("B1", "=IF(A1>0,\"\",A1)"), ("B2", "=IF(A1>0,\"5\",A1)"), ("B3", "=A1")];
        assert_vectors(
            &cells,
            &[
                ("=COUNTIF(B1:B3,\"\")", "1"),
                ("=COUNTIF(B1:B4,\"=\")", "1"),
                ("=COUNTIF(B1:B3,5)", "1"),
                ("=COUNTIF(B1:B3,\"<>5\")", "2"),
                ("=COUNTIF(B1:B3,\">0\")", "1"),
            ],
        );
    }
}
