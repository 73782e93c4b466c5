//! Conditions and choices.

use super::{Call, Function, MANY};
use std::rc::Rc;

use crate::compile::argument::{Argument, Array, Rest};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Kinds, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["IF"], 2, 3, if_else),
    Function::values(&["IFS"], 2, MANY, ifs),
    Function::values(&["IFERROR"], 2, 2, |graph, terms| unless(graph, terms, KindMask::ERROR)),
    Function::values(&["IFNA"], 2, 2, |graph, terms| unless(graph, terms, KindMask::NOT_AVAILABLE)),
    Function::arguments(&["AND"], 1, MANY, |call| gather(call, true, Graph::and)),
    Function::arguments(&["OR"], 1, MANY, |call| gather(call, false, Graph::or)),
    Function::arguments(&["XOR"], 1, MANY, |call| gather(call, false, Graph::xor)),
    Function::values(&["NOT"], 1, 1, |graph, terms| graph.not(terms[0])),
    Function::values(&["SWITCH"], 3, MANY, switch),
    Function::arguments(&["CHOOSE"], 2, MANY, choose),
    Function::values(&["TRUE"], 0, 0, |_, _| Term::bool(true)),
    Function::values(&["FALSE"], 0, 0, |_, _| Term::bool(false)),
];

/// IF: with a known condition the chosen argument itself, which may be a range; else a selection of values.
fn if_else(call: &mut Call<'_, '_>) -> Argument {
    let otherwise = call.arguments.get(2).cloned().unwrap_or(Argument::Term(Term::bool(false)));
    let condition = &call.arguments[0];
    let each = condition.is_many() && (call.array || matches!(condition, Argument::Array(_)));
    if !each {
        let term = call.term(0);
        match call.graph().condition(term) {
            Term::Known(Value::Bool(true)) => return call.arguments[1].clone(),
            Term::Known(Value::Bool(false)) => return otherwise,
            error @ Term::Known(_) => return Argument::Term(error),
            Term::Computed(_) | Term::Unsupported(_) => {}
        }
    }
    if !call.array && (call.arguments[1].is_many() || otherwise.is_many()) {
        let condition = call.term(0);
        return choose_ranges(call, &[&call.arguments[1], &otherwise], |graph, values| {
            graph.select(condition, values[0], values[1])
        });
    }
    let at = call.at;
    let references = is_as_cells(call, &call.arguments[1]) && is_as_cells(call, &otherwise);
    let chosen = call.sheets.map(
        &[&call.arguments[0], &call.arguments[1], &otherwise],
        at,
        call.array,
        |sheets, terms| sheets.graph.select(terms[0], terms[1], terms[2]),
    );
    match chosen {
        Argument::Term(term) if references => call.referred(term),
        chosen => chosen,
    }
}

/// An uncertain choice between ranges of one shape: place by place. A single value among them stands in the first
/// place, the others being empty, so that SUM and its kin see it once.
fn choose_ranges(
    call: &mut Call<'_, '_>,
    choices: &[&Argument],
    choose: impl Fn(&mut Graph, &[Term]) -> Term,
) -> Argument {
    let many = choices.iter().filter(|choice| choice.is_many()).map(|choice| choice.shape());
    let shapes: Vec<(u32, u32)> = many.collect();
    let mixed = shapes.iter().any(|shape| *shape != shapes[0]);
    if mixed || choices.iter().any(|choice| matches!(choice, Argument::Union(_))) {
        return Argument::Term(call.obstacle("an uncertain choice between ranges of different shapes"));
    }
    let arrays: Vec<_> = choices.iter().map(|choice| call.sheets.dense(choice)).collect();
    let largest = arrays.iter().max_by_key(|array| array.terms.len()).expect("there are choices");
    let (rows, columns) = (largest.rows, largest.columns);
    let mut terms = Vec::with_capacity(largest.terms.len());
    let mut values = Vec::with_capacity(arrays.len());
    for place in 0..largest.terms.len() {
        values.clear();
        values.extend(
            arrays.iter().map(|array| array.terms.get(place).copied().unwrap_or(Term::Known(Value::Empty))),
        );
        terms.push(choose(call.graph(), &values));
    }
    let rest = arrays.iter().filter_map(|array| array.rest).max_by_key(|rest| rest.count).map(
        |Rest { count, .. }| {
            let empty = Term::Known(Value::Empty);
            let values: Vec<Term> =
                arrays.iter().map(|array| array.rest.map_or(empty, |rest| rest.term)).collect();
            Rest { term: choose(call.graph(), &values), count }
        },
    );
    Argument::Array(Rc::new(Array { rows, columns, terms, rest }))
}

