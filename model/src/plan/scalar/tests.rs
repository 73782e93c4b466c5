use super::*;
use crate::value::{TextId, Value::*};
use ErrorKind::{Div0, NotAvailable, Num, Ref};
use proptest::prelude::*;

const NOTHING: f64 = 0.0;

/// Texts 0..5: "", "apple", "APPLE", "12", "true".
fn texts() -> Vec<TextFacts> {
    let refused = error(ErrorKind::Value);
    [
        (0, refused, refused),
        (3, refused, refused),
        (3, refused, refused),
        (1, 12.0, refused),
        (9, refused, 1.0),
    ]
    .map(|(rank, as_number, as_condition)| TextFacts { rank, as_number, as_condition })
    .to_vec()
}

fn error(kind: ErrorKind) -> f64 {
    Error(kind).pack()
}

fn text(id: u32) -> f64 {
    Text(TextId(id)).pack()
}

#[track_caller]
fn gives(opcode: Opcode, operands: [f64; 3], expected: Value) {
    let [a, b, c] = operands;
    assert_eq!(Value::unpack(apply(opcode, a, b, c, &texts())), expected, "{opcode:?} {operands:?}");
}

#[track_caller]
fn run_gives(opcode: Opcode, run: &[f64], c: f64, expected: Value) {
    assert_eq!(
        Value::unpack(apply_run(opcode, &mut run.to_vec(), c, &texts())),
        expected,
        "{opcode:?} {run:?} {c}"
    );
}

#[test]
fn arithmetic_is_ieee_and_overflow_is_num() {
    gives(Opcode::Add, [0.1, 0.2, NOTHING], Number(0.1 + 0.2));
    gives(Opcode::Subtract, [1.0, 3.0, NOTHING], Number(-2.0));
    gives(Opcode::Multiply, [1.5, -4.0, NOTHING], Number(-6.0));
    gives(Opcode::Divide, [1.0, 8.0, NOTHING], Number(0.125));
    gives(Opcode::Divide, [0.0, -0.0, NOTHING], Error(Div0));
    gives(Opcode::Add, [f64::MAX, f64::MAX, NOTHING], Error(Num));
    gives(Opcode::Divide, [1e300, 1e-300, NOTHING], Error(Num));
    gives(Opcode::Negate, [2.0, NOTHING, NOTHING], Number(-2.0));
    gives(Opcode::Absolute, [-2.0, NOTHING, NOTHING], Number(2.0));
    gives(Opcode::Sign, [-2.0, NOTHING, NOTHING], Number(-1.0));
    gives(Opcode::Sign, [-0.0, NOTHING, NOTHING], Number(0.0));
    gives(Opcode::Floor, [-1.5, NOTHING, NOTHING], Number(-2.0));
    gives(Opcode::Minimum, [-1.5, 2.0, NOTHING], Number(-1.5));
    gives(Opcode::Maximum, [-1.5, 2.0, NOTHING], Number(2.0));
}

#[test]
fn powers_and_logarithms_refuse_what_has_no_real_result() {
    gives(Opcode::Power, [0.0, 0.0, NOTHING], Error(Num));
    gives(Opcode::Power, [0.0, -1.0, NOTHING], Error(Div0));
    gives(Opcode::Power, [-0.0, 2.5, NOTHING], Number(0.0));
    gives(Opcode::Power, [-8.0, 0.5, NOTHING], Error(Num));
    gives(Opcode::Power, [-2.0, 3.0, NOTHING], Number(-8.0));
    gives(Opcode::Power, [10.0, 400.0, NOTHING], Error(Num));
    gives(Opcode::SquareRoot, [9.0, NOTHING, NOTHING], Number(3.0));
    gives(Opcode::SquareRoot, [-1e-300, NOTHING, NOTHING], Error(Num));
    gives(Opcode::Exp, [0.0, NOTHING, NOTHING], Number(1.0));
    gives(Opcode::Exp, [1000.0, NOTHING, NOTHING], Error(Num));
    gives(Opcode::Ln, [1.0, NOTHING, NOTHING], Number(0.0));
    gives(Opcode::Log10, [1.0, NOTHING, NOTHING], Number(0.0));
    for opcode in [Opcode::Ln, Opcode::Log10, Opcode::NormalQuantile] {
        gives(opcode, [0.0, NOTHING, NOTHING], Error(Num));
        gives(opcode, [-1.0, NOTHING, NOTHING], Error(Num));
    }
    gives(Opcode::NormalQuantile, [1.0, NOTHING, NOTHING], Error(Num));
}

