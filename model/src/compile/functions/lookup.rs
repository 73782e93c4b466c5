//! Finding a value in a range by its place or by a key.

use super::index::{index, within};
use super::searched::{Direction, Searched, is_passed_over};
use super::{Call, Function};
use crate::compile::argument::Argument;

use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Kinds, Term};
use crate::compile::text;
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["INDEX"], 2, 3, index),
    Function::arguments(&["MATCH"], 2, 3, match_place),
    Function::arguments(&["VLOOKUP"], 3, 4, |call| table_lookup(call, Direction::Down)),
    Function::arguments(&["HLOOKUP"], 3, 4, |call| table_lookup(call, Direction::Across)),
    Function::arguments(&["LOOKUP"], 2, 3, vector_lookup),
];

/// The value at `place` (from 1) of `terms`; an empty cell shows as 0.
pub(super) fn pick(call: &mut Call<'_, '_>, terms: &[Term], place: Term) -> Term {
    if let Term::Known(Value::Number(place)) = place {
        return terms.get(place as usize - 1).copied().unwrap_or(Term::error(ErrorKind::Ref));
    }
    if !call.sheets.work.spend(terms.len() as u64) {
        return Term::error(ErrorKind::Num);
    }
    let graph = call.graph();
    let kinds = terms.iter().fold(Kinds::NONE, |kinds, term| {
        let packed = graph.pack(*term);
        kinds.or(graph.kinds(packed))
    });
    graph.run(Opcode::Pick, terms, place, kinds)
}

/// How a key is matched.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Exact,
    Ascending,
    Descending,
}

impl Order {
    fn opcode(self) -> Opcode {
        match self {
            Order::Exact => Opcode::MatchExact,
            Order::Ascending => Opcode::MatchAscending,
            Order::Descending => Opcode::MatchDescending,
        }
    }
}

/// MATCH(key, range, type = 1).
fn match_place(call: &mut Call<'_, '_>) -> Argument {
    let order = match call.term_or(2, 1.0) {
        Term::Known(value) => match call.graph().number(Term::Known(value)) {
            Term::Known(Value::Number(0.0)) => Order::Exact,
            Term::Known(Value::Number(number)) if number > 0.0 => Order::Ascending,
            Term::Known(Value::Number(_)) => Order::Descending,
            error => return Argument::Term(error),
        },
        Term::Computed(_) | Term::Unsupported(_) => {
            return Argument::Term(call.obstacle("MATCH whose type is uncertain"));
        }
    };
    let (rows, columns) = call.arguments[1].shape();
    if rows != 1 && columns != 1 {
        let none = Term::error(ErrorKind::NotAvailable);
        return call.over(0, |call, key| error_or(call.graph(), key, none));
    }
    let direction = if columns == 1 { Direction::Down } else { Direction::Across };
    let mut table = Searched::new(call, 1, direction);
    table.counts_rest = order == Order::Exact;
    call.over(0, |call, key| find(call, key, &mut table, order))
}

/// `key` where it is an error, else `otherwise`.
fn error_or(graph: &mut Graph, key: Term, otherwise: Term) -> Term {
    let failed = graph.has_kind(key, KindMask::ERROR);
    graph.select(failed, key, otherwise)
}

/// The place, from 1, of `key` among `keys`; `#N/A` where it is not there.
fn find(call: &mut Call<'_, '_>, key: Term, table: &mut Searched, order: Order) -> Term {
    let key = match key {
        Term::Known(Value::Error(_)) | Term::Unsupported(_) => return key,
        Term::Known(Value::Empty) => Term::number(0.0),
        other => other,
    };
    if let Some(known) = key.known()
        && let Some(found) = table.find(call, known, order.opcode())
    {
        return found;
    }
    let keys = table.keys(call);
    if !call.sheets.work.spend(keys.len() as u64) {
        return Term::error(ErrorKind::Num);
    }
    if order == Order::Exact
        && let Some(found) = find_pattern(call, key, &keys)
    {
        return found;
    }
    call.graph().run(order.opcode(), &keys, key, Kinds::NUMBER)
}

