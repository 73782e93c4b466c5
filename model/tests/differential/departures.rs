//! Where ironcalc departs from what Excel documents or does, or Excel documents nothing: what formulas are not made of
//! where the two are compared. The stored values in `tests/workbooks` hold the other half.

use fermiac_model::compile::Difference;
use fermiac_model::value::ErrorKind;

use super::functions::{Kind, Signature};

/// So many of the numbers: the last are so large that ironcalc's sums of squares lose their digits or overflow, or so
/// small that MOD by them is past the quotient where Excel gives up.
pub const SHARED_NUMBERS: usize = 19;

/// So many of the texts: the last are numbers with separators, percent signs or spaces, which ironcalc does not
/// read in arrays.
pub const SHARED_TEXTS: usize = 17;

/// So many of the criteria: the last are `=` alone, `<>` with texts and numbers, percent signs, spaces, and the order
/// of texts, where ironcalc takes texts that read as numbers, empty texts and empty cells in its own way.
pub const SHARED_CRITERIA: usize = 26;

/// So many of the steps between ascending numbers: which of several equal ones an approximate search finds is not
/// documented.
pub const SHARED_STEPS: usize = 3;

/// Calls that are left out, each with the reason.
const LEFT_OUT: &[(Signature, &str)] = &[
    (("MATCH", &[Kind::Any, Kind::Range, Kind::Exactly]), "an empty cell is 0 for ironcalc"),
    (("MATCH", &[Kind::TextKey, Kind::AscendingTexts, Kind::Nearly]), "the last of equal texts is not found"),
    (
        ("LOOKUP", &[Kind::TextKey, Kind::AscendingTexts, Kind::Column]),
        "the last of equal texts is not found",
    ),
    (("IF", &[Kind::Condition, Kind::Missing, Kind::Any]), "an argument left out is not 0 for ironcalc"),
    (("CHOOSE", &[Kind::Place, Kind::Any, Kind::Any, Kind::Any]), "a chosen cell is no number to ISNUMBER"),
    (("CHOOSE", &[Kind::Number, Kind::Any, Kind::Any]), "a chosen cell is no number to ISNUMBER"),
    (("HLOOKUP", &[Kind::Any, Kind::Across, Kind::Line, Kind::Exactly]), "an empty cell is 0 for ironcalc"),
];

/// Whether a call is left out.
pub fn is_left_out(signature: Signature) -> bool {
    LEFT_OUT.iter().any(|(left_out, _)| *left_out == signature)
}

/// Whether less of a kind is tried.
pub fn is_narrowed(kind: Kind) -> bool {
    use Kind::*;
    match kind {
        // A range's rows spill into other cells.
        Corner | Position => true,
        // Overflow is #DIV/0! for ironcalc.
        Exponent => true,
        // ironcalc gives up on some rates.
        Flows => true,
        // Excel rounds up in LARGE and down in SMALL.
        Rank => true,
        // Errors for rates of -1 and less, and for periods without number, are not documented.
        Rate | Digits | Guess => true,
        // Texts and arrays given to statistical functions are not read.
        Single | Numbers => true,
        // OR stops at the first TRUE before an error, and texts are passed over.
        Joined => true,
        // What is rounded must be exact, or both sides of a step are right.
        NumberKey => true,
        // In lookups empty cells equal 0, numbers and texts are ordered among each other, and a line 0 is #REF!.
        TextKey | Line | Rows => true,
        _ => false,
    }
}

/// What is larger comes of a division by what rounding left of a difference.
const HUGE: f64 = 1e12;

/// Whether a difference says nothing: two numbers that differ by no more than rounding explains where terms cancel or
/// are divided by what is left of them, or two errors, since which of several errors shows is not documented.
pub fn says_nothing(difference: &Difference) -> bool {
    let error = |text: &str| ErrorKind::parse(text).is_some();
    match (difference.stored.parse::<f64>(), difference.computed.parse::<f64>()) {
        (Ok(stored), Ok(computed)) => {
            (stored - computed).abs() < 1e-7 || stored.abs().min(computed.abs()) > HUGE
        }
        (Ok(number), Err(_)) => number.abs() > HUGE && error(&difference.computed),
        (Err(_), Ok(number)) => number.abs() > HUGE && error(&difference.stored),
        (Err(_), Err(_)) => error(&difference.stored) && error(&difference.computed),
    }
}
