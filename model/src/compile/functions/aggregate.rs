//! Functions that make one number of many: SUM and its kin.

use super::{Call, Function, Item, MANY, count, ranged_number, sum};
use crate::compile::argument::{Argument, Array, Place, Rest};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Kinds, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["SUM"], 1, MANY, sum_of),
    Function::arguments(&["AVERAGE"], 1, MANY, average),
    Function::arguments(&["MIN"], 1, MANY, |call| extreme(call, Opcode::Minimum, Opcode::Smallest)),
    Function::arguments(&["MAX"], 1, MANY, |call| extreme(call, Opcode::Maximum, Opcode::Greatest)),
    Function::arguments(&["COUNT"], 1, MANY, count_numbers),
    Function::arguments(&["COUNTA"], 1, MANY, count_values),
    Function::arguments(&["PRODUCT"], 1, MANY, product),
    Function::arguments(&["SUMSQ"], 1, MANY, sum_of_squares),
    Function::arrays(&["SUMPRODUCT"], 1, MANY, sum_of_products),
];

/// Columns of fewer cells than this are summed afresh each time.
const LONG_COLUMN: u32 = 32;

fn sum_of(call: &mut Call<'_, '_>) -> Argument {
    if let [Argument::Place(place)] = call.arguments
        && place.area.columns() == 1
        && place.area.rows() >= LONG_COLUMN
    {
        return Argument::Term(running_sum(call, *place));
    }
    let mut items = call.numbers(0);
    for (item, count) in call.rest_numbers() {
        let value = times(call.graph(), item.value, count);
        items.extend(value.map(|value| Item { value, ..item }));
    }
    Argument::Term(sum(call.graph(), &items))
}

/// The sum of a column. A running total down a column sums ever longer ranges with one first cell: each goes on from
/// the one before.
fn running_sum(call: &mut Call<'_, '_>, place: Place) -> Term {
    let key = (place.sheet, place.area.first);
    let known = call.sheets.running_sums.get(&key).copied().filter(|(row, _)| *row <= place.area.last.row);
    let mut rest = place;
    let mut total = None;
    if let Some((row, term)) = known {
        if row == place.area.last.row {
            return term;
        }
        rest.area.first.row = row + 1;
        total = Some(term);
    }
    for term in call.sheets.cells_of(&Argument::Place(rest)) {
        let graph = call.graph();
        if let Some(item) = ranged_number(graph, term) {
            total = Some(match total {
                Some(total) => graph.binary(Opcode::Add, total, item.value),
                None => graph.number(item.value),
            });
        }
    }
    let total = total.unwrap_or(Term::number(0.0));
    if call.sheets.is_complete() {
        call.sheets.running_sums.insert(key, (place.area.last.row, total));
    }
    total
}

fn average(call: &mut Call<'_, '_>) -> Argument {
    let items = call.numbers(0);
    Argument::Term(mean(call, &items))
}

/// The sum of `items` over their count; nothing is `#DIV/0!`.
fn mean(call: &mut Call<'_, '_>, items: &[Item]) -> Term {
    let graph = call.graph();
    let total = sum(graph, items);
    let count = count(graph, items);
    graph.binary(Opcode::Divide, total, count)
}

/// MIN or MAX; of nothing it is 0.
fn extreme(call: &mut Call<'_, '_>, pairwise: Opcode, of_run: Opcode) -> Argument {
    let mut items = call.numbers(0);
    items.extend(call.rest_numbers().into_iter().map(|(item, _)| item));
    let graph = call.graph();
    if items.iter().all(|item| item.present.is_none()) {
        let mut values = items.iter().map(|item| item.value);
        let Some(first) = values.next() else { return Argument::Term(Term::number(0.0)) };
        let first = graph.number(first);
        return Argument::Term(values.fold(first, |best, value| graph.binary(pairwise, best, value)));
    }
    let many = count(graph, &items);
    let none = graph.compare(Opcode::Equal, many, Term::number(0.0));
    let terms: Vec<Term> = items.iter().map(|item| present_or_empty(graph, item)).collect();
    let best = graph.run(of_run, &terms, Term::number(1.0), Kinds::NUMBER);
    // Errors among the values must show even where no number is there.
    let errors = sum(graph, &items);
    let failed = graph.has_kind(errors, KindMask::ERROR);
    let best_or_zero = graph.select(none, Term::number(0.0), best);
    Argument::Term(graph.select(failed, errors, best_or_zero))
}

