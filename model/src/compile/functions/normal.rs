//! The normal distribution.

use super::{Function, read_with, valid_or};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::values(&["NORM.DIST", "NORMDIST"], 4, 4, distribution),
    Function::values(&["NORM.INV", "NORMINV"], 3, 3, inverse),
    Function::values(&["NORM.S.DIST"], 2, 2, |graph, terms| standard(graph, terms[0], terms[1])),
    Function::values(&["NORMSDIST"], 1, 1, |graph, terms| graph.unary(Opcode::NormalCdf, terms[0])),
    Function::values(&["NORM.S.INV", "NORMSINV"], 1, 1, |graph, terms| {
        graph.unary(Opcode::NormalQuantile, terms[0])
    }),
];

fn standard(graph: &mut Graph, z: Term, cumulative: Term) -> Term {
    let z = graph.number(z);
    let cdf = graph.unary(Opcode::NormalCdf, z);
    let pdf = graph.unary(Opcode::NormalPdf, z);
    let cumulative = behind(graph, z, cumulative);
    graph.select(cumulative, cdf, pdf)
}

/// NORM.DIST(x, mean, std_dev, cumulative); a standard deviation that is not positive is `#NUM!`.
fn distribution(graph: &mut Graph, terms: &[Term]) -> Term {
    let x = read_with(graph, terms[0], &terms[1..3]);
    let centred = graph.binary(Opcode::Subtract, x, terms[1]);
    let std_dev = positive(graph, terms[2]);
    let z = graph.binary(Opcode::Divide, centred, std_dev);
    let cdf = graph.unary(Opcode::NormalCdf, z);
    let pdf = graph.unary(Opcode::NormalPdf, z);
    let density = graph.binary(Opcode::Divide, pdf, std_dev);
    let cumulative = behind(graph, x, terms[3]);
    graph.select(cumulative, cdf, density)
}

/// The condition that is read last: an error of what is `read` before it comes first.
fn behind(graph: &mut Graph, read: Term, condition: Term) -> Term {
    match graph.condition(condition) {
        known @ Term::Known(Value::Bool(_)) => known,
        condition => {
            let failed = graph.has_kind(read, KindMask::ERROR);
            graph.select(failed, read, condition)
        }
    }
}

/// NORM.INV(p, mean, std_dev).
fn inverse(graph: &mut Graph, terms: &[Term]) -> Term {
    let probability = read_with(graph, terms[0], &terms[1..]);
    let z = graph.unary(Opcode::NormalQuantile, probability);
    let std_dev = positive(graph, terms[2]);
    let scaled = graph.binary(Opcode::Multiply, z, std_dev);
    graph.binary(Opcode::Add, scaled, terms[1])
}

fn positive(graph: &mut Graph, term: Term) -> Term {
    let term = graph.number(term);
    let valid = graph.compare(Opcode::Less, Term::number(0.0), term);
    valid_or(graph, valid, term, ErrorKind::Num)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [("A1", "0.975"), ("A2", "1.96"), ("A3", "0"), ("A4", "10"), ("A5", "2")];
        assert_vectors(
            &cells,
            &[
                ("=NORM.S.INV(A1)", "1.9599639845400545"),
                ("=NORMSINV(A3)", "#NUM!"),
                ("=NORM.S.DIST(A2,TRUE)", "0.9750021048517795"),
                ("=NORM.S.DIST(A3,FALSE)", "0.3989422804014327"),
                ("=NORMSDIST(A2)", "0.9750021048517795"),
                ("=NORM.DIST(A4+A2*A5,A4,A5,TRUE)", "0.9750021048517795"),
                ("=NORM.DIST(A4,A4,A5,FALSE)", "0.19947114020071635"),
                ("=NORM.DIST(A4,A4,A3,TRUE)", "#NUM!"),
                ("=NORM.INV(A1,A4,A5)", "13.919927969080109"),
                ("=NORM.INV(A4,A3,\"x\")", "#VALUE!"),
                ("=NORM.INV(1/A3,NA(),A5)", "#DIV/0!"),
                ("=NORM.DIST(A4,A3,1/A3,NA())", "#DIV/0!"),
                ("=NORM.S.DIST(1/A3,NA())", "#DIV/0!"),
            ],
        );
    }
}
