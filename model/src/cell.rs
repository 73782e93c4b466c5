//! Where a cell is: positions, rectangles and their A1 names.

use std::fmt;

/// The number of rows of a sheet, 2^20.
pub const MAX_ROWS: u32 = 1_048_576;
/// The number of columns of a sheet, 2^14; the last is XFD.
pub const MAX_COLUMNS: u32 = 16_384;

/// A cell's place in its sheet, counted from zero: A1 is row 0, column 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Row, 0..[`MAX_ROWS`].
    pub row: u32,
    /// Column, 0..[`MAX_COLUMNS`].
    pub column: u32,
}

/// A rectangle of cells, both corners included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Area {
    /// Top left.
    pub first: Position,
    /// Bottom right.
    pub last: Position,
}

impl Position {
    /// Reads `B7` or `$B$7`, in either case.
    pub fn parse(text: &str) -> Option<Position> {
        let bytes = text.as_bytes();
        let mut at = usize::from(bytes.first() == Some(&b'$'));
        let letters = at;
        let mut column = 0u32;
        while at < bytes.len() && bytes[at].is_ascii_alphabetic() && at - letters < 4 {
            column = column * 26 + u32::from(bytes[at].to_ascii_uppercase() - b'A' + 1);
            at += 1;
        }
        if at == letters {
            return None;
        }
        at += usize::from(bytes.get(at) == Some(&b'$'));
        let digits = &bytes[at..];
        if digits.is_empty() || digits.len() > 7 || digits[0] == b'0' {
            return None;
        }
        let mut row = 0u32;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            row = row * 10 + u32::from(digit - b'0');
        }
        (column <= MAX_COLUMNS && row <= MAX_ROWS).then(|| Position { row: row - 1, column: column - 1 })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", column_letters(self.column), self.row + 1)
    }
}

impl Area {
    /// The area of one cell.
    pub fn single(position: Position) -> Area {
        Area { first: position, last: position }
    }

    /// Reads `B7:C9` or `B7`; corners may come in any order.
    pub fn parse(text: &str) -> Option<Area> {
        let (first, last) = match text.split_once(':') {
            Some((first, last)) => (Position::parse(first)?, Position::parse(last)?),
            None => {
                let position = Position::parse(text)?;
                (position, position)
            }
        };
        Some(Area {
            first: Position { row: first.row.min(last.row), column: first.column.min(last.column) },
            last: Position { row: first.row.max(last.row), column: first.column.max(last.column) },
        })
    }

    /// Whether `position` lies inside.
    pub fn contains(&self, position: Position) -> bool {
        (self.first.row..=self.last.row).contains(&position.row)
            && (self.first.column..=self.last.column).contains(&position.column)
    }

    /// How many rows.
    pub fn rows(&self) -> u32 {
        self.last.row - self.first.row + 1
    }

    /// How many columns.
    pub fn columns(&self) -> u32 {
        self.last.column - self.first.column + 1
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}:{}", self.first, self.last)
        }
    }
}

/// The letters of a column counted from zero: 0 is A, 26 is AA, 16383 is XFD.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_corner_cells() {
        for (name, row, column) in [("A1", 0, 0), ("XFD1048576", 1_048_575, 16_383), ("AA10", 9, 26)] {
            assert_eq!(Position::parse(name), Some(Position { row, column }));
            assert_eq!(Position { row, column }.to_string(), name);
        }
        assert_eq!(Position::parse("$b$7"), Some(Position { row: 6, column: 1 }));
        for bad in ["", "A", "A0", "1A", "XFE1", "A1048577", "A01", "ABCDE1", "A1B"] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }
}
