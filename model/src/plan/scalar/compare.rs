//! The order of values: numbers, then texts without case, then booleans.

use std::cmp::Ordering;

use super::{Outcome, condition as truth};
use crate::plan::{Opcode, TextFacts};
use crate::value::{ErrorKind, TextId, Value};

/// The condition of a `Value..` comparison; the first error of the two is the result.
pub(super) fn condition(opcode: Opcode, a: Value, b: Value, texts: &[TextFacts]) -> Outcome {
    let order = match (as_asked_by(a, b)?, as_asked_by(b, a)?) {
        (Ordered::Number(a), Ordered::Number(b)) => numbers(a, b),
        (a, b) => order(a, b, texts),
    };
    Ok(truth(match opcode {
        Opcode::ValueLess => order == Ordering::Less,
        Opcode::ValueLessEqual => order != Ordering::Greater,
        Opcode::ValueEqual => order == Ordering::Equal,
        Opcode::ValueNotEqual => order != Ordering::Equal,
        _ => unreachable!("`apply` sends only comparisons of values here"),
    }))
}

/// The order of two numbers as the operators of a formula see it: by 15 digits, so that 0.1 + 0.2 is 0.3 and shares that
/// sum to 1 do so.
pub fn numbers(a: f64, b: f64) -> Ordering {
    let (a, b) =
        if is_near(a, b) { (fermiac_math::at_15_digits(a), fermiac_math::at_15_digits(b)) } else { (a, b) };
    a.partial_cmp(&b).expect("an unpacked number is finite, never NaN")
}

/// Whether two numbers that differ may have the same 15 digits.
#[inline(always)]
pub fn is_near(a: f64, b: f64) -> bool {
    (a != b) & ((a - b).abs() <= NEAR * a.abs())
}

/// A unit of the fifteenth digit is at most 1e-14 of a number; the rest is for how this is computed.
const NEAR: f64 = 1.1e-14;

/// A value that has a place in the order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ordered {
    Number(f64),
    /// By id; `None` is the text "" that an empty stands for.
    Text(Option<TextId>),
    Bool(bool),
}

impl Ordered {
    /// The value itself, if it has a place in the order; an empty has none of its own.
    pub(super) fn of(value: Value) -> Option<Ordered> {
        match value {
            Value::Number(number) => Some(Ordered::Number(number)),
            Value::Text(id) => Some(Ordered::Text(Some(id))),
            Value::Bool(truth) => Some(Ordered::Bool(truth)),
            Value::Empty | Value::Error(_) => None,
        }
    }

    /// Whether both are numbers, both texts or both booleans.
    pub(super) fn is_kind_of(self, other: Ordered) -> bool {
        self.kind() == other.kind()
    }

    fn kind(self) -> u8 {
        match self {
            Ordered::Number(_) => 0,
            Ordered::Text(_) => 1,
            Ordered::Bool(_) => 2,
        }
    }
}

/// `value`, an empty taken as 0, "" or FALSE, whichever `other` compares with.
fn as_asked_by(value: Value, other: Value) -> Result<Ordered, ErrorKind> {
    match (value, other) {
        (Value::Error(kind), _) => Err(kind),
        (Value::Empty, Value::Text(_)) => Ok(Ordered::Text(None)),
        (Value::Empty, Value::Bool(_)) => Ok(Ordered::Bool(false)),
        (value, _) => Ok(Ordered::of(value).unwrap_or(Ordered::Number(0.0))),
    }
}

/// The order of two values as lookups see it, to the last bit of a number; of kinds that differ, by kind.
pub(super) fn order(a: Ordered, b: Ordered, texts: &[TextFacts]) -> Ordering {
    match (a, b) {
        (Ordered::Number(a), Ordered::Number(b)) => {
            a.partial_cmp(&b).expect("an unpacked number is finite, never NaN")
        }
        (Ordered::Text(a), Ordered::Text(b)) => rank(a, texts).cmp(&rank(b, texts)),
        (Ordered::Bool(a), Ordered::Bool(b)) => a.cmp(&b),
        (a, b) => a.kind().cmp(&b.kind()),
    }
}

/// A text that the plan does not know, which no plan holds, comes last.
fn rank(text: Option<TextId>, texts: &[TextFacts]) -> u32 {
    match text {
        None => TextFacts::EMPTY_RANK,
        Some(id) => texts.get(id.0 as usize).map_or(u32::MAX, |text| text.rank),
    }
}