#[test]
fn modulo_has_the_sign_of_the_divisor() {
    gives(Opcode::Modulo, [3.0, 2.0, NOTHING], Number(1.0));
    gives(Opcode::Modulo, [-3.0, 2.0, NOTHING], Number(1.0));
    gives(Opcode::Modulo, [3.0, -2.0, NOTHING], Number(-1.0));
    gives(Opcode::Modulo, [-3.0, -2.0, NOTHING], Number(-1.0));
    gives(Opcode::Modulo, [3.0, 0.0, NOTHING], Error(Div0));
    gives(Opcode::Modulo, [1e20, 3.0, NOTHING], Error(Num));
    gives(Opcode::Modulo, [-1e-20, 1.0, NOTHING], Number(1.0));
    // The quotient rounds up to 10, and 10 times the divisor, before rounding, is past the dividend.
    gives(Opcode::Modulo, [1.0, 0.1, NOTHING], Number(0.0));
}

#[test]
fn digits_are_truncated_and_bounded() {
    gives(Opcode::Round, [2.5, 0.9, NOTHING], Number(3.0));
    gives(Opcode::RoundUp, [2.1, 0.0, NOTHING], Number(3.0));
    gives(Opcode::RoundDown, [-2.9, -0.9, NOTHING], Number(-2.0));
    assert_eq!((digits(-1e300), digits(1e300), digits(-1.9)), (-400, 400, -1));
}

#[test]
fn comparisons_of_numbers_are_conditions() {
    for (opcode, holds) in [
        (Opcode::Less, [1.0, 0.0, 0.0]),
        (Opcode::LessEqual, [1.0, 1.0, 0.0]),
        (Opcode::Equal, [0.0, 1.0, 0.0]),
        (Opcode::NotEqual, [1.0, 0.0, 1.0]),
    ] {
        for (a, expected) in [1.0, 2.0, 3.0].into_iter().zip(holds) {
            gives(opcode, [a, 2.0, NOTHING], Number(expected));
        }
    }
    gives(Opcode::Equal, [0.0, -0.0, NOTHING], Number(1.0));
}

#[test]
fn the_first_error_is_the_result_of_every_numeric_instruction() {
    for opcode in (Opcode::Store as u32..Opcode::Select as u32).map(|number| Opcode::ALL[number as usize]) {
        gives(opcode, [error(Ref), error(Div0), NOTHING], Error(Ref));
        gives(opcode, [Empty.pack(), NOTHING, NOTHING], Error(ErrorKind::Value));
    }
    gives(Opcode::Add, [1.0, error(Div0), NOTHING], Error(Div0));
    gives(Opcode::Less, [1.0, error(Div0), NOTHING], Error(Div0));
}

#[test]
fn select_copies_any_value_and_ignores_the_branch_not_taken() {
    gives(Opcode::Select, [1.0, text(3), error(Ref)], Text(TextId(3)));
    gives(Opcode::Select, [0.0, error(Ref), Empty.pack()], Empty);
    gives(Opcode::Select, [-0.0, 1.0, 2.0], Number(2.0));
    gives(Opcode::Select, [0.5, error(Ref), 2.0], Error(Ref));
    gives(Opcode::Select, [error(NotAvailable), 1.0, 2.0], Error(NotAvailable));
}

#[test]
fn values_are_ordered_numbers_texts_booleans() {
    let ascending = [-1.0, 7.0, text(0), text(3), text(1), Bool(false).pack(), Bool(true).pack()];
    for (i, a) in ascending.into_iter().enumerate() {
        for (j, b) in ascending.into_iter().enumerate() {
            gives(Opcode::ValueLess, [a, b, NOTHING], Number(condition(i < j)));
            gives(Opcode::ValueLessEqual, [a, b, NOTHING], Number(condition(i <= j)));
            gives(Opcode::ValueEqual, [a, b, NOTHING], Number(condition(i == j)));
            gives(Opcode::ValueNotEqual, [a, b, NOTHING], Number(condition(i != j)));
        }
    }
    gives(Opcode::ValueEqual, [text(1), text(2), NOTHING], Number(1.0));
    gives(Opcode::ValueEqual, [1.0, error(Ref), NOTHING], Error(Ref));
}