/// Whether `argument` is the same to SUM and its kin as a cell that holds its value: a reference, or a number.
fn is_as_cells(call: &Call<'_, '_>, argument: &Argument) -> bool {
    match argument {
        Argument::Place(_) => true,
        Argument::Term(term) => call.sheets.graph.kinds(*term).within(Kinds::NUMBER),
        Argument::Array(array) => array.terms.len() == 1,
        _ => false,
    }
}

/// The value of the first condition that holds; `#N/A` where none does.
fn ifs(graph: &mut Graph, terms: &[Term]) -> Term {
    if terms.len() % 2 == 1 {
        return Term::error(ErrorKind::NotAvailable);
    }
    let pairs = terms.chunks_exact(2).rev();
    pairs.fold(Term::error(ErrorKind::NotAvailable), |rest, pair| graph.select(pair[0], pair[1], rest))
}

fn unless(graph: &mut Graph, terms: &[Term], mask: KindMask) -> Term {
    let failed = graph.has_kind(terms[0], mask);
    graph.select(failed, terms[1], terms[0])
}

/// AND, OR, XOR: in ranges texts and empty cells are left out, elsewhere empty texts; with no condition at all `#VALUE!`.
/// `neutral` is what changes nothing when it is joined.
fn gather(call: &mut Call<'_, '_>, neutral: bool, join: fn(&mut Graph, Term, Term) -> Term) -> Argument {
    let mut joined = Term::bool(neutral);
    let mut any = Term::bool(false);
    for argument in call.arguments {
        let single = matches!(argument, Argument::Term(_) | Argument::Missing);
        for term in call.cells_of(argument, |value| value == Value::Empty) {
            let graph = call.graph();
            let left_out = KindMask(KindMask::TEXT.0 | KindMask::EMPTY.0);
            let left_out_of = if single { Kinds::TEXT } else { Kinds::TEXT.or(Kinds::EMPTY) };
            let (counts, term) = if graph.kinds(term).meets(left_out_of) {
                let absent = if single { is_empty_text(graph, term) } else { graph.has_kind(term, left_out) };
                (graph.not(absent), graph.select(absent, Term::bool(neutral), term))
            } else {
                (Term::bool(true), term)
            };
            let condition = graph.condition(term);
            joined = join(graph, joined, condition);
            any = if any == Term::bool(true) { any } else { graph.or(any, counts) };
        }
    }
    Argument::Term(call.graph().select(any, joined, Term::error(ErrorKind::Value)))
}

fn is_empty_text(graph: &mut Graph, term: Term) -> Term {
    let empty = graph.texts.intern("");
    let is_text = graph.has_kind(term, KindMask::TEXT);
    let is_empty = graph.compare(Opcode::Equal, term, Term::Known(Value::Text(empty)));
    graph.and(is_text, is_empty)
}

/// SWITCH(value, case, result, ..., default).
fn switch(graph: &mut Graph, terms: &[Term]) -> Term {
    let (subject, rest) = (terms[0], &terms[1..]);
    let (cases, default) = match rest.len() % 2 {
        0 => (rest, Term::error(ErrorKind::NotAvailable)),
        _ => (&rest[..rest.len() - 1], rest[rest.len() - 1]),
    };
    cases.chunks_exact(2).rev().fold(default, |otherwise, case| {
        let equal = graph.compare(Opcode::Equal, subject, case[0]);
        graph.select(equal, case[1], otherwise)
    })
}

/// CHOOSE(index, first, second, ...): a known index gives the argument itself, which may be a range.
fn choose(call: &mut Call<'_, '_>) -> Argument {
    if matches!(&call.arguments[0], Argument::Array(array) if array.terms.len() > 1) {
        return choose_each(call);
    }
    let index = call.term(0);
    let index = call.graph().number(index);
    match index {
        Term::Known(Value::Number(number)) => {
            let place = number.trunc();
            if place < 1.0 || place >= call.count() as f64 {
                return Argument::error(ErrorKind::Value);
            }
            call.arguments[place as usize].clone()
        }
        Term::Known(_) | Term::Unsupported(_) => Argument::Term(index),
        Term::Computed(_) if !call.array && call.arguments[1..].iter().any(Argument::is_many) => {
            let choices: Vec<&Argument> = call.arguments[1..].iter().collect();
            choose_ranges(call, &choices, |graph, values| choose_term(graph, index, values))
        }
        Term::Computed(_) => {
            let choices: Vec<Term> = (1..call.count()).map(|place| call.term(place)).collect();
            let chosen = choose_term(call.graph(), index, &choices);
            if call.arguments[1..].iter().all(|choice| is_as_cells(call, choice)) {
                return call.referred(chosen);
            }
            Argument::Term(chosen)
        }
    }
}

