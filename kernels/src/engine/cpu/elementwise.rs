//! The elementwise operations as a batch computes them: plainly on numbers, each with what to watch so that
//! nothing but a right number passes. What fails the watch is done again by the reference.

use fermiac_math::{self as math, Place};
use fermiac_model::plan::{Opcode, TextFacts, scalar};
use fermiac_model::value::Value;

use super::exponentials::exponentials;
use super::lanes::{Constant, Lanes, Operand, Operation, by_reference, choose, correct, each, each_of};
use super::program::{Branches, Source};
use super::slots::{Group, Others};
use crate::simd::Simd;

#[derive(Clone, Copy)]
struct Power;

impl Operation for Power {
    #[inline(always)]
    fn of(self, a: f64, b: f64) -> (f64, f64) {
        watched_with(scalar::plain_power(a, b), a + b)
    }
}

/// An operation of two operands.
#[inline(always)]
pub(super) fn of_two<A: Lanes, B: Lanes>(opcode: Opcode, out: &mut [Group], a: A, b: B, texts: &[TextFacts]) {
    // A result that is itself watched is finite only if the operands are: no slot holds an infinity, and a NaN
    // goes through + - * /. Where an operation would swallow a NaN, the sum of the operands is watched.
    let right = match opcode {
        Opcode::Add => each(out, a, b, |a, b| watched(a + b)),
        Opcode::Subtract => each(out, a, b, |a, b| watched(a - b)),
        Opcode::Multiply => each(out, a, b, |a, b| watched(a * b)),
        Opcode::Divide => each(out, a, b, |a, b| watched(a / b)),
        Opcode::Minimum => each(out, a, b, |a, b| (scalar::minimum(a, b), a + b)),
        Opcode::Maximum => each(out, a, b, |a, b| (scalar::maximum(a, b), a + b)),
        Opcode::Less | Opcode::ValueLess => each(out, a, b, |a, b| compared(a, b, a < b)),
        Opcode::LessEqual | Opcode::ValueLessEqual => each(out, a, b, |a, b| compared(a, b, a <= b)),
        Opcode::Equal | Opcode::ValueEqual => each(out, a, b, |a, b| compared(a, b, a == b)),
        Opcode::NotEqual | Opcode::ValueNotEqual => each(out, a, b, |a, b| compared(a, b, a != b)),
        Opcode::Power => each_of(out, a, b, Power),
        Opcode::Modulo => each(out, a, b, |a, b| watched(scalar::plain_modulo(a, b))),
        Opcode::Round | Opcode::RoundUp | Opcode::RoundDown => match b.erased() {
            Operand::Constant(places) if places.is_finite() => {
                rounded(opcode, out, a, scalar::digits(places))
            }
            places => return by_reference(opcode, out, a.erased(), places),
        },
        _ => unreachable!("the program has this step only for the opcodes above"),
    };
    if !right {
        correct(opcode, out, [a.erased(), b.erased(), Operand::Constant(0.0)], texts);
    }
}

/// Numbers rounded to decimal places that are the same for all.
#[inline(always)]
fn rounded<A: Lanes>(opcode: Opcode, out: &mut [Group], a: A, digits: i32) -> bool {
    // Twice, so that each copy knows its side of the point, and has no branch for it in its lanes.
    if digits < 0 {
        rounded_at(opcode, out, a, Place::of(digits.min(-1)))
    } else {
        rounded_at(opcode, out, a, Place::of(digits.max(0)))
    }
}

#[inline(always)]
fn rounded_at<A: Lanes>(opcode: Opcode, out: &mut [Group], a: A, place: Place) -> bool {
    let none = Constant(0.0);
    match opcode {
        Opcode::Round => each(out, a, none, |a, _| watched(place.round_half_away(a))),
        Opcode::RoundUp => each(out, a, none, |a, _| watched(place.round_up(a))),
        _ => each(out, a, none, |a, _| watched(place.round_down(a))),
    }
}

