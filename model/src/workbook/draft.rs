//! A sheet while it is read: cells as they come, put in order and filled at the end.

use super::cells::Cells;
use super::error::{ReadError, excerpt};
use super::formulas::{CellName, Region, SheetFormulas};
use super::limits::Limits;
use super::xml::Events;
use super::{Cell, Content, NumberFormat, Sheet};
use crate::cell::{MAX_COLUMNS, MAX_ROWS, Position};
use crate::value::Value;

/// How many cells may still come, over all sheets.
#[derive(Debug)]
pub(super) struct CellAllowance {
    left: u64,
    limit: u64,
}

impl CellAllowance {
    /// All that `limits` allow.
    pub fn new(limits: &Limits) -> CellAllowance {
        CellAllowance { left: limits.cells, limit: limits.cells }
    }

    /// Takes `count` of them, the first being `cell`.
    #[inline]
    pub fn take(&mut self, count: u64, cell: CellName<'_>) -> Result<(), ReadError> {
        match self.left.checked_sub(count) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(cell.too_large("cells", self.limit)),
        }
    }
}

/// A sheet while it is read.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Its name.
    pub name: String,
    /// Its formulas that span cells.
    pub formulas: SheetFormulas,
    cells: Cells,
    /// Cells that came after a later one.
    disordered: Vec<Cell>,
    row: u32,
    next_row: u32,
    rows_begun: u32,
    next_column: u32,
}

impl Draft {
    /// The sheet called `name`, without cells yet.
    pub fn new(name: &str) -> Draft {
        Draft { name: name.to_owned(), ..Draft::default() }
    }

    /// Begins a row, whose number may be left out.
    pub fn begin_row(&mut self, events: &Events<'_>) -> Result<(), ReadError> {
        // Rows that come again and again would cost time without holding anything.
        self.rows_begun += 1;
        if self.rows_begun > MAX_ROWS {
            return Err(events.damaged("it has more rows than a sheet has"));
        }
        let mut number = None;
        events.attributes(|name, value| {
            if name == "r" {
                number = Some(value);
            }
        })?;
        self.row = match number {
            Some(text) => match text.parse() {
                Ok(row) if (1..=MAX_ROWS).contains(&row) => row - 1,
                _ => return Err(events.damaged(format!("{:?} is not a row of a sheet", excerpt(text)))),
            },
            None if self.next_row < MAX_ROWS => self.next_row,
            None => return Err(events.damaged("it has more rows than a sheet has")),
        };
        self.next_row = self.row + 1;
        self.next_column = 0;
        Ok(())
    }

    /// The place of the next cell, as it says itself or behind the one before.
    pub fn position(&mut self, events: &Events<'_>, reference: Option<&str>) -> Result<Position, ReadError> {
        let position = match reference {
            Some(reference) => Position::parse(reference).ok_or_else(|| {
                events.damaged(format!("{:?} is not a cell of a sheet", excerpt(reference)))
            })?,
            None if self.next_column < MAX_COLUMNS => Position { row: self.row, column: self.next_column },
            None => return Err(events.damaged(format!("row {} has too many cells", self.row + 1))),
        };
        self.next_column = position.column + 1;
        Ok(position)
    }

    /// Adds a cell.
    pub fn add(&mut self, cell: Cell) {
        if !self.cells.push(cell) {
            self.disordered.push(cell);
        }
    }

    /// Puts disordered cells in their places and fills the areas of array formulas and data tables.
    pub fn finish(mut self, allowance: &mut CellAllowance) -> Result<Sheet, ReadError> {
        let disordered = std::mem::take(&mut self.disordered);
        self.insert(disordered)?;
        let mut missing = Vec::new();
        for region in std::mem::take(&mut self.formulas.regions) {
            self.fill(region, &mut missing, allowance)?;
        }
        self.insert(missing)?;
        Ok(Sheet { name: self.name, cells: self.cells, arrays: self.formulas.arrays })
    }

    fn insert(&mut self, more: Vec<Cell>) -> Result<(), ReadError> {
        if more.is_empty() {
            return Ok(());
        }
        let inserted = self.cells.insert(more);
        inserted.map_err(|position| self.name_of(position).damaged("the cell is there twice"))
    }

    /// Marks the cells of `region`. Those that the file leaves out are added to `missing`.
    fn fill(
        &mut self,
        region: Region,
        missing: &mut Vec<Cell>,
        allowance: &mut CellAllowance,
    ) -> Result<(), ReadError> {
        let (area, content) = (region.area, region.content);
        // Charged in full before any of it is made: the file decides how large the area is.
        let count = u64::from(area.rows()) * u64::from(area.columns());
        allowance.take(count, self.name_of(area.first))?;
        let positions = (area.first.row..=area.last.row).flat_map(|row| {
            (area.first.column..=area.last.column).map(move |column| Position { row, column })
        });
        for position in positions {
            let Some(index) = self.cells.find(position) else {
                missing.push(Cell { position, content, value: Value::Empty, format: NumberFormat::General });
                continue;
            };
            let cell = &mut self.cells.as_mut_slice()[index];
            if position != area.first && cell.content != Content::Constant {
                let reason = format!("it has a formula of its own inside the area that {} fills", area.first);
                return Err(self.name_of(position).damaged(reason));
            }
            cell.content = content;
        }
        Ok(())
    }

    fn name_of(&self, position: Position) -> CellName<'_> {
        CellName { sheet: &self.name, position }
    }
}
