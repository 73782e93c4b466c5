//! How many rows there are, and of how many terms.

/// The terms of a row, from the constant up, in powers of the place in it.
pub const ROW_TERMS: usize = 8;
/// Rows that cut a range of probabilities of which the upper end is twice the lower.
pub(crate) const ROWS_PER_OCTAVE: usize = 64;
const OCTAVES: usize = 12;
/// How many rows there are.
pub const ROWS: usize = ROWS_PER_OCTAVE * OCTAVES;
/// The room for them, so that a masked row is in it without a check; what lies past the rows is zero.
pub const ROOM: usize = ROWS.next_power_of_two();
