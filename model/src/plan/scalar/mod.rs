//! One lane of every instruction: the reference that the compiler folds with and that engines are held to.
//!
//! Everything here takes and gives packed values ([`Value::pack`]) and never lets an infinity or an untagged
//! NaN out: a result that is not finite is `#NUM!`. Only exact operations and [`fermiac_math`] are used, so
//! that every machine gives the same bits. [`apply`] is for the elementwise opcodes, [`apply_run`] for those
//! over a run of operands.

pub(crate) mod compare;
mod rate;
mod run;

pub use compare::is_near;
pub use rate::plain_rates;
pub use run::apply_run;

use super::{Opcode, TextFacts};
use crate::value::{ErrorKind, Value};

/// The greatest quotient whose remainder a spreadsheet gives; past it `MOD` is `#NUM!`.
const MODULO_QUOTIENT_LIMIT: f64 = 1_125_900_000_000.0;

/// Past these decimal places every finite number is itself, or rounds to nothing.
const DIGITS_LIMIT: f64 = 400.0;

type Outcome = Result<f64, ErrorKind>;

/// The result of an elementwise `opcode` for one trial; operands that it does not take are ignored.
///
/// For [`Opcode::HasKind`] `b` is the mask as a number (`f64::from(mask)`).
///
/// # Panics
/// On [`Opcode::Draw`], which is no function of operands, and on the opcodes over a run.
pub fn apply(opcode: Opcode, a: f64, b: f64, c: f64, texts: &[TextFacts]) -> f64 {
    use Opcode as Op;
    match opcode {
        Op::Store => pack(number(a).map(|a| a + 0.0)),
        Op::Add
        | Op::Subtract
        | Op::Multiply
        | Op::Divide
        | Op::Power
        | Op::Modulo
        | Op::Round
        | Op::RoundUp
        | Op::RoundDown
        | Op::Minimum
        | Op::Maximum
        | Op::Less
        | Op::LessEqual
        | Op::Equal
        | Op::NotEqual => pack(number(a).and_then(|a| number(b).and_then(|b| of_two_numbers(opcode, a, b)))),
        Op::Negate
        | Op::Absolute
        | Op::Sign
        | Op::SquareRoot
        | Op::Exp
        | Op::Ln
        | Op::Log10
        | Op::Floor
        | Op::NormalCdf
        | Op::NormalPdf
        | Op::NormalQuantile => pack(number(a).and_then(|a| of_one_number(opcode, a))),
        Op::Select => select(a, b, c),
        Op::ValueLess | Op::ValueLessEqual | Op::ValueEqual | Op::ValueNotEqual => {
            pack(compare::condition(opcode, Value::unpack(a), Value::unpack(b), texts))
        }
        Op::HasKind => condition((b as u32 >> kind_bit(Value::unpack(a))) & 1 != 0),
        Op::PackCondition => match number(a) {
            Ok(a) => Value::Bool(a != 0.0).pack(),
            Err(kind) => Value::Error(kind).pack(),
        },
        Op::ToNumber => pack(to_number(Value::unpack(a), texts)),
        Op::ToCondition => pack(to_condition(Value::unpack(a), texts)),
        Op::Draw
        | Op::Smallest
        | Op::Greatest
        | Op::Median
        | Op::Pick
        | Op::MatchExact
        | Op::MatchAscending
        | Op::MatchDescending
        | Op::InternalRate => panic!("{opcode:?} is not elementwise"),
    }
}

fn of_one_number(opcode: Opcode, a: f64) -> Outcome {
    let inside = match opcode {
        Opcode::SquareRoot => a >= 0.0,
        Opcode::Ln | Opcode::Log10 => a > 0.0,
        Opcode::NormalQuantile => a > 0.0 && a < 1.0,
        _ => true,
    };
    if !inside {
        return Err(ErrorKind::Num);
    }
    Ok(match opcode {
        Opcode::Negate => -a,
        Opcode::Absolute => a.abs(),
        Opcode::Sign => sign(a),
        Opcode::SquareRoot => a.sqrt(),
        Opcode::Exp => fermiac_math::exp(a),
        Opcode::Ln => fermiac_math::ln(a),
        Opcode::Log10 => fermiac_math::log10(a),
        Opcode::Floor => a.floor(),
        Opcode::NormalCdf => fermiac_math::normal_cdf(a),
        Opcode::NormalPdf => fermiac_math::normal_pdf(a),
        Opcode::NormalQuantile => fermiac_math::normal_quantile(a),
        _ => unreachable!("`apply` sends only opcodes of one number here"),
    })
}

fn of_two_numbers(opcode: Opcode, a: f64, b: f64) -> Outcome {
    Ok(match opcode {
        Opcode::Add => a + b,
        Opcode::Subtract => a - b,
        Opcode::Multiply => a * b,
        Opcode::Divide if b == 0.0 => return Err(ErrorKind::Div0),
        Opcode::Divide => a / b,
        Opcode::Power => return power(a, b),
        Opcode::Modulo => return modulo(a, b),
        Opcode::Round => fermiac_math::round_half_away(a, digits(b)),
        Opcode::RoundUp => fermiac_math::round_up(a, digits(b)),
        Opcode::RoundDown => fermiac_math::round_down(a, digits(b)),
        Opcode::Minimum => minimum(a, b),
        Opcode::Maximum => maximum(a, b),
        Opcode::Less => condition(compare::numbers(a, b).is_lt()),
        Opcode::LessEqual => condition(compare::numbers(a, b).is_le()),
        Opcode::Equal => condition(compare::numbers(a, b).is_eq()),
        Opcode::NotEqual => condition(compare::numbers(a, b).is_ne()),
        _ => unreachable!("`apply` sends only opcodes of two numbers here"),
    })
}