/// An exact match by a text with wildcards; `None` where the key holds none.
fn find_pattern(call: &mut Call<'_, '_>, key: Term, keys: &[Term]) -> Option<Term> {
    let uncertain_text = |call: &Call<'_, '_>, term: Term| {
        matches!(term, Term::Computed(_)) && call.sheets.graph.kinds(term).meets(Kinds::TEXT)
    };
    match key {
        Term::Known(Value::Text(id)) => {
            let pattern = call.graph().texts.get(id).to_owned();
            if !text::has_wildcard(&pattern) {
                return None;
            }
            if keys.iter().any(|term| uncertain_text(call, *term)) {
                return Some(refuse_pattern(call));
            }
            let place = keys.iter().position(|term| match term {
                Term::Known(Value::Text(id)) => {
                    text::matches_pattern(&pattern, call.sheets.graph.texts.get(*id))
                }
                _ => false,
            });
            Some(place.map_or(Term::error(ErrorKind::NotAvailable), |place| Term::number((place + 1) as f64)))
        }
        _ if uncertain_text(call, key) && call.graph().holds_wildcard_text() => Some(refuse_pattern(call)),
        _ => None,
    }
}

fn refuse_pattern(call: &mut Call<'_, '_>) -> Term {
    call.obstacle("a lookup with wildcards among uncertain texts")
}

/// VLOOKUP and HLOOKUP(key, table, index, approximate = TRUE); a text is no table.
fn table_lookup(call: &mut Call<'_, '_>, direction: Direction) -> Argument {
    if let Argument::Term(Term::Known(Value::Text(_))) = call.arguments[1] {
        return Argument::error(ErrorKind::Value);
    }
    let approximate = if call.count() > 3 { call.term(3) } else { Term::bool(true) };
    let order = match call.graph().condition(approximate) {
        Term::Known(Value::Bool(true)) => Order::Ascending,
        Term::Known(Value::Bool(false)) => Order::Exact,
        error @ Term::Known(_) => return Argument::Term(error),
        Term::Computed(_) | Term::Unsupported(_) => {
            return Argument::Term(call.obstacle("a lookup whose mode is uncertain"));
        }
    };
    let (rows, columns) = call.arguments[1].shape();
    let lines = if direction == Direction::Down { columns } else { rows };
    let line = call.term(2);
    let line = call.graph().number(line);
    let line = call.graph().binary(Opcode::RoundDown, line, Term::number(0.0));
    let line = within(call.graph(), line, lines);
    let mut table = Searched::new(call, 1, direction);
    call.over(0, |call, key| {
        let place = find(call, key, &mut table, order);
        // Outside the table the line is an error whether the key is found or not, but after an error of the key.
        let line = match line {
            Term::Known(Value::Number(_)) => line,
            _ => error_or(call.graph(), key, line),
        };
        look_across(call, &mut table, direction, place, line)
    })
}

/// The value of the table at `place` along the keys and `line` across them.
fn look_across(
    call: &mut Call<'_, '_>,
    table: &mut Searched,
    direction: Direction,
    place: Term,
    line: Term,
) -> Term {
    match (place, line) {
        (_, Term::Known(Value::Error(_)) | Term::Unsupported(_)) => line,
        (Term::Known(Value::Error(_)) | Term::Unsupported(_), Term::Known(Value::Number(_))) => place,
        (Term::Known(Value::Number(place)), Term::Known(Value::Number(line))) => {
            table.cell(call, place as u32 - 1, line as u32 - 1)
        }
        (_, Term::Known(Value::Number(line))) => {
            let values = table.line(call, line as u32 - 1);
            pick(call, &values, place)
        }
        _ => {
            let array = table.array(call);
            let (row, column) = match direction {
                Direction::Down => (place, line),
                Direction::Across => (line, place),
            };
            let graph = call.graph();
            let above = graph.binary(Opcode::Subtract, row, Term::number(1.0));
            let skipped = graph.binary(Opcode::Multiply, above, Term::number(f64::from(array.columns)));
            // The line first: one outside the table is an error whether the key is found or not.
            let index = match direction {
                Direction::Down => graph.binary(Opcode::Add, column, skipped),
                Direction::Across => graph.binary(Opcode::Add, skipped, column),
            };
            match index {
                Term::Known(Value::Error(_)) | Term::Unsupported(_) => index,
                _ => pick(call, &array.terms, index),
            }
        }
    }
}

