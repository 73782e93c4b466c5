//! The cells of a reference, relative to the formula that holds it.

use crate::cell::{Area, MAX_COLUMNS, MAX_ROWS, Position};
use crate::compile::address::Address;
use crate::compile::argument::Place;
use crate::formula::{Axis, Corner};

/// The cells of a reference, relative to the formula's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The sheet, or the formula's own.
    pub sheet: Option<u32>,
    /// One corner.
    pub first: Corner,
    /// The other.
    pub last: Corner,
}

impl Target {
    /// The place that a formula in `at` means; `None` where it falls off the sheet.
    pub fn place(&self, at: Address) -> Option<Place> {
        let resolve = |axis: Axis, own: u32, limit: u32, edge: u32| match axis {
            Axis::Absolute(index) => (index < limit).then_some(index),
            // Copies of a formula wrap around the sheet's edges, as in the files that Excel writes.
            Axis::Relative(offset) => {
                Some((i64::from(own) + i64::from(offset)).rem_euclid(i64::from(limit)) as u32)
            }
            Axis::Edge => Some(edge),
        };
        let rows = [
            resolve(self.first.row, at.position.row, MAX_ROWS, 0)?,
            resolve(self.last.row, at.position.row, MAX_ROWS, MAX_ROWS - 1)?,
        ];
        let columns = [
            resolve(self.first.column, at.position.column, MAX_COLUMNS, 0)?,
            resolve(self.last.column, at.position.column, MAX_COLUMNS, MAX_COLUMNS - 1)?,
        ];
        Some(Place {
            sheet: self.sheet.unwrap_or(at.sheet),
            area: Area {
                first: Position { row: rows[0].min(rows[1]), column: columns[0].min(columns[1]) },
                last: Position { row: rows[0].max(rows[1]), column: columns[0].max(columns[1]) },
            },
        })
    }

    /// Cells that are the same wherever the formula stands.
    pub fn area(sheet: u32, area: Area) -> Target {
        let corner = |position: Position| Corner {
            row: Axis::Absolute(position.row),
            column: Axis::Absolute(position.column),
        };
        Target { sheet: Some(sheet), first: corner(area.first), last: corner(area.last) }
    }
}
