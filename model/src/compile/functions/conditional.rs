//! SUMIF, COUNTIF and their kin: sums over the cells that meet criteria.

use super::{Call, Function, Item, MANY, count, ranged_number, sum};
use crate::cell::{Area, MAX_COLUMNS, MAX_ROWS, Position};
use crate::compile::argument::{Argument, Array, Place};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Kinds, Term};
use crate::compile::text;
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

/// A criterion taken apart.
#[derive(Debug, Clone, PartialEq)]
enum Criterion {
    /// Numbers that compare so with a number.
    Number(Comparison, Term),
    /// Texts that match (or do not match) a pattern with wildcards.
    Text { pattern: String, matches: bool },
    /// Texts before or after another.
    TextOrder(Comparison, Term),
    /// Cells that hold nothing; with `texts`, empty texts too.
    Empty { texts: bool },
    /// Cells that hold something.
    Something,
    /// The boolean, or all but it.
    Bool { truth: bool, matches: bool },
    /// The error, or all but it.
    Error { kind: ErrorKind, matches: bool },
    /// Nothing at all.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// The signs that a criterion may begin with, longest first.
const SIGNS: [(&str, Comparison); 6] = [
    ("<=", Comparison::LessEqual),
    (">=", Comparison::GreaterEqual),
    ("<>", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=", Comparison::Equal),
];

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

/// The criterion `">"&A1` of an uncertain number, which is compared as it is, not rounded to the 15 digits of a text.
fn uncertain(call: &Call<'_, '_>, unsupported: u32) -> Option<Criterion> {
    let (sign, operand) = call.sheets.uncertain_criteria.get(&unsupported)?;
    let sign = call.sheets.graph.texts.get(*sign);
    let (_, comparison) = SIGNS.into_iter().find(|(known, _)| *known == sign)?;
    Some(Criterion::Number(comparison, *operand))
}

fn parse(graph: &Graph, value: Value) -> Criterion {
    let id = match value {
        Value::Number(_) => return Criterion::Number(Comparison::Equal, Term::Known(value)),
        Value::Empty => return Criterion::Number(Comparison::Equal, Term::number(0.0)),
        Value::Bool(truth) => return Criterion::Bool { truth, matches: true },
        Value::Error(kind) => return Criterion::Error { kind, matches: true },
        Value::Text(id) => id,
    };
    let written = graph.texts.get(id);
    let found = SIGNS.iter().find_map(|(sign, comparison)| Some((written.strip_prefix(sign)?, *comparison)));
    let (operand, comparison) = found.unwrap_or((written, Comparison::Equal));
    let explicit = found.is_some();
    if let Some(number) = text::parse_number(operand) {
        return Criterion::Number(comparison, Term::number(number));
    }
    match (comparison, operand) {
        (Comparison::Equal, "") => Criterion::Empty { texts: !explicit },
        (Comparison::NotEqual, "") => Criterion::Something,
        (Comparison::Equal | Comparison::NotEqual, operand) => {
            let matches = comparison == Comparison::Equal;
            match (text::parse_condition(operand), ErrorKind::parse(operand)) {
                (Some(truth), _) => Criterion::Bool { truth, matches },
                (_, Some(kind)) => Criterion::Error { kind, matches },
                _ => Criterion::Text { pattern: operand.to_owned(), matches },
            }
        }
        (_, "") => Criterion::Never,
        (comparison, _) => Criterion::TextOrder(comparison, Term::Known(Value::Text(id))),
    }
}

/// Whether `term` meets the criterion; `None` where that cannot be computed.
fn meets(graph: &mut Graph, criterion: &Criterion, term: Term) -> Option<Term> {
    if matches!(term, Term::Unsupported(_)) {
        return Some(term);
    }
    match criterion {
        Criterion::Number(comparison, wanted) => Some(meets_number(graph, *comparison, *wanted, term)),
        Criterion::Empty { texts } => {
            let nothing = graph.has_kind(term, KindMask::EMPTY);
            if !texts || !graph.kinds(term).meets(Kinds::TEXT) {
                return Some(nothing);
            }
            let empty_text = meets_text(graph, "", true, term)?;
            Some(graph.or(nothing, empty_text))
        }
        Criterion::Something => {
            let empty = graph.has_kind(term, KindMask::EMPTY);
            Some(graph.not(empty))
        }
        Criterion::Bool { truth, matches } => {
            let equal = kind_and(graph, term, KindMask::BOOL, |graph| {
                graph.compare(Opcode::Equal, term, Term::bool(*truth))
            });
            Some(if *matches { equal } else { graph.not(equal) })
        }
        Criterion::Error { kind, matches } => match term {
            Term::Known(value) => Some(Term::bool((value == Value::Error(*kind)) == *matches)),
            _ if *kind == ErrorKind::NotAvailable => {
                let absent = graph.has_kind(term, KindMask::NOT_AVAILABLE);
                Some(if *matches { absent } else { graph.not(absent) })
            }
            _ => None,
        },
        Criterion::Never => Some(Term::bool(false)),
        Criterion::Text { pattern, matches } => meets_text(graph, pattern, *matches, term),
        Criterion::TextOrder(comparison, written) => match (term, written) {
            (Term::Known(Value::Text(id)), Term::Known(Value::Text(criterion))) => {
                let skip = if matches!(comparison, Comparison::LessEqual | Comparison::GreaterEqual) {
                    2
                } else {
                    1
                };
                let order = text::compare(graph.texts.get(id), &graph.texts.get(*criterion)[skip..]);
                Some(Term::bool(match comparison {
                    Comparison::Less => order.is_lt(),
                    Comparison::LessEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
            (Term::Computed(_), _) if graph.kinds(term).meets(Kinds::TEXT) => None,
            _ => Some(Term::bool(false)),
        },
    }
}

fn meets_number(graph: &mut Graph, comparison: Comparison, wanted: Term, term: Term) -> Term {
    let compared = |graph: &mut Graph| match comparison {
        Comparison::Equal | Comparison::NotEqual => graph.compare(Opcode::Equal, term, wanted),
        Comparison::Less => graph.compare(Opcode::Less, term, wanted),
        Comparison::LessEqual => graph.compare(Opcode::LessEqual, term, wanted),
        Comparison::Greater => {
            let opposite = graph.compare(Opcode::LessEqual, term, wanted);
            graph.not(opposite)
        }
        Comparison::GreaterEqual => {
            let opposite = graph.compare(Opcode::Less, term, wanted);
            graph.not(opposite)
        }
    };
    let met = kind_and(graph, term, KindMask::NUMBER, compared);
    // A text that reads as the number equals it; it has no order among numbers.
    let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let met = if equality && graph.kinds(term).meets(Kinds::TEXT) {
        let read = text_equals_number(graph, term, wanted);
        graph.or(met, read)
    } else {
        met
    };
    if comparison == Comparison::NotEqual { graph.not(met) } else { met }
}

/// Whether `term` is a text that reads as the number `wanted`.
fn text_equals_number(graph: &mut Graph, term: Term, wanted: Term) -> Term {
    kind_and(graph, term, KindMask::TEXT, |graph| {
        let number = graph.number(term);
        kind_and(graph, number, KindMask::NUMBER, |graph| graph.compare(Opcode::Equal, number, wanted))
    })
}

/// Whether `term` is of a kind and then `condition`, which is not looked at for other kinds.
fn kind_and(
    graph: &mut Graph,
    term: Term,
    mask: KindMask,
    condition: impl FnOnce(&mut Graph) -> Term,
) -> Term {
    let kind = graph.has_kind(term, mask);
    if kind == Term::bool(false) {
        return kind;
    }
    let condition = condition(graph);
    graph.select(kind, condition, Term::bool(false))
}

fn meets_text(graph: &mut Graph, pattern: &str, matches: bool, term: Term) -> Option<Term> {
    match term {
        Term::Known(Value::Text(id)) => {
            Some(Term::bool(text::matches_pattern(pattern, graph.texts.get(id)) == matches))
        }
        Term::Computed(_) if graph.kinds(term).meets(Kinds::TEXT) => {
            if text::has_wildcard(pattern) {
                return None;
            }
            let wanted = Term::Known(Value::Text(graph.texts.intern(pattern)));
            let equal =
                kind_and(graph, term, KindMask::TEXT, |graph| graph.compare(Opcode::Equal, term, wanted));
            Some(if matches { equal } else { graph.not(equal) })
        }
        _ => Some(Term::bool(!matches)),
    }
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