/// The item's value, or an empty that operations over runs leave out.
pub(super) fn present_or_empty(graph: &mut Graph, item: &Item) -> Term {
    match item.present {
        None => item.value,
        Some(present) => {
            let failed = graph.has_kind(item.value, KindMask::ERROR);
            let kept = graph.or(present, failed);
            graph.select(kept, item.value, Term::Known(Value::Empty))
        }
    }
}

/// COUNT: numbers in ranges; single arguments that are or read as numbers. Errors are not counted and do not spread.
fn count_numbers(call: &mut Call<'_, '_>) -> Argument {
    let mut total = Term::number(0.0);
    for argument in call.arguments {
        let single = matches!(argument, Argument::Term(_) | Argument::Missing);
        for term in call.cells_of(argument, |value| value == Value::Empty) {
            let graph = call.graph();
            let candidate = if single { graph.number(term) } else { term };
            let counts = graph.has_kind(candidate, KindMask::NUMBER);
            total = graph.binary(Opcode::Add, total, counts);
        }
    }
    for Rest { term, count } in std::mem::take(&mut call.sheets.rests) {
        let graph = call.graph();
        let counts = graph.has_kind(term, KindMask::NUMBER);
        let counted = graph.binary(Opcode::Multiply, counts, Term::number(count as f64));
        total = graph.binary(Opcode::Add, total, counted);
    }
    Argument::Term(total)
}

/// COUNTA: all that is not empty, errors and empty texts included.
fn count_values(call: &mut Call<'_, '_>) -> Argument {
    let mut total = Term::number(0.0);
    for argument in call.arguments {
        let missing = matches!(argument, Argument::Missing);
        for term in call.cells_of(argument, |value| value == Value::Empty) {
            let graph = call.graph();
            let empty = graph.has_kind(term, KindMask::EMPTY);
            let counts = if missing { Term::bool(true) } else { graph.not(empty) };
            total = graph.binary(Opcode::Add, total, counts);
        }
    }
    Argument::Term(total)
}

/// PRODUCT; of nothing it is 0.
fn product(call: &mut Call<'_, '_>) -> Argument {
    let items = call.numbers(0);
    let graph = call.graph();
    let mut product = Term::number(1.0);
    for item in &items {
        let factor = match item.present {
            None => item.value,
            Some(present) => {
                let failed = graph.has_kind(item.value, KindMask::ERROR);
                let kept = graph.or(present, failed);
                graph.select(kept, item.value, Term::number(1.0))
            }
        };
        product = graph.binary(Opcode::Multiply, product, factor);
    }
    let many = count(graph, &items);
    let some = graph.compare(Opcode::Less, Term::number(0.0), many);
    let failed = graph.has_kind(product, KindMask::ERROR);
    let shown = graph.or(some, failed);
    Argument::Term(graph.select(shown, product, Term::number(0.0)))
}

fn sum_of_squares(call: &mut Call<'_, '_>) -> Argument {
    let mut items = call.numbers(0);
    let graph = call.graph();
    for item in &mut items {
        item.value = graph.binary(Opcode::Multiply, item.value, item.value);
    }
    Argument::Term(sum(graph, &items))
}

/// SUMPRODUCT: arrays of one shape, multiplied place by place and summed; what is no number counts as 0.
fn sum_of_products(call: &mut Call<'_, '_>) -> Argument {
    let arrays: Vec<_> = call.arguments.iter().map(|argument| call.sheets.dense(argument)).collect();
    let shape = |array: &Array| (array.rows, array.columns, array.rest.map(|rest| rest.count));
    if arrays.iter().any(|array| shape(array) != shape(&arrays[0])) {
        return Argument::error(ErrorKind::Value);
    }
    let mut total = None;
    for place in 0..arrays[0].terms.len() {
        let product = product_of(call.graph(), arrays.iter().map(|array| array.terms[place]));
        total = Some(match total {
            None => product,
            Some(total) => call.graph().binary(Opcode::Add, total, product),
        });
    }
    let rests: Vec<Rest> = arrays.iter().filter_map(|array| array.rest).collect();
    if let (Some(Rest { count, .. }), Some(before)) = (rests.first(), total) {
        let graph = call.graph();
        let product = product_of(graph, rests.iter().map(|rest| rest.term));
        total = Some(match times(graph, product, *count) {
            None => before,
            Some(products) => graph.binary(Opcode::Add, before, products),
        });
    }
    Argument::Term(total.unwrap_or(Term::number(0.0)))
}