/// CHOOSE with an array of indices, each place with its own: `CHOOSE({1,2},A1:A9,C1:C9)` sets columns side by side.
fn choose_each(call: &mut Call<'_, '_>) -> Argument {
    let arguments: Vec<&Argument> = call.arguments.iter().collect();
    call.sheets.map(&arguments, call.at, true, |sheets, terms| {
        let index = sheets.graph.number(terms[0]);
        choose_term(&mut sheets.graph, index, &terms[1..])
    })
}

fn choose_term(graph: &mut Graph, index: Term, choices: &[Term]) -> Term {
    let kinds = choices.iter().fold(Kinds::NONE, |kinds, term| {
        let packed = graph.pack(*term);
        kinds.or(graph.kinds(packed))
    });
    let chosen = graph.run(Opcode::Pick, choices, index, kinds);
    let low = graph.compare(Opcode::Less, index, Term::number(1.0));
    let high = graph.compare(Opcode::LessEqual, Term::number((choices.len() + 1) as f64), index);
    let outside = graph.or(low, high);
    graph.select(outside, Term::error(ErrorKind::Value), chosen)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [("A1", "1"), ("A2", "0"), ("A3", "x"), ("A4", "2"), ("A6", "#N/A")];
        assert_vectors(
            &cells,
            &[
                ("=IF(A1>A2,10,20)", "10"),
                ("=IF(A2,10)", "FALSE"),
                ("=IF(A1>A2,A5,1)", "0"),
                ("=IF(A1>A2,,1)", "0"),
                ("=IF(A1/A2>1,1,2)", "#DIV/0!"),
                ("=IF(A1>A2,1,A1/A2)", "1"),
                ("=IF(A3,1,2)", "#VALUE!"),
                ("=IFS(A2>0,1,A1>0,2)", "2"),
                ("=IFS(A2>0,1)", "#N/A"),
                ("=IFERROR(A1/A2,7)", "7"),
                ("=IFERROR(A1,7)", "1"),
                ("=IFNA(A6,A1)", "1"),
                ("=IFNA(A1/A2,A1)", "#DIV/0!"),
                ("=AND(A1>0,A2=0)", "TRUE"),
                ("=AND(A1:A4)", "FALSE"),
                ("=OR(A2>0,A1>0)", "TRUE"),
                ("=OR(A2>0,A1/A2>0)", "#DIV/0!"),
                ("=XOR(A1>0,A2=0,TRUE)", "TRUE"),
                ("=AND(\"x\",TRUE)", "#VALUE!"),
                ("=OR(\"\",A1>0)", "TRUE"),
                ("=XOR(\"\",A1>0)", "TRUE"),
                ("=AND(IF(A1>0,\"\",TRUE),A1>1)", "FALSE"),
                ("=OR(\"\",\"\")", "#VALUE!"),
                ("=AND(A3:A3)", "#VALUE!"),
                ("=NOT(A1>A2)", "FALSE"),
                ("=SWITCH(A4,1,\"a\",2,\"b\")", "b"),
                ("=SWITCH(A4,1,5,6)", "6"),
                ("=SWITCH(A4,1,5)", "#N/A"),
                ("=SWITCH(A3,\"X\",5)", "5"),
                ("=CHOOSE(A4,10,20,30)", "20"),
                ("=CHOOSE(A2,10,20)", "#VALUE!"),
                ("=CHOOSE(A4+1,10,20)", "#VALUE!"),
                ("=CHOOSE(A1>A2,10,20)", "10"),
                ("=CHOOSE(A4,1/A2,A1)", "1"),
                ("=SUM(CHOOSE(2,A1:A2,A1:A4))", "3"),
                ("=SUM(CHOOSE(A4,A1,A3),1)", "1"),
                ("=SUM(IF(A1>A2,A3,A1),1)", "1"),
                ("=SUM(IF(A1>A2,A3,7),1)", "1"),
                ("=(A1>A2)+1", "2"),
                ("=A3=\"X\"", "TRUE"),
                ("=A1<A3", "TRUE"),
                ("=(A1>A2)>A3", "TRUE"),
                ("=A5=0", "TRUE"),
                ("=A5=\"\"", "TRUE"),
                ("=A6>=A1", "#N/A"),
                ("=A1/A2>A6", "#DIV/0!"),
            ],
        );
    }

    #[test]
    fn a_cell_that_is_a_text_in_some_trials_is_left_out_in_those() {
        let cells = [("A1", "1"), ("B1", "=IF(A1>0,\"x\",TRUE)"), ("B2", "=A1>5")];
        assert_vectors(
            &cells,
            &[("=AND(B1:B1)", "#VALUE!"), ("=OR(B1:B2)", "FALSE"), ("=XOR(B1:B2)", "FALSE")],
        );
    }
}
