//! What a criterion such as `">=5"` or `"east*"` says, and whether a value meets it.

use super::Call;
use crate::compile::graph::Graph;
use crate::compile::local_text::reads_locally;
use crate::compile::term::{KindMask, Kinds, Term};
use crate::compile::text;
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

/// A criterion taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Criterion {
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
    /// A day, a time of day or an amount, which machines read differently.
    Local,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
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

/// The criterion `">"&A1` of an uncertain number, which is compared as it is, not rounded to the 15 digits of a text.
pub(super) fn uncertain(call: &Call<'_, '_>, unsupported: u32) -> Option<Criterion> {
    let (sign, operand) = call.sheets.uncertain_criteria.get(&unsupported)?;
    let sign = call.sheets.graph.texts.get(*sign);
    let (_, comparison) = SIGNS.into_iter().find(|(known, _)| *known == sign)?;
    Some(Criterion::Number(comparison, *operand))
}

pub(super) fn parse(graph: &Graph, value: Value) -> Criterion {
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
    if reads_locally(operand) {
        return Criterion::Local;
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
pub(super) fn meets(graph: &mut Graph, criterion: &Criterion, term: Term) -> Option<Term> {
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
        Criterion::Local => None,
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
