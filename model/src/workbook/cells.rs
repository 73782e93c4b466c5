//! The cells of a sheet, found by position.

use super::Cell;
use crate::cell::{Area, Position};

/// Cells in reading order with an index of rows.
#[derive(Debug, Default, Clone)]
pub struct Cells {
    cells: Vec<Cell>,
    /// (row, index of its first cell), ascending.
    rows: Vec<(u32, u32)>,
}

impl Cells {
    /// Adds a cell behind all that are there. Returns `false`, and adds nothing, where `cell` does not come after
    /// the last one in reading order.
    pub fn push(&mut self, cell: Cell) -> bool {
        if self.cells.last().is_some_and(|last| last.position >= cell.position) {
            return false;
        }
        if self.rows.last().is_none_or(|(row, _)| *row < cell.position.row) {
            self.rows.push((cell.position.row, self.cells.len() as u32));
        }
        self.cells.push(cell);
        true
    }

    /// Adds cells from anywhere. Fails with the position of a cell that is there twice.
    pub fn insert(&mut self, more: Vec<Cell>) -> Result<(), Position> {
        let mut all = std::mem::take(self).cells;
        all.extend(more);
        all.sort_unstable_by_key(|cell| cell.position);
        for cell in all {
            if !self.push(cell) {
                return Err(cell.position);
            }
        }
        Ok(())
    }

    /// How many cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// All of them, in reading order.
    pub fn as_slice(&self) -> &[Cell] {
        &self.cells
    }

    /// All of them, to change in place; positions must stay.
    pub fn as_mut_slice(&mut self) -> &mut [Cell] {
        &mut self.cells
    }

    /// The index of the cell at `position`, if one is there.
    #[inline]
    pub fn find(&self, position: Position) -> Option<usize> {
        let (start, end) = self.row_span(self.row_index(position.row)?);
        let row = &self.cells[start..end];
        let first = row[0].position.column;
        // Most rows have no gap: the place then follows from the column.
        let guess = position.column.checked_sub(first)? as usize;
        if row.get(guess).is_some_and(|cell| cell.position.column == position.column) {
            return Some(start + guess);
        }
        let found = row.binary_search_by_key(&position.column, |cell| cell.position.column).ok()?;
        Some(start + found)
    }

    /// The indices of the cells inside `area`, in reading order.
    pub fn within(&self, area: Area) -> impl Iterator<Item = usize> + '_ {
        let from = self.rows.partition_point(|(row, _)| *row < area.first.row);
        let to = self.rows.partition_point(|(row, _)| *row <= area.last.row);
        (from..to).flat_map(move |row| {
            let (start, end) = self.row_span(row);
            let cells = &self.cells[start..end];
            let low = cells.partition_point(|cell| cell.position.column < area.first.column);
            let high = cells.partition_point(|cell| cell.position.column <= area.last.column);
            start + low..start + high
        })
    }

    /// The smallest area that holds every cell.
    pub fn used_area(&self) -> Option<Area> {
        let (first, last) = (self.cells.first()?, self.cells.last()?);
        let columns = self.cells.iter().map(|cell| cell.position.column);
        Some(Area {
            first: Position { row: first.position.row, column: columns.clone().min()? },
            last: Position { row: last.position.row, column: columns.max()? },
        })
    }

    fn row_index(&self, row: u32) -> Option<usize> {
        // Rows mostly follow each other without gaps.
        let guess = row.checked_sub(self.rows.first()?.0)? as usize;
        if self.rows.get(guess).is_some_and(|(found, _)| *found == row) {
            return Some(guess);
        }
        self.rows.binary_search_by_key(&row, |(row, _)| *row).ok()
    }

    fn row_span(&self, index: usize) -> (usize, usize) {
        let start = self.rows[index].1 as usize;
        let end = self.rows.get(index + 1).map_or(self.cells.len(), |(_, start)| *start as usize);
        (start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, NumberFormat};
    use super::*;
    use crate::value::Value;

    fn cells(positions: &[(u32, u32)]) -> Cells {
        let mut cells = Cells::default();
        for (row, column) in positions {
            let position = Position { row: *row, column: *column };
            let added = cells.push(Cell {
                position,
                content: Content::Constant,
                value: Value::Empty,
                format: NumberFormat::General,
            });
            assert!(added);
        }
        cells
    }

    #[test]
    fn cells_are_found_with_and_without_gaps() {
        let places = [(0, 0), (0, 1), (0, 5), (7, 2), (7, 3), (1_048_575, 16_383)];
        let cells = cells(&places);
        for (index, (row, column)) in places.iter().enumerate() {
            assert_eq!(cells.find(Position { row: *row, column: *column }), Some(index));
        }
        for (row, column) in [(0, 2), (1, 0), (7, 0), (7, 4), (8, 0)] {
            assert_eq!(cells.find(Position { row, column }), None);
        }
        let area = Area::parse("B1:D8").unwrap();
        assert_eq!(cells.within(area).collect::<Vec<_>>(), [1, 3, 4]);
    }
}