/// e^x of a slot.
#[inline(always)]
pub(super) fn exponential(simd: Simd, out: &mut [Group], a: &[Group], texts: &[TextFacts]) {
    if !exponentials(simd, out, a) {
        let none = Operand::Constant(0.0);
        correct(Opcode::Exp, out, [Operand::Slot(a), none, none], texts);
    }
}

/// An operation of one slot but [`exponential`]; `mask` is [`Opcode::HasKind`]'s.
#[inline(always)]
pub(super) fn of_one(opcode: Opcode, out: &mut [Group], a: &[Group], mask: u32, texts: &[TextFacts]) {
    let none = Constant(0.0);
    let [no, yes] = [false, true].map(|truth| Value::Bool(truth).pack());
    let has_number = scalar::condition(mask & 1 != 0);
    let right = match opcode {
        Opcode::Negate => each(out, a, none, |a, _| watched(-a)),
        Opcode::Absolute => each(out, a, none, |a, _| watched(a.abs())),
        Opcode::Floor => each(out, a, none, |a, _| watched(a.floor())),
        Opcode::SquareRoot => each(out, a, none, |a, _| watched(a.sqrt())),
        Opcode::Sign => each(out, a, none, |a, _| (scalar::sign(a), a)),
        Opcode::Ln => each(out, a, none, |a, _| watched_if(a > 0.0, math::ln(a))),
        Opcode::Log10 => each(out, a, none, |a, _| watched_if(a > 0.0, math::log10(a))),
        Opcode::NormalCdf => each(out, a, none, |a, _| watched_with(math::normal_cdf(a), a)),
        Opcode::NormalPdf => each(out, a, none, |a, _| watched_with(math::normal_pdf(a), a)),
        Opcode::NormalQuantile => {
            each(out, a, none, |a, _| watched_if(a > 0.0 && a < 1.0, math::normal_quantile(a)))
        }
        Opcode::HasKind => each(out, a, none, |a, _| (has_number, a)),
        Opcode::PackCondition => each(out, a, none, |a, _| (if a != 0.0 { yes } else { no }, a)),
        Opcode::ToCondition => each(out, a, none, |a, _| (scalar::condition(a != 0.0), a)),
        Opcode::ToNumber => each(out, a, none, |a, _| watched(a)),
        _ => unreachable!("the program has this step only for the opcodes above"),
    };
    if !right {
        let mask = Operand::Constant(f64::from(mask));
        correct(opcode, out, [Operand::Slot(a), mask, Operand::Constant(0.0)], texts);
    }
}

#[inline(always)]
fn watched(result: f64) -> (f64, f64) {
    (result, result)
}

/// A condition on two numbers, unless they are so near that their digits decide.
#[inline(always)]
fn compared(a: f64, b: f64, truth: bool) -> (f64, f64) {
    let result = if scalar::is_near(a, b) { f64::NAN } else { scalar::condition(truth) };
    watched_with(result, a + b)
}

/// For a function that may map a NaN to a number.
#[inline(always)]
fn watched_with(result: f64, operand: f64) -> (f64, f64) {
    (result, result + operand)
}

/// For a function that is refused outside its domain.
#[inline(always)]
fn watched_if(inside: bool, result: f64) -> (f64, f64) {
    watched(if inside { result } else { f64::NAN })
}

/// The choice of one of two branches by the condition in a slot.
#[inline(always)]
pub(super) fn select(out: &mut [Group], others: Others<'_>, condition: u32, branches: Branches) {
    let condition = others.slot(condition);
    let right = match branches {
        (Source::Slot(b), Source::Slot(c)) => choose(out, condition, others.slot(b), others.slot(c)),
        (Source::Slot(b), Source::Constant(c)) => choose(out, condition, others.slot(b), Constant(c)),
        (Source::Constant(b), Source::Slot(c)) => choose(out, condition, Constant(b), others.slot(c)),
        (Source::Constant(b), Source::Constant(c)) => choose(out, condition, Constant(b), Constant(c)),
    };
    if !right {
        let (b, c) = (others.operand(branches.0), others.operand(branches.1));
        correct(Opcode::Select, out, [Operand::Slot(condition), b, c], &[]);
    }
}
