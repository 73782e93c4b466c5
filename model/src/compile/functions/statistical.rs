//! Spread and order of many numbers.

use super::aggregate::present_or_empty;
use super::{Call, Function, Item, MANY, count, sum};
use crate::compile::argument::Argument;
use crate::compile::term::{Kinds, Term};
use crate::plan::Opcode;
use crate::value::ErrorKind;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["STDEV.S", "STDEV"], 1, MANY, |call| spread(call, 1.0, Root::Taken)),
    Function::arguments(&["STDEV.P", "STDEVP"], 1, MANY, |call| spread(call, 0.0, Root::Taken)),
    Function::arguments(&["VAR.S", "VAR"], 1, MANY, |call| spread(call, 1.0, Root::Left)),
    Function::arguments(&["VAR.P", "VARP"], 1, MANY, |call| spread(call, 0.0, Root::Left)),
    Function::arguments(&["MEDIAN"], 1, MANY, median),
    Function::arguments(&["LARGE"], 2, 2, |call| ordered(call, Opcode::Greatest, Opcode::RoundUp)),
    Function::arguments(&["SMALL"], 2, 2, |call| ordered(call, Opcode::Smallest, Opcode::RoundDown)),
];

/// Whether the square root of the variance is taken.
#[derive(Clone, Copy)]
enum Root {
    Taken,
    Left,
}

/// The sum of squared distances from the mean over `n - lost`; too few numbers are `#DIV/0!`.
fn spread(call: &mut Call<'_, '_>, lost: f64, root: Root) -> Argument {
    let items = call.numbers(0);
    let graph = call.graph();
    let total = sum(graph, &items);
    let many = count(graph, &items);
    let mean = graph.binary(Opcode::Divide, total, many);
    let squares: Vec<Item> = items
        .iter()
        .map(|item| {
            let distance = graph.binary(Opcode::Subtract, item.value, mean);
            let square = graph.binary(Opcode::Multiply, distance, distance);
            let value = match item.present {
                None => square,
                // Where it is no number its value is 0, or the error that must show.
                Some(present) => graph.select(present, square, item.value),
            };
            Item { value, present: item.present }
        })
        .collect();
    let squared = sum(graph, &squares);
    let degrees = graph.binary(Opcode::Subtract, many, Term::number(lost));
    let enough = graph.compare(Opcode::Less, Term::number(0.0), degrees);
    let degrees = graph.select(enough, degrees, Term::error(ErrorKind::Div0));
    let variance = graph.binary(Opcode::Divide, squared, degrees);
    Argument::Term(match root {
        Root::Taken => graph.unary(Opcode::SquareRoot, variance),
        Root::Left => variance,
    })
}

fn median(call: &mut Call<'_, '_>) -> Argument {
    let items = call.numbers(0);
    let graph = call.graph();
    let terms: Vec<Term> = items.iter().map(|item| present_or_empty(graph, item)).collect();
    Argument::Term(graph.run(Opcode::Median, &terms, Term::number(0.0), Kinds::NUMBER))
}

/// LARGE and SMALL: a k between two places is that of the smaller number, so LARGE rounds it up and SMALL down.
fn ordered(call: &mut Call<'_, '_>, opcode: Opcode, rounding: Opcode) -> Argument {
    let mut items = Vec::new();
    call.numbers_of(0, &mut items);
    let graph = call.graph();
    let terms: Vec<Term> = items.iter().map(|item| present_or_empty(graph, item)).collect();
    call.over(1, |call, k| {
        let graph = call.graph();
        let k = graph.binary(rounding, k, Term::number(0.0));
        graph.run(opcode, &terms, k, Kinds::NUMBER)
    })
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells =
            [("A1", "2"), ("A2", "4"), ("A3", "4"), ("A4", "5"), ("A5", "x"), ("A6", "9"), ("B1", "2")];
        assert_vectors(
            &cells,
            &[
                ("=STDEV.S(A1:A6)", "2.588435821108957"),
                ("=STDEV.P(A1:A6)", "2.315167380558045"),
                ("=STDEV(A1:A6)-STDEV.S(A1:A6)", "0"),
                ("=VAR.S(A1:A6)", "6.7"),
                ("=VAR.P(A1:A6)", "5.36"),
                ("=STDEV.S(A1)", "#DIV/0!"),
                ("=VARP(A1)", "0"),
                ("=MEDIAN(A1:A6)", "4"),
                ("=MEDIAN(A1,A6)", "5.5"),
                ("=LARGE(A1:A6,B1)", "5"),
                ("=SMALL(A1:A6,B1)", "4"),
                ("=LARGE(A1:A6,6)", "#NUM!"),
                ("=LARGE(A1:A6,B1-0.5)", "5"),
                ("=SMALL(A1:A6,B1-0.5)", "2"),
                ("=MEDIAN(A5:A5)", "#NUM!"),
            ],
        );
    }

    #[test]
    fn an_error_shows_where_a_cell_is_a_number_in_some_trials_only() {
        let cells = [("A1", "1"), ("A2", "0"), ("B1", "=A1/A2>1"), ("B2", "=IF(A1/A2>1,\"x\",A1)")];
        assert_vectors(
            &cells,
            &[("=VAR.P(B1:B1)", "#DIV/0!"), ("=STDEV.S(B2:B2)", "#DIV/0!"), ("=MEDIAN(B1:B2)", "#DIV/0!")],
        );
    }
}
