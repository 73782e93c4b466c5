//! Every function with the kinds of arguments that it is tried with.

/// A kind of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number, mostly.
    Number,
    /// A condition, mostly.
    Condition,
    /// A text, mostly.
    Text,
    /// Any single value.
    Any,
    /// A small whole number.
    Place,
    /// A place in a range, never known to be 0.
    Position,
    /// A probability.
    Probability,
    /// A rate of interest.
    Rate,
    /// A range, mostly, or a number, or an array.
    Numbers,
    /// A reference to one or many cells.
    Range,
    /// Six numbers or texts in one column, of any kind and order.
    Column,
    /// A reference whose first cell alone counts.
    Corner,
    /// The exponent of a power.
    Exponent,
    /// Which of the greatest or smallest.
    Rank,
    /// Payments out and in.
    Flows,
    /// Where a search for a rate begins.
    Guess,
    /// What a statistical function takes beside ranges.
    Single,
    /// What AND and its kin take.
    Joined,
    /// A number looked for, compared or rounded: one to which the last bit matters.
    NumberKey,
    /// A text looked for.
    TextKey,
    /// Which row or column of a table.
    Line,
    /// How many decimal places, or how many periods.
    Digits,
    /// A criterion.
    Criterion,
    /// The numbers in ascending order.
    Ascending,
    /// The texts in ascending order.
    AscendingTexts,
    /// A rectangle whose first column is in ascending order.
    Table,
    /// A rectangle with keys of one kind in its first column.
    Rows,
    /// Something of the shape of a column, computed cell by cell.
    Mapped,
    /// Cells in a row, or in some rows.
    Across,
    /// Cells in a row.
    OneRow,
    /// FALSE or 0.
    Exactly,
    /// TRUE, or nothing written.
    Nearly,
    /// Nothing written.
    Missing,
}

use Kind::*;

/// A call: the function and its arguments.
pub type Signature = (&'static str, &'static [Kind]);

/// Calls that come to a number.
pub const NUMERIC: &[Signature] = &[
    ("ABS", &[Number]),
    ("SIGN", &[NumberKey]),
    ("SQRT", &[Number]),
    ("EXP", &[Exponent]),
    ("LN", &[Number]),
    ("LOG10", &[Number]),
    ("LOG", &[Number]),
    ("LOG", &[Number, Number]),
    ("POWER", &[Number, Exponent]),
    ("MOD", &[Single, Rank]),
    ("INT", &[NumberKey]),
    ("TRUNC", &[NumberKey]),
    ("TRUNC", &[NumberKey, Digits]),
    ("ROUND", &[NumberKey, Digits]),
    ("ROUNDUP", &[NumberKey, Digits]),
    ("ROUNDDOWN", &[NumberKey, Digits]),
    ("PI", &[]),
    ("SUM", &[Numbers]),
    ("SUM", &[Numbers, Numbers, Single]),
    ("AVERAGE", &[Numbers]),
    ("AVERAGE", &[Numbers, Numbers]),
    ("MIN", &[Numbers]),
    ("MIN", &[Single, Numbers]),
    ("MAX", &[Numbers]),
    ("MAX", &[Single, Numbers]),
    ("COUNT", &[Numbers]),
    ("COUNT", &[Numbers, Single]),
    ("COUNTA", &[Numbers]),
    ("COUNTA", &[Numbers, Single]),
    ("PRODUCT", &[Numbers]),
    ("PRODUCT", &[Numbers, Single]),
    ("SUMSQ", &[Numbers]),
    ("SUMSQ", &[Single, Numbers]),
    ("SUMPRODUCT", &[Column]),
    ("SUMPRODUCT", &[Column, Column]),
    ("SUMPRODUCT", &[Mapped]),
    ("SUMPRODUCT", &[Mapped, Column]),
    ("SUMIF", &[Column, Criterion]),
    ("SUMIF", &[Column, Criterion, Column]),
    ("AVERAGEIF", &[Column, Criterion]),
    ("AVERAGEIF", &[Column, Criterion, Column]),
    ("COUNTIF", &[Range, Criterion]),
    ("SUMIFS", &[Column, Column, Criterion]),
    ("SUMIFS", &[Column, Column, Criterion, Column, Criterion]),
    ("AVERAGEIFS", &[Column, Column, Criterion, Column, Criterion]),
    ("COUNTIFS", &[Column, Criterion]),
    ("COUNTIFS", &[Column, Criterion, Column, Criterion]),
    ("NPV", &[Rate, Numbers]),
    ("NPV", &[Rate, Single, Numbers]),
    ("IRR", &[Flows]),
    ("IRR", &[Flows, Guess]),
    ("PMT", &[Rate, Digits, Number]),
    ("PMT", &[Rate, Digits, Number, Number]),
    ("PMT", &[Rate, Digits, Number, Number, Digits]),
    ("PV", &[Rate, Digits, Number]),
    ("PV", &[Rate, Digits, Number, Number, Digits]),
    ("FV", &[Rate, Digits, Number]),
    ("FV", &[Rate, Digits, Number, Number, Digits]),
    ("STDEV.S", &[Numbers]),
    ("STDEV.S", &[Numbers, Single]),
    ("STDEV", &[Numbers]),
    ("STDEV.P", &[Numbers]),
    ("STDEVP", &[Numbers]),
    ("VAR.S", &[Numbers]),
    ("VAR", &[Numbers, Single]),
    ("VAR.P", &[Numbers]),
    ("VARP", &[Numbers]),
    ("MEDIAN", &[Numbers]),
    ("MEDIAN", &[Numbers, Single]),
    ("LARGE", &[Range, Rank]),
    ("SMALL", &[Range, Rank]),
    ("NORM.DIST", &[Number, Number, Number, Condition]),
    ("NORMDIST", &[Number, Number, Number, Condition]),
    ("NORM.INV", &[Probability, Number, Number]),
    ("NORMINV", &[Probability, Number, Number]),
    ("NORM.S.DIST", &[Number, Condition]),
    ("NORMSDIST", &[Number]),
    ("NORM.S.INV", &[Probability]),
    ("NORMSINV", &[Probability]),
    ("MATCH", &[NumberKey, Column, Exactly]),
    ("MATCH", &[TextKey, Column, Exactly]),
    ("MATCH", &[Any, Range, Exactly]),
    ("MATCH", &[NumberKey, Ascending]),
    ("MATCH", &[TextKey, AscendingTexts, Nearly]),
    ("ROW", &[]),
    ("ROW", &[Corner]),
    ("COLUMN", &[]),
    ("COLUMN", &[Corner]),
    ("ROWS", &[Range]),
    ("COLUMNS", &[Range]),
];

