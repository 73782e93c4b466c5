//! Money over time.

use super::aggregate::present_or_empty;
use super::{Call, Function, Item, MANY, read_with, valid_or};
use crate::compile::argument::Argument;
use crate::compile::graph::Graph;
use crate::compile::term::{Kinds, Term};
use crate::plan::Opcode;
use crate::value::ErrorKind;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::arguments(&["NPV"], 2, MANY, net_present_value),
    Function::arguments(&["IRR"], 1, 2, internal_rate),
    Function::values(&["PMT"], 3, 5, payment),
    Function::values(&["PV"], 3, 5, present_value),
    Function::values(&["FV"], 3, 5, future_value),
];

/// NPV(rate, values...): the first value lies one period ahead; what is no number takes no period; of nothing it is 0.
fn net_present_value(call: &mut Call<'_, '_>) -> Argument {
    let items = call.numbers(1);
    call.over(0, |call, rate| discounted_sum(call.graph(), rate, &items))
}

fn discounted_sum(graph: &mut Graph, rate: Term, items: &[Item]) -> Term {
    let growth = graph.binary(Opcode::Add, Term::number(1.0), rate);
    let mut factor = Term::number(1.0);
    let mut total = None;
    for item in items {
        let grown = graph.binary(Opcode::Multiply, factor, growth);
        factor = match item.present {
            None => grown,
            Some(present) => graph.select(present, grown, factor),
        };
        let discounted = graph.binary(Opcode::Divide, item.value, factor);
        total = Some(match total {
            None => discounted,
            Some(total) => graph.binary(Opcode::Add, total, discounted),
        });
    }
    total.unwrap_or_else(|| graph.binary(Opcode::Multiply, rate, Term::number(0.0)))
}

fn internal_rate(call: &mut Call<'_, '_>) -> Argument {
    let mut items = Vec::new();
    call.numbers_of(0, &mut items);
    let guess = if call.is_given(1) { call.term(1) } else { Term::number(0.1) };
    let graph = call.graph();
    let guess = graph.number(guess);
    let terms: Vec<Term> = items.iter().map(|item| present_or_empty(graph, item)).collect();
    Argument::Term(graph.run(Opcode::InternalRate, &terms, guess, Kinds::NUMBER))
}

/// What the three annuity functions share: rate, its powers, and whether payments fall due at the start.
struct Annuity {
    rate: Term,
    periods: Term,
    /// (1 + rate) ^ periods.
    growth: Term,
    /// 1 + rate where payments fall due at the start of a period, else 1.
    due: Term,
    /// rate = 0, where the closed form divides by zero.
    flat: Term,
}

impl Annuity {
    fn new(graph: &mut Graph, rate: Term, periods: Term, kind: Option<&Term>) -> Annuity {
        let rate = graph.number(rate);
        let periods = graph.number(periods);
        let base = graph.binary(Opcode::Add, Term::number(1.0), rate);
        let growth = graph.binary(Opcode::Power, base, periods);
        let kind = graph.number(kind.copied().unwrap_or(Term::number(0.0)));
        let at_start = graph.condition(kind);
        let due = graph.select(at_start, base, Term::number(1.0));
        let flat = graph.compare(Opcode::Equal, rate, Term::number(0.0));
        Annuity { rate, periods, growth, due, flat }
    }

    /// due * (growth - 1) / rate: what payments of 1 grow to.
    fn accumulated(&self, graph: &mut Graph) -> Term {
        let gain = graph.binary(Opcode::Subtract, self.growth, Term::number(1.0));
        let per_rate = graph.binary(Opcode::Divide, gain, self.rate);
        graph.binary(Opcode::Multiply, self.due, per_rate)
    }
}

/// PMT(rate, nper, pv, fv = 0, type = 0); over no periods at all, or at a rate that takes all or more, `#NUM!`.
fn payment(graph: &mut Graph, terms: &[Term]) -> Term {
    let annuity = Annuity::new(graph, terms[0], terms[1], terms.get(4));
    let present = graph.number(terms[2]);
    let future = graph.number(terms.get(3).copied().unwrap_or(Term::number(0.0)));
    let read = read_with(graph, annuity.rate, &[annuity.periods, present, future]);
    let some = graph.compare(Opcode::NotEqual, annuity.periods, Term::number(0.0));
    let leaves_some = graph.compare(Opcode::Less, Term::number(-1.0), read);
    let valid = graph.and(leaves_some, some);
    let total = graph.binary(Opcode::Add, present, future);
    let level = graph.binary(Opcode::Divide, total, annuity.periods);
    let grown = graph.binary(Opcode::Multiply, present, annuity.growth);
    let owed = graph.binary(Opcode::Add, grown, future);
    let accumulated = annuity.accumulated(graph);
    let paid = graph.binary(Opcode::Divide, owed, accumulated);
    let amount = graph.select(annuity.flat, level, paid);
    let amount = valid_or(graph, valid, amount, ErrorKind::Num);
    graph.unary(Opcode::Negate, amount)
}