/// -1, 0 or 1 for a number; 0 is +0.0.
#[inline(always)]
pub fn sign(a: f64) -> f64 {
    condition(a > 0.0) - condition(a < 0.0)
}

/// The smaller of two numbers; `a` where they are equal, as 0.0 and -0.0 are.
#[inline(always)]
pub fn minimum(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// The greater of two numbers; `a` where they are equal, as 0.0 and -0.0 are.
#[inline(always)]
pub fn maximum(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// 1.0 or 0.0.
#[inline(always)]
pub fn condition(truth: bool) -> f64 {
    if truth { 1.0 } else { 0.0 }
}

/// What [`Opcode::Power`] comes to for most numbers, and NaN where [`apply`] has to say: at the poles and for roots of
/// negative numbers.
#[inline(always)]
pub fn plain_power(a: f64, b: f64) -> f64 {
    let at_zero = if b > 0.0 { 0.0 } else { f64::NAN };
    let power = fermiac_math::pow(a, b);
    if a == 0.0 { at_zero } else { power }
}

fn power(a: f64, b: f64) -> Outcome {
    if a == 0.0 {
        return if b > 0.0 {
            Ok(0.0)
        } else if b == 0.0 {
            Err(ErrorKind::Num)
        } else {
            Err(ErrorKind::Div0)
        };
    }
    if a < 0.0 && b.trunc() != b {
        return if is_odd_root(b) { Ok(-fermiac_math::pow(-a, b)) } else { Err(ErrorKind::Num) };
    }
    Ok(fermiac_math::pow(a, b))
}

/// Whether `b` is the double nearest to 1 / n for an odd n: spreadsheets then take the real root of a negative number.
fn is_odd_root(b: f64) -> bool {
    let degree = (1.0 / b).round();
    degree % 2.0 != 0.0 && 1.0 / degree == b
}

/// What [`Opcode::Modulo`] comes to for two numbers, and NaN where it is an error.
#[inline(always)]
pub fn plain_modulo(a: f64, b: f64) -> f64 {
    let quotient = a / b;
    let remainder = a - b * quotient.floor();
    // The quotient may round up to the next integer, which would give a tiny remainder of the wrong sign; it is 0.
    let remainder = if remainder == 0.0 || (remainder < 0.0) != (b < 0.0) { 0.0 } else { remainder };
    if quotient.abs() < MODULO_QUOTIENT_LIMIT { remainder } else { f64::NAN }
}

fn modulo(a: f64, b: f64) -> Outcome {
    if b == 0.0 {
        return Err(ErrorKind::Div0);
    }
    Ok(plain_modulo(a, b))
}

/// Decimal places from an operand: truncated, and bounded to where more make no difference.
pub fn digits(b: f64) -> i32 {
    b.clamp(-DIGITS_LIMIT, DIGITS_LIMIT) as i32
}

fn select(a: f64, b: f64, c: f64) -> f64 {
    match number(a) {
        Ok(a) => normal(if a != 0.0 { b } else { c }),
        Err(kind) => Value::Error(kind).pack(),
    }
}

/// The number, or the error that an operand of a numeric instruction is. Booleans, texts and empties are
/// turned to numbers by [`Opcode::ToNumber`]; where one comes without, it is `#VALUE!`.
fn number(slot: f64) -> Outcome {
    match Value::unpack(slot) {
        Value::Number(number) => Ok(number),
        Value::Error(kind) => Err(kind),
        Value::Bool(_) | Value::Text(_) | Value::Empty => Err(ErrorKind::Value),
    }
}

fn to_number(value: Value, texts: &[TextFacts]) -> Outcome {
    match value {
        Value::Number(number) => Ok(number),
        Value::Bool(truth) => Ok(condition(truth)),
        Value::Empty => Ok(0.0),
        Value::Text(id) => {
            texts.get(id.0 as usize).map_or(Err(ErrorKind::Value), |text| number(text.as_number))
        }
        Value::Error(kind) => Err(kind),
    }
}

fn to_condition(value: Value, texts: &[TextFacts]) -> Outcome {
    match value {
        Value::Number(number) => Ok(condition(number != 0.0)),
        Value::Bool(truth) => Ok(condition(truth)),
        Value::Empty => Ok(0.0),
        Value::Text(id) => {
            texts.get(id.0 as usize).map_or(Err(ErrorKind::Value), |text| number(text.as_condition))
        }
        Value::Error(kind) => Err(kind),
    }
}

/// The bit of a [`Opcode::HasKind`] mask that stands for the kind of `value`.
fn kind_bit(value: Value) -> u32 {
    match value {
        Value::Number(_) => 0,
        Value::Bool(_) => 1,
        Value::Text(_) => 2,
        Value::Empty => 3,
        Value::Error(ErrorKind::NotAvailable) => 5,
        Value::Error(_) => 4,
    }
}

/// A slot's value, with what no packing makes turned to `#NUM!`.
fn normal(slot: f64) -> f64 {
    if slot.is_finite() { slot } else { Value::unpack(slot).pack() }
}

fn pack(outcome: Outcome) -> f64 {
    match outcome {
        Ok(number) if number.is_finite() => number,
        Ok(_) => Value::Error(ErrorKind::Num).pack(),
        Err(kind) => Value::Error(kind).pack(),
    }
}

#[cfg(test)]
mod tests;
