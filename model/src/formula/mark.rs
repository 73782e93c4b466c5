//! Marks: how a reference stands in a template.
//!
//! A mark is one byte that cannot occur in UTF-8 and then two coordinates, little endian:
//!
//! | reference | bytes |
//! |---|---|
//! | `A1` | `CELL` + flags, row (4 bytes), column (2 bytes) |
//! | `A:C` | `COLUMNS`, flags, two columns (2 bytes each) |
//! | `1:3` | `ROWS`, flags, two rows (4 bytes each) |
//!
//! Flag 1 says that the first coordinate is absolute, flag 2 that the second is; else they are minus the
//! formula's cell.

use super::characters::FIRST_MARK;
use super::{Axis, Corner, Reference, SheetName};

const CELL: u8 = FIRST_MARK;
const COLUMNS: u8 = 0xFC;
const ROWS: u8 = 0xFD;
const FIRST_ABSOLUTE: u8 = 1;
const SECOND_ABSOLUTE: u8 = 2;

/// The mark of a cell.
#[inline]
pub(super) fn cell(row: Axis, column: Axis) -> [u8; 7] {
    let [r0, r1, r2, r3] = wide(row);
    let [c0, c1] = narrow(column);
    [CELL | flags(row, column), r0, r1, r2, r3, c0, c1]
}

/// The mark of whole columns.
pub(super) fn columns(first: Axis, last: Axis) -> [u8; 6] {
    let [a0, a1] = narrow(first);
    let [b0, b1] = narrow(last);
    [COLUMNS, flags(first, last), a0, a1, b0, b1]
}

/// The mark of whole rows.
pub(super) fn rows(first: Axis, last: Axis) -> [u8; 10] {
    let [a0, a1, a2, a3] = wide(first);
    let [b0, b1, b2, b3] = wide(last);
    [ROWS, flags(first, last), a0, a1, a2, a3, b0, b1, b2, b3]
}

/// The reference marked at `at` and where the mark ends, if one is there.
pub(super) fn read_reference(template: &[u8], at: usize) -> Option<(Reference, usize)> {
    let mark = *template.get(at)?;
    let (first, last, end) = match mark {
        CELL..COLUMNS => {
            let row = axis(mark & FIRST_ABSOLUTE, read_wide(template, at + 1)?);
            let column = axis(mark & SECOND_ABSOLUTE, read_narrow(template, at + 5)?);
            let corner = Corner { row, column };
            (corner, corner, at + 7)
        }
        COLUMNS => {
            let flags = *template.get(at + 1)?;
            let first = axis(flags & FIRST_ABSOLUTE, read_narrow(template, at + 2)?);
            let last = axis(flags & SECOND_ABSOLUTE, read_narrow(template, at + 4)?);
            let corner = |column| Corner { row: Axis::Edge, column };
            (corner(first), corner(last), at + 6)
        }
        ROWS => {
            let flags = *template.get(at + 1)?;
            let first = axis(flags & FIRST_ABSOLUTE, read_wide(template, at + 2)?);
            let last = axis(flags & SECOND_ABSOLUTE, read_wide(template, at + 6)?);
            let corner = |row| Corner { row, column: Axis::Edge };
            (corner(first), corner(last), at + 10)
        }
        _ => return None,
    };
    Some((Reference { sheet: SheetName::Own, first, last, single: mark < COLUMNS }, end))
}

#[inline]
fn flags(first: Axis, second: Axis) -> u8 {
    let flag = |axis, flag| if matches!(axis, Axis::Absolute(_)) { flag } else { 0 };
    flag(first, FIRST_ABSOLUTE) | flag(second, SECOND_ABSOLUTE)
}

fn axis(absolute: u8, value: i32) -> Axis {
    if absolute == 0 { Axis::Relative(value) } else { Axis::Absolute(value as u32) }
}

#[inline]
fn wide(axis: Axis) -> [u8; 4] {
    match axis {
        Axis::Absolute(index) => index.to_le_bytes(),
        Axis::Relative(offset) => offset.to_le_bytes(),
        Axis::Edge => [0; 4],
    }
}

/// Columns, and the distance of any two, fit in 15 bits and a sign.
#[inline]
fn narrow(axis: Axis) -> [u8; 2] {
    let [low, high, ..] = wide(axis);
    [low, high]
}

fn read_wide(template: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_le_bytes(template.get(at..at + 4)?.try_into().ok()?))
}

fn read_narrow(template: &[u8], at: usize) -> Option<i32> {
    Some(i32::from(i16::from_le_bytes(template.get(at..at + 2)?.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_read_back() {
        let rows_of_sheet = [Axis::Absolute(0), Axis::Absolute(1_048_575), Axis::Relative(-1_048_575)];
        let columns_of_sheet = [Axis::Absolute(16_383), Axis::Relative(-16_383), Axis::Relative(16_383)];
        for a in rows_of_sheet {
            for b in columns_of_sheet {
                let corner = Corner { row: a, column: b };
                let (reference, end) = read_reference(&cell(a, b), 0).unwrap();
                assert_eq!((reference.first, reference.last, end), (corner, corner, 7));
                assert!(reference.single);
            }
            for b in rows_of_sheet {
                let (reference, end) = read_reference(&rows(a, b), 0).unwrap();
                assert_eq!((reference.first.row, reference.last.row, end), (a, b, 10));
                assert_eq!(reference.first.column, Axis::Edge);
            }
        }
        for a in columns_of_sheet {
            for b in columns_of_sheet {
                let (reference, end) = read_reference(&columns(a, b), 0).unwrap();
                assert_eq!((reference.first.column, reference.last.column, end), (a, b, 6));
                assert_eq!(reference.last.row, Axis::Edge);
            }
        }
        assert_eq!(read_reference(&cell(Axis::Absolute(1), Axis::Absolute(1))[..6], 0), None);
        assert_eq!(read_reference(b"A1", 0), None);
    }
}