#[test]
fn numbers_are_compared_by_15_digits_and_looked_up_to_the_last_bit() {
    let sum = 0.1 + 0.2;
    for (opcode, expected) in [
        (Opcode::Less, 0.0),
        (Opcode::LessEqual, 1.0),
        (Opcode::Equal, 1.0),
        (Opcode::NotEqual, 0.0),
        (Opcode::ValueLess, 0.0),
        (Opcode::ValueLessEqual, 1.0),
        (Opcode::ValueEqual, 1.0),
        (Opcode::ValueNotEqual, 0.0),
    ] {
        gives(opcode, [sum, 0.3, NOTHING], Number(expected));
        gives(opcode, [-0.3, -sum, NOTHING], Number(expected));
    }
    gives(Opcode::Less, [0.3, 0.3 + 1e-15, NOTHING], Number(1.0));
    gives(Opcode::Equal, [43.1 - 43.2 + 1.0, 0.9, NOTHING], Number(0.0));
    gives(Opcode::Equal, [sum - 0.3, 0.0, NOTHING], Number(0.0));
    let found = apply_run(Opcode::MatchExact, &mut [sum, 0.3], 0.3, &[]);
    assert_eq!(found, 2.0);
}

#[test]
fn an_empty_is_what_the_other_side_asks() {
    for same in [0.0, text(0), Bool(false).pack(), Empty.pack()] {
        gives(Opcode::ValueEqual, [Empty.pack(), same, NOTHING], Number(1.0));
        gives(Opcode::ValueEqual, [same, Empty.pack(), NOTHING], Number(1.0));
    }
    for other in [1.0, text(1), Bool(true).pack()] {
        gives(Opcode::ValueLess, [Empty.pack(), other, NOTHING], Number(1.0));
    }
}

#[test]
fn each_kind_has_its_bit() {
    let values = [1.0, Bool(true).pack(), text(1), Empty.pack(), error(Div0), error(NotAvailable)];
    for (bit, value) in values.into_iter().enumerate() {
        for mask in 0..64u32 {
            gives(
                Opcode::HasKind,
                [value, f64::from(mask), NOTHING],
                Number(condition(mask >> bit & 1 == 1)),
            );
        }
    }
}

#[test]
fn coercions_read_texts_and_keep_errors() {
    for (value, number, truth) in [
        (2.5, Number(2.5), Number(1.0)),
        (-0.0, Number(0.0), Number(0.0)),
        (Bool(true).pack(), Number(1.0), Number(1.0)),
        (Empty.pack(), Number(0.0), Number(0.0)),
        (text(3), Number(12.0), Error(ErrorKind::Value)),
        (text(4), Error(ErrorKind::Value), Number(1.0)),
        (text(99), Error(ErrorKind::Value), Error(ErrorKind::Value)),
        (error(Ref), Error(Ref), Error(Ref)),
    ] {
        gives(Opcode::ToNumber, [value, NOTHING, NOTHING], number);
        gives(Opcode::ToCondition, [value, NOTHING, NOTHING], truth);
    }
    gives(Opcode::PackCondition, [1.0, NOTHING, NOTHING], Bool(true));
    gives(Opcode::PackCondition, [0.0, NOTHING, NOTHING], Bool(false));
    gives(Opcode::PackCondition, [error(Ref), NOTHING, NOTHING], Error(Ref));
}

#[test]
fn a_stored_zero_has_no_sign() {
    assert_eq!(apply(Opcode::Store, -0.0, NOTHING, NOTHING, &[]).to_bits(), 0);
    gives(Opcode::Store, [error(Num), NOTHING, NOTHING], Error(Num));
}

#[test]
fn order_statistics_skip_what_is_no_number() {
    let run = [3.0, Bool(true).pack(), 1.0, text(3), 2.0, Empty.pack()];
    for (place, smallest) in [(1.0, 1.0), (2.9, 2.0), (3.0, 3.0)] {
        run_gives(Opcode::Smallest, &run, place, Number(smallest));
        run_gives(Opcode::Greatest, &run, place, Number(4.0 - smallest));
    }
    for place in [0.9, 4.0, -1.0, 1e300] {
        run_gives(Opcode::Smallest, &run, place, Error(Num));
        run_gives(Opcode::Greatest, &run, place, Error(Num));
    }
    run_gives(Opcode::Median, &run, NOTHING, Number(2.0));
    run_gives(Opcode::Median, &run[..3], NOTHING, Number(2.0));
    run_gives(Opcode::Median, &[f64::MAX, f64::MAX], NOTHING, Number(f64::MAX));
    run_gives(Opcode::Median, &run[3..4], NOTHING, Error(Num));
    for opcode in [Opcode::Smallest, Opcode::Greatest, Opcode::Median, Opcode::InternalRate] {
        run_gives(opcode, &[1.0, error(Ref), error(Div0)], 1.0, Error(Ref));
        run_gives(opcode, &[], 1.0, Error(Num));
    }
    run_gives(Opcode::Smallest, &[1.0], error(Div0), Error(Div0));
}