fn product_of(graph: &mut Graph, terms: impl Iterator<Item = Term>) -> Term {
    let mut product = None;
    for term in terms {
        let factor = ranged_number(graph, term).map_or(Term::number(0.0), |item| item.value);
        product = Some(match product {
            None => factor,
            Some(product) => graph.binary(Opcode::Multiply, product, factor),
        });
    }
    product.unwrap_or(Term::number(0.0))
}

/// What the rest of an array adds to a sum: most are zeros, which need no instruction.
fn times(graph: &mut Graph, term: Term, count: u64) -> Option<Term> {
    let sum = graph.binary(Opcode::Multiply, term, Term::number(count as f64));
    (sum != Term::number(0.0)).then_some(sum)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [
            ("A1", "1"),
            ("A2", "2"),
            ("A3", "x"),
            ("A4", "TRUE"),
            ("A6", "5"),
            ("B1", "3"),
            ("B2", "4"),
            ("B6", "#N/A"),
        ];
        assert_vectors(
            &cells,
            &[
                ("=SUM(A1:A6)", "8"),
                ("=SUM(A1:A6,\"3\",TRUE)", "12"),
                ("=SUM(A1,\"x\")", "#VALUE!"),
                ("=SUM(A1:B6)", "#N/A"),
                ("=SUM(A:A)", "8"),
                ("=AVERAGE(A1:A6)", "2.6666666666666665"),
                ("=AVERAGE(A3:A5)", "#DIV/0!"),
                ("=MIN(A1:A6)", "1"),
                ("=MAX(A1:A6,B1:B2)", "5"),
                ("=MAX(A3:A5)", "0"),
                ("=MAX(A4,1)", "1"),
                ("=COUNT(A1:A6)", "3"),
                ("=COUNT(A1:B6,TRUE,\"7\",\"y\")", "7"),
                ("=COUNTA(A1:B6)", "8"),
                ("=COUNT(A1>0,A2>5)", "2"),
                ("=PRODUCT(A1:A6)", "10"),
                ("=PRODUCT(A3:A5)", "0"),
                ("=SUMSQ(A1:A6)", "30"),
                ("=SUMPRODUCT(A1:A2,B1:B2)", "11"),
                ("=SUMPRODUCT(A1:A3,B1:B3)", "11"),
                ("=SUMPRODUCT((A1:A2>1)*B1:B2)", "4"),
                ("=SUMPRODUCT(--(B1:B2>A1:A2))", "2"),
                ("=SUMPRODUCT(A1:A2,B1:B3)", "#VALUE!"),
                ("=SUM(IF(A1>0,A1:A2,B1:B2))", "3"),
            ],
        );
    }

    #[test]
    fn values_that_are_numbers_in_some_trials_only() {
        let cells = [("A1", "1"), ("A2", "2"), ("A3", "7")];
        let mixed = |value: &'static str| [cells.to_vec(), vec![("B1", value), ("B2", "=A3")]].concat();
        let text = mixed("=IF(A1>0,\"x\",A2)");
        let number = mixed("=IF(A1>0,A2,\"x\")");
        assert_vectors(
            &text,
            &[
                ("=SUM(B1:B2)", "7"),
                ("=AVERAGE(B1:B2)", "7"),
                ("=MIN(B1:B1)", "0"),
                ("=MAX(B1:B2)", "7"),
                ("=COUNT(B1:B2)", "1"),
                ("=PRODUCT(B1:B2)", "7"),
                ("=PRODUCT(B1:B1)", "0"),
                ("=COUNTA(B1:B2)", "2"),
            ],
        );
        assert_vectors(
            &number,
            &[
                ("=SUM(B1:B2)", "9"),
                ("=AVERAGE(B1:B2)", "4.5"),
                ("=MIN(B1:B2)", "2"),
                ("=COUNT(B1:B2)", "2"),
                ("=PRODUCT(B1:B2)", "14"),
            ],
        );
    }

    #[test]
    fn running_totals_continue_each_other() {
        let mut cells: Vec<(String, String)> =
            (1..=80).map(|row| (format!("A{row}"), format!("{row}"))).collect();
        cells.extend((1..=80).map(|row| (format!("B{row}"), format!("=SUM(A$1:A{row})"))));
        let cells: Vec<(&str, &str)> =
            cells.iter().map(|(cell, text)| (cell.as_str(), text.as_str())).collect();
        assert_vectors(&cells, &[("=B80", "3240"), ("=B40", "820"), ("=SUM(B1:B80)", "88560")]);
    }
}