/// LOOKUP(key, keys, results): keys ascending; without results, the last row or column of the table.
fn vector_lookup(call: &mut Call<'_, '_>) -> Argument {
    let table = call.array_past(1, is_passed_over);
    let (rows, columns) = call.arguments[1].shape();
    let direction = if columns > rows { Direction::Across } else { Direction::Down };
    let mut keys = Searched::new(call, 1, direction);
    let results = if call.count() > 2 {
        call.array_past(2, is_passed_over).terms.clone()
    } else {
        let last = if direction == Direction::Down { table.columns } else { table.rows };
        keys.line(call, last - 1)
    };
    call.over(0, |call, key| match find(call, key, &mut keys, Order::Ascending) {
        place @ (Term::Known(Value::Error(_)) | Term::Unsupported(_)) => place,
        place => pick(call, &results, place),
    })
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [
            ("A1", "10"),
            ("A2", "20"),
            ("A3", "30"),
            ("B1", "1.5"),
            ("B2", "2.5"),
            ("B3", "3.5"),
            ("C1", "apple"),
            ("C2", "Pear"),
            ("C3", "fig"),
            ("D1", "25"),
            ("D2", "2"),
            ("E1", "0"),
        ];
        assert_vectors(
            &cells,
            &[
                ("=VLOOKUP(A1,\"Nothing\",1)", "#VALUE!"),
                ("=HLOOKUP(C1,3,1)", "#N/A"),
                ("=MATCH(D1,{10;20;30},-1)", "#N/A"),
                ("=INDEX(B1:B3,2)", "2.5"),
                ("=INDEX(B1:B3,D2)", "2.5"),
                ("=INDEX(A1:B3,D2,D2)", "2.5"),
                ("=INDEX(A1:C3,3,3)", "fig"),
                ("=INDEX(B1:B3,D2*2)", "#REF!"),
                ("=INDEX(B1:B3,4)", "#REF!"),
                ("=INDEX(B1:B3,-D2)", "#VALUE!"),
                ("=INDEX(A1:B3,D2/E1,NA())", "#DIV/0!"),
                ("=INDEX(A1:B3,D2,7)", "#REF!"),
                ("=SUM(INDEX(A1:B3,D2,0))", "22.5"),
                ("=SUM(INDEX(A1:B3,0,D2))", "7.5"),
                ("=SUM(INDEX(C1:C3,D2),1)", "1"),
                ("=INDEX(B1:B3,E1)", "#VALUE!"),
                ("=SUM(INDEX(A1:B3,0,2))", "7.5"),
                ("=SUM(A1:INDEX(A1:A3,2))", "30"),
                ("=INDEX(A1:C1,D2)", "1.5"),
                ("=MATCH(D1,A1:A3)", "2"),
                ("=MATCH(A2,A1:A3,0)", "2"),
                ("=MATCH(D1,A1:A3,0)", "#N/A"),
                ("=MATCH(5,A1:A3)", "#N/A"),
                ("=MATCH(\"PEAR\",C1:C3,0)", "2"),
                ("=MATCH(\"f*\",C1:C3,0)", "3"),
                ("=MATCH(D1,{30,26,20},-1)", "2"),
                ("=VLOOKUP(D1,A1:C3,2)", "2.5"),
                ("=VLOOKUP(A3,A1:C3,2,FALSE)", "3.5"),
                ("=VLOOKUP(A3,A1:C3,3,FALSE)", "fig"),
                ("=VLOOKUP(D1,A1:C3,2,FALSE)", "#N/A"),
                ("=VLOOKUP(A3,A1:C3,4,FALSE)", "#REF!"),
                ("=VLOOKUP(D1,A1:C3,4,FALSE)", "#REF!"),
                ("=VLOOKUP(D1,A1:C3,D2*2,FALSE)", "#REF!"),
                ("=VLOOKUP(D1/E1,A1:C3,D2*2,FALSE)", "#DIV/0!"),
                ("=MATCH(D1/E1,A1:C3,0)", "#DIV/0!"),
                ("=VLOOKUP(A3,A1:C3,E1,FALSE)", "#VALUE!"),
                ("=VLOOKUP(INDEX(C1:C3,D2),C1:D3,2,FALSE)", "2"),
                ("=HLOOKUP(A1,A1:B3,D2,FALSE)", "20"),
                ("=LOOKUP(D1,A1:A3,B1:B3)", "2.5"),
                ("=VLOOKUP(A1/E1,A1:C3,2)", "#DIV/0!"),
            ],
        );
    }

    #[test]
    fn a_text_key_chosen_in_each_trial_finds_its_row() {
        let cells = [
            ("A1", "low"),
            ("A2", "high"),
            ("B1", "1"),
            ("B2", "5"),
            ("D1", "0.7"),
            ("C1", "=IF(D1>0.5,\"HIGH\",\"low\")"),
        ];
        assert_vectors(&cells, &[("=VLOOKUP(C1,A1:B2,2,FALSE)", "5"), ("=C1=\"high\"", "TRUE")]);
    }
}