/// PV(rate, nper, pmt, fv = 0, type = 0).
fn present_value(graph: &mut Graph, terms: &[Term]) -> Term {
    let annuity = Annuity::new(graph, terms[0], terms[1], terms.get(4));
    let payment = graph.number(terms[2]);
    let future = graph.number(terms.get(3).copied().unwrap_or(Term::number(0.0)));
    let paid_flat = graph.binary(Opcode::Multiply, payment, annuity.periods);
    let flat = graph.binary(Opcode::Add, future, paid_flat);
    let accumulated = annuity.accumulated(graph);
    let paid = graph.binary(Opcode::Multiply, payment, accumulated);
    let owed = graph.binary(Opcode::Add, future, paid);
    let discounted = graph.binary(Opcode::Divide, owed, annuity.growth);
    let value = graph.select(annuity.flat, flat, discounted);
    graph.unary(Opcode::Negate, value)
}

/// FV(rate, nper, pmt, pv = 0, type = 0).
fn future_value(graph: &mut Graph, terms: &[Term]) -> Term {
    let annuity = Annuity::new(graph, terms[0], terms[1], terms.get(4));
    let payment = graph.number(terms[2]);
    let present = graph.number(terms.get(3).copied().unwrap_or(Term::number(0.0)));
    let paid_flat = graph.binary(Opcode::Multiply, payment, annuity.periods);
    let flat = graph.binary(Opcode::Add, present, paid_flat);
    let grown = graph.binary(Opcode::Multiply, present, annuity.growth);
    let accumulated = annuity.accumulated(graph);
    let paid = graph.binary(Opcode::Multiply, payment, accumulated);
    let total = graph.binary(Opcode::Add, grown, paid);
    let value = graph.select(annuity.flat, flat, total);
    graph.unary(Opcode::Negate, value)
}

#[cfg(test)]
mod tests {
    use crate::compile::vectors::assert_vectors;

    #[test]
    fn vectors() {
        let cells = [
            ("A1", "0.1"),
            ("A2", "-1000"),
            ("A3", "500"),
            ("A4", "600"),
            ("A5", "0"),
            ("A6", "12"),
            ("A7", "x"),
        ];
        assert_vectors(
            &cells,
            &[
                ("=NPV(A1,A3,A4)", "950.4132231404958"),
                ("=NPV(A1,A2:A4)+A2", "-1045.0788880540947"),
                ("=NPV(A1,A3:A4,A7:A7)", "950.4132231404958"),
                ("=NPV(-1,A3,A4)", "#DIV/0!"),
                ("=NPV(A1,A7:A7)", "0"),
                ("=NPV(A1,IF(A3>0,A7:A7,A3:A3))", "0"),
                ("=IRR(A2:A4)", "0.06394102980498531"),
                ("=IRR(A3:A4)", "#NUM!"),
                ("=PMT(A1,A6,A2)", "146.76331510028705"),
                ("=PMT(A5,A6,1200)", "-100"),
                ("=PMT(A1,A5,100)", "#NUM!"),
                ("=PMT(A5,A5,100)", "#NUM!"),
                ("=PMT(A1,A5,100,A3/A5)", "#DIV/0!"),
                ("=PMT(A3/A5,NA(),100)", "#DIV/0!"),
                ("=PMT(-1,A6,100)", "#NUM!"),
                ("=PMT(-3,5,100,300,1)", "#NUM!"),
                ("=PV(1,2,3,4,\"false\")", "#VALUE!"),
                ("=FV(1,2,3,4,\"1\")", "-34"),
                ("=PMT(A1/12,A6,A2,A3,1)", "47.72688622975697"),
                ("=PV(A1,A6,-100)", "681.3691823051584"),
                ("=PV(A5,A6,-100)", "1200"),
                ("=PV(A1>A6,A6,-100)", "1200"),
                ("=FV(A1,A6,-100)", "2138.428376721"),
                ("=FV(A5,A6,-100,-50)", "1250"),
            ],
        );
    }
}
