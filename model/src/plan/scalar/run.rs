//! Instructions over a run of operands: order statistics and lookups.

use std::cmp::Ordering;

use super::compare::{self, Ordered};
use super::{Outcome, normal, number, pack, rate};
use crate::plan::{Opcode, TextFacts};
use crate::value::{ErrorKind, Value};

/// The result of an `opcode` over a run for one trial. `run` may be reordered.
///
/// # Panics
/// On an elementwise opcode.
pub fn apply_run(opcode: Opcode, run: &mut [f64], c: f64, texts: &[TextFacts]) -> f64 {
    match opcode {
        Opcode::Smallest => pack(ranked(run, c, |place, count| place.checked_sub(1).filter(|i| *i < count))),
        Opcode::Greatest => {
            pack(ranked(run, c, |place, count| if place == 0 { None } else { count.checked_sub(place) }))
        }
        Opcode::Median => pack(median(run)),
        Opcode::Pick => pick(run, c),
        Opcode::MatchExact => pack(lookup(run, c, texts, find_exact)),
        Opcode::MatchAscending => pack(lookup(run, c, texts, find_last_not_above)),
        Opcode::MatchDescending => pack(lookup(run, c, texts, find_last_not_below)),
        Opcode::InternalRate => {
            pack(numbers_of(run).and_then(|flows| rate::internal_rate(flows, number(c)?)))
        }
        _ => panic!("{opcode:?} takes no run"),
    }
}

/// Moves the numbers of the run to its front, in order, and gives them; the first error is the result.
fn numbers_of(run: &mut [f64]) -> Result<&mut [f64], ErrorKind> {
    let mut count = 0;
    for index in 0..run.len() {
        match Value::unpack(run[index]) {
            Value::Number(number) => {
                run[count] = number;
                count += 1;
            }
            Value::Error(kind) => return Err(kind),
            Value::Bool(_) | Value::Text(_) | Value::Empty => {}
        }
    }
    Ok(&mut run[..count])
}

/// The number at the ascending index that `index_of` finds for place `c` among so many.
fn ranked(run: &mut [f64], c: f64, index_of: impl Fn(usize, usize) -> Option<usize>) -> Outcome {
    let numbers = numbers_of(run)?;
    let index = index_of(place(c)?, numbers.len()).ok_or(ErrorKind::Num)?;
    Ok(*numbers.select_nth_unstable_by(index, f64::total_cmp).1)
}

/// A place counted from 1: truncated, 0 if below 1. What is past every run stays past it.
fn place(c: f64) -> Result<usize, ErrorKind> {
    number(c).map(|c| c as usize)
}

/// Halves are added, so that two great numbers do not overflow.
fn median(run: &mut [f64]) -> Outcome {
    let numbers = numbers_of(run)?;
    let count = numbers.len();
    if count == 0 {
        return Err(ErrorKind::Num);
    }
    let (below, upper, _) = numbers.select_nth_unstable_by(count / 2, f64::total_cmp);
    if count % 2 == 1 {
        return Ok(*upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp).expect("an even count above 0 has a lower half");
    Ok(lower * 0.5 + *upper * 0.5)
}

fn pick(run: &[f64], c: f64) -> f64 {
    match place(c) {
        Ok(place) => match place.checked_sub(1).and_then(|index| run.get(index)) {
            Some(slot) => normal(*slot),
            None => Value::Error(ErrorKind::Ref).pack(),
        },
        Err(kind) => Value::Error(kind).pack(),
    }
}

/// The place of what `find` finds; an empty key is 0; errors, empties and other kinds in the run are passed over.
fn lookup(
    run: &[f64],
    c: f64,
    texts: &[TextFacts],
    find: impl Fn(&[f64], Ordered, &[TextFacts]) -> Option<usize>,
) -> Outcome {
    let key = match Value::unpack(c) {
        Value::Error(kind) => return Err(kind),
        value => Ordered::of(value).unwrap_or(Ordered::Number(0.0)),
    };
    find(run, key, texts).map(|index| (index + 1) as f64).ok_or(ErrorKind::NotAvailable)
}

/// The value at `slot`, if it is of the key's kind.
fn of_kind(slot: f64, key: Ordered) -> Option<Ordered> {
    Ordered::of(Value::unpack(slot)).filter(|value| value.is_kind_of(key))
}

fn find_exact(run: &[f64], key: Ordered, texts: &[TextFacts]) -> Option<usize> {
    run.iter().position(|slot| {
        of_kind(*slot, key).is_some_and(|value| compare::order(value, key, texts) == Ordering::Equal)
    })
}

/// The last value of the key's kind before the first that is less: where values do not descend, spreadsheets look no
/// further than that.
fn find_last_not_below(run: &[f64], key: Ordered, texts: &[TextFacts]) -> Option<usize> {
    let of_kind = run.iter().enumerate().filter_map(|(index, slot)| Some((index, of_kind(*slot, key)?)));
    let not_below = |(_, value): &(usize, Ordered)| compare::order(*value, key, texts) != Ordering::Less;
    of_kind.take_while(not_below).last().map(|(index, _)| index)
}

/// Binary search for the last value of the key's kind that is not greater. At a middle of another kind the next of the
/// key's kind below the upper end stands in.
fn find_last_not_above(run: &[f64], key: Ordered, texts: &[TextFacts]) -> Option<usize> {
    let mut found = None;
    let (mut low, mut high) = (0, run.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let candidate = (middle..high).find_map(|index| Some((index, of_kind(run[index], key)?)));
        match candidate {
            Some((index, value)) if compare::order(value, key, texts) != Ordering::Greater => {
                found = Some(index);
                low = index + 1;
            }
            _ => high = middle,
        }
    }
    found
}