#[test]
fn pick_gives_any_value_by_place() {
    let run = [3.0, text(3), error(Ref), Empty.pack()];
    for (place, expected) in [(1.0, Number(3.0)), (2.5, Text(TextId(3))), (3.0, Error(Ref)), (4.0, Empty)] {
        run_gives(Opcode::Pick, &run, place, expected);
    }
    for place in [0.0, 5.0, -3.0] {
        run_gives(Opcode::Pick, &run, place, Error(Ref));
    }
    run_gives(Opcode::Pick, &run, error(NotAvailable), Error(NotAvailable));
}

#[test]
fn an_exact_match_is_the_first_of_the_same_kind() {
    let run = [error(Div0), Empty.pack(), text(3), 12.0, text(1), Bool(false).pack(), 12.0, 0.0];
    for (key, place) in
        [(12.0, 4.0), (text(3), 3.0), (text(2), 5.0), (Bool(false).pack(), 6.0), (Empty.pack(), 8.0)]
    {
        run_gives(Opcode::MatchExact, &run, key, Number(place));
    }
    run_gives(Opcode::MatchExact, &run, Bool(true).pack(), Error(NotAvailable));
    run_gives(Opcode::MatchExact, &run, error(Ref), Error(Ref));
}

#[test]
fn an_ascending_match_is_the_last_not_above() {
    let run = [1.0, 3.0, 3.0, text(3), 5.0, error(Ref), text(1), Bool(true).pack()];
    for (key, place) in
        [(1.0, 1.0), (2.0, 1.0), (3.0, 3.0), (4.0, 3.0), (5.0, 5.0), (9.0, 5.0), (text(1), 7.0)]
    {
        run_gives(Opcode::MatchAscending, &run, key, Number(place));
    }
    for key in [0.0, text(0), Bool(false).pack()] {
        run_gives(Opcode::MatchAscending, &run, key, Error(NotAvailable));
    }
}

#[test]
fn a_descending_match_is_the_last_not_below() {
    let run = [9.0, 5.0, 5.0, 1.0];
    for (key, place) in [(9.0, 1.0), (6.0, 1.0), (5.0, 3.0), (2.0, 3.0), (0.0, 4.0)] {
        run_gives(Opcode::MatchDescending, &run, key, Number(place));
    }
    run_gives(Opcode::MatchDescending, &run, 10.0, Error(NotAvailable));
    // Excel's documentation has this example of numbers that do not descend.
    run_gives(Opcode::MatchDescending, &[25.0, 38.0, 40.0, 41.0], 40.0, Error(NotAvailable));
    run_gives(Opcode::MatchDescending, &[9.0, 1.0, 8.0], 5.0, Number(1.0));
}

#[test]
fn a_guess_at_which_nothing_is_left_is_a_value_error() {
    for guess in [-1.0, -10.0] {
        run_gives(Opcode::InternalRate, &[-1000.0, 600.0, 600.0], guess, Error(ErrorKind::Value));
    }
}

fn any_slot() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -20.0..20.0f64,
        2 => any::<f64>(),
        2 => prop::sample::select(vec![0.0, -0.0, 1.0, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN]),
        1 => prop::sample::select(ErrorKind::ALL.map(error).to_vec()),
        2 => prop::sample::select(vec![Bool(true).pack(), Bool(false).pack(), Empty.pack(), text(0), text(3), text(77)]),
    ]
}

fn is_packed(slot: f64) -> bool {
    Value::unpack(slot).pack().to_bits() == slot.to_bits()
}

proptest! {
    #[test]
    fn nothing_but_packed_values_comes_out(
        opcode in prop::sample::select(Opcode::ALL.to_vec()), a in any_slot(), b in any_slot(), c in any_slot(),
        run in prop::collection::vec(any_slot(), 0..12),
    ) {
        if (Opcode::Smallest..=Opcode::InternalRate).contains(&opcode) {
            prop_assert!(is_packed(apply_run(opcode, &mut run.clone(), c, &texts())));
        } else if opcode != Opcode::Draw {
            prop_assert!(is_packed(apply(opcode, a, b, c, &texts())));
        }
    }
}
