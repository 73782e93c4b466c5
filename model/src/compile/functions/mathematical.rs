//! Functions of one or two numbers.

use super::{Function, read_with, valid_or};
use crate::compile::graph::Graph;
use crate::compile::term::{KindMask, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::values(&["ABS"], 1, 1, |graph, terms| graph.unary(Opcode::Absolute, terms[0])),
    Function::values(&["SIGN"], 1, 1, |graph, terms| graph.unary(Opcode::Sign, terms[0])),
    Function::values(&["SQRT"], 1, 1, |graph, terms| graph.unary(Opcode::SquareRoot, terms[0])),
    Function::values(&["EXP"], 1, 1, |graph, terms| graph.unary(Opcode::Exp, terms[0])),
    Function::values(&["LN"], 1, 1, |graph, terms| graph.unary(Opcode::Ln, terms[0])),
    Function::values(&["LOG10"], 1, 1, |graph, terms| graph.unary(Opcode::Log10, terms[0])),
    Function::values(&["LOG"], 1, 2, log),
    Function::values(&["POWER"], 2, 2, |graph, terms| graph.binary(Opcode::Power, terms[0], terms[1])),
    Function::values(&["MOD"], 2, 2, |graph, terms| graph.binary(Opcode::Modulo, terms[0], terms[1])),
    Function::values(&["INT"], 1, 1, |graph, terms| graph.unary(Opcode::Floor, terms[0])),
    Function::values(&["TRUNC"], 1, 2, |graph, terms| {
        let digits = terms.get(1).copied().unwrap_or(Term::number(0.0));
        graph.binary(Opcode::RoundDown, terms[0], digits)
    }),
    Function::values(&["ROUND"], 2, 2, |graph, terms| graph.binary(Opcode::Round, terms[0], terms[1])),
    Function::values(&["ROUNDUP"], 2, 2, |graph, terms| graph.binary(Opcode::RoundUp, terms[0], terms[1])),
    Function::values(&["ROUNDDOWN"], 2, 2, |graph, terms| {
        graph.binary(Opcode::RoundDown, terms[0], terms[1])
    }),
    Function::values(&["PI"], 0, 0, |_, _| Term::number(std::f64::consts::PI)),
];

/// ln x / ln base; base 10 has its own, more exact, instruction. A base of 1 divides by zero.
fn log(graph: &mut Graph, terms: &[Term]) -> Term {
    let base = terms.get(1).copied().unwrap_or(Term::number(10.0));
    if base == Term::Known(Value::Number(10.0)) {
        return graph.unary(Opcode::Log10, terms[0]);
    }
    let antilogarithm = read_with(graph, terms[0], &[base]);
    let numerator = graph.unary(Opcode::Ln, antilogarithm);
    let base = graph.number(base);
    let positive = graph.compare(Opcode::Less, Term::number(0.0), base);
    let denominator = graph.unary(Opcode::Ln, base);
    let denominator = valid_or(graph, positive, denominator, ErrorKind::Num);
    let quotient = graph.binary(Opcode::Divide, numerator, denominator);
    let decimal = graph.compare(Opcode::Equal, base, Term::number(10.0));
    let exact = graph.unary(Opcode::Log10, antilogarithm);
    // An error of the base is in the quotient, behind those of the number.
    let failed = graph.has_kind(quotient, KindMask::ERROR);
    let decimal = graph.select(failed, Term::bool(false), decimal);
    graph.select(decimal, exact, quotient)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [
            ("A1", "2.675"),
            ("A2", "-7"),
            ("A3", "3"),
            ("A4", "0"),
            ("A5", "100"),
            ("B1", "x"),
            ("B2", "TRUE"),
        ];
        assert_vectors(
            &cells,
            &[
                ("=ABS(A2)", "7"),
                ("=SIGN(A2)+SIGN(A4)", "-1"),
                ("=SQRT(A5)", "10"),
                ("=SQRT(A2)", "#NUM!"),
                ("=EXP(A4)", "1"),
                ("=EXP(A5*A5)", "#NUM!"),
                ("=LN(EXP(A3))", "3"),
                ("=LN(A4)", "#NUM!"),
                ("=LOG10(A5)", "2"),
                ("=LOG(A5)", "2"),
                ("=LOG(8,2)", "3"),
                ("=LOG(A5*10,A3+7)-3", "0"),
                ("=LOG(A5,1)", "#DIV/0!"),
                ("=LOG(A5,A4)", "#NUM!"),
                ("=LOG(A2,B1)", "#VALUE!"),
                ("=POWER(A3,2)", "9"),
                ("=A4^A4", "#NUM!"),
                ("=A4^A2", "#DIV/0!"),
                ("=A2^0.5", "#NUM!"),
                ("=-A3^2", "9"),
                ("=(-A5*10)^(1/A3)", "-10"),
                ("=POWER(-32,1/5)", "-2"),
                ("=A2^(2/3)", "#NUM!"),
                ("=A2^0.333", "#NUM!"),
                ("=MOD(A2,A3)", "2"),
                ("=MOD(-A2,-A3)", "-2"),
                ("=MOD(A2,A4)", "#DIV/0!"),
                ("=INT(-A1)", "-3"),
                ("=TRUNC(-A1)", "-2"),
                ("=TRUNC(A1,1)", "2.6"),
                ("=ROUND(A1,2)", "2.68"),
                ("=ROUND(-2.5,0)", "-3"),
                ("=ROUND(A5*12.34,-2)", "1200"),
                ("=ROUNDUP(A1,1)", "2.7"),
                ("=ROUNDDOWN(-A1,1)", "-2.6"),
                ("=ROUND(B1,1)", "#VALUE!"),
                ("=A5%", "1"),
                ("=B2+A3", "4"),
                ("=PI()", "3.141592653589793"),
            ],
        );
    }
}