/// Calls that come to a condition.
pub const CONDITIONAL: &[Signature] = &[
    ("AND", &[Joined, Joined]),
    ("AND", &[Joined, Joined]),
    ("OR", &[Joined, Joined]),
    ("OR", &[Joined]),
    ("XOR", &[Joined, Joined]),
    ("XOR", &[Joined, Joined]),
    ("NOT", &[Condition]),
    ("TRUE", &[]),
    ("FALSE", &[]),
    ("ISERROR", &[Any]),
    ("ISERR", &[Any]),
    ("ISNA", &[Any]),
    ("ISNUMBER", &[Any]),
    ("ISTEXT", &[Any]),
    ("ISNONTEXT", &[Any]),
    ("ISLOGICAL", &[Any]),
    ("ISBLANK", &[Any]),
];

/// Calls that come to what their arguments are.
pub const CHOOSING: &[Signature] = &[
    ("IF", &[Condition, Any, Any]),
    ("IF", &[Condition, Any]),
    ("IF", &[Condition, Missing, Any]),
    ("IFS", &[Condition, Any, Condition, Any]),
    ("IFERROR", &[Any, Any]),
    ("IFNA", &[Any, Any]),
    ("SWITCH", &[Any, NumberKey, Any]),
    ("SWITCH", &[NumberKey, NumberKey, Any, NumberKey, Any]),
    ("SWITCH", &[Any, TextKey, Any, NumberKey, Any, Any]),
    ("CHOOSE", &[Rank, Single, Single]),
    ("CHOOSE", &[Place, Any, Any, Any]),
    ("CHOOSE", &[Number, Any, Any]),
    ("INDEX", &[Column, Position]),
    ("INDEX", &[Rows, Position, Position]),
    ("INDEX", &[OneRow, Position]),
    ("VLOOKUP", &[NumberKey, Rows, Line, Exactly]),
    ("VLOOKUP", &[TextKey, Rows, Line, Exactly]),
    ("VLOOKUP", &[NumberKey, Table, Line]),
    ("VLOOKUP", &[NumberKey, Table, Line, Nearly]),
    ("HLOOKUP", &[Any, Across, Line, Exactly]),
    ("LOOKUP", &[NumberKey, Ascending, Column]),
    ("LOOKUP", &[TextKey, AscendingTexts, Column]),
    ("LOOKUP", &[NumberKey, Ascending]),
    ("NA", &[]),
];

/// Every name tried.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = [NUMERIC, CONDITIONAL, CHOOSING]
        .iter()
        .flat_map(|group| group.iter())
        .map(|(name, _)| *name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn every_function_is_tried() {
    assert_eq!(names(), fermiac_model::compile::function_names());
}
