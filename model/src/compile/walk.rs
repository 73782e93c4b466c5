//! From the cells that matter to all they need, each evaluated once, in an order in which needs come first.
//!
//! The graph of cells can be a chain of a million: the walk keeps its own stack.

use std::collections::HashMap;

use super::address::Address;
use super::argument::Place;
use super::sheets::{CellIndex, Sheets, State};
use super::work::Excess;
use crate::cell::Position;

/// Ranges of fewer cells than this are looked through each time; larger ones are remembered.
const LARGE_RANGE: u64 = 64;

/// A cell on the stack.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Ask for what the cell needs.
    Enter(CellIndex),
    /// All that it needs is done.
    Leave(CellIndex),
}

/// Why the walk ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Cells that need each other: each the next, the last the first.
    Cycle(Vec<CellIndex>),
    /// A bound on work was passed in a cell.
    Excess(CellIndex, Excess),
}

/// Evaluates cells and what they need.
#[derive(Debug, Default)]
pub struct Walk {
    stack: Vec<Step>,
    /// For a first cell and a last column: rows up to this one are known to be done.
    finished: HashMap<(u32, Position, u32), u32>,
}

impl Walk {
    /// Evaluates `cell` and all it needs.
    pub fn visit(&mut self, sheets: &mut Sheets<'_>, cell: CellIndex) -> Result<(), Stop> {
        self.stack.push(Step::Enter(cell));
        while let Some(step) = self.stack.pop() {
            match step {
                Step::Enter(cell) => {
                    if sheets.state(cell) == State::Unvisited {
                        self.enter(sheets, cell)?;
                    }
                }
                Step::Leave(cell) => self.leave(sheets, cell)?,
            }
        }
        Ok(())
    }

    /// Settles a cell. Where its formula computed a reference to cells that are not done, they come first and it is
    /// settled again.
    fn leave(&mut self, sheets: &mut Sheets<'_>, cell: CellIndex) -> Result<(), Stop> {
        let stored = sheets.stored.len();
        let term = sheets.settle(cell);
        sheets.work.look_at(&sheets.graph);
        if let Some(excess) = sheets.work.excess() {
            return Err(Stop::Excess(cell, excess));
        }
        let missing = sheets.take_missing();
        if missing.is_empty() {
            sheets.set_state(cell, State::Done(term));
            return Ok(());
        }
        sheets.stored.truncate(stored);
        self.stack.push(Step::Leave(cell));
        for cell in missing {
            self.need_cell(sheets.state(cell), cell)?;
        }
        Ok(())
    }

    /// Gives up what [`Walk::visit`] left undone at a cycle, so that another visit may begin.
    pub fn abandon(&mut self, sheets: &mut Sheets<'_>) {
        for step in self.stack.drain(..) {
            if let Step::Leave(cell) = step {
                sheets.set_state(cell, State::Unvisited);
            }
        }
    }

    fn enter(&mut self, sheets: &mut Sheets<'_>, cell: CellIndex) -> Result<(), Stop> {
        sheets.set_state(cell, State::Waiting);
        self.stack.push(Step::Leave(cell));
        let Some((bound, at)) = sheets.formula(cell) else { return Ok(()) };
        for target in bound.targets.iter().rev() {
            if let Some(place) = target.place(at) {
                self.need(sheets, place)?;
            }
        }
        Ok(())
    }

    fn need(&mut self, sheets: &Sheets<'_>, place: Place) -> Result<(), Stop> {
        if place.area.first == place.area.last {
            let address = Address { sheet: place.sheet, position: place.area.first };
            return sheets.find(address).map_or(Ok(()), |cell| self.need_cell(sheets.state(cell), cell));
        }
        self.need_range(sheets, place)
    }

    fn need_cell(&mut self, state: State, cell: CellIndex) -> Result<(), Stop> {
        match state {
            State::Done(_) => Ok(()),
            State::Unvisited => {
                self.stack.push(Step::Enter(cell));
                Ok(())
            }
            State::Waiting => Err(self.cycle(cell)),
        }
    }

    fn need_range(&mut self, sheets: &Sheets<'_>, place: Place) -> Result<(), Stop> {
        let size = u64::from(place.area.rows()) * u64::from(place.area.columns());
        let key = (place.sheet, place.area.first, place.area.last.column);
        let mut area = place.area;
        if size >= LARGE_RANGE
            && let Some(done) = self.finished.get(&key)
        {
            if *done >= area.last.row {
                return Ok(());
            }
            area.first.row = area.first.row.max(*done + 1);
        }
        let before = self.stack.len();
        let states = sheets.states(place.sheet);
        for index in sheets.workbook.sheets[place.sheet as usize].cells.within(area) {
            if !sheets.work.spend(1) {
                return Ok(());
            }
            let cell = CellIndex { sheet: place.sheet, index: index as u32 };
            self.need_cell(states[index], cell)?;
        }
        // What is pushed last is done first: the first cells, on which later ones tend to hang.
        self.stack[before..].reverse();
        if size >= LARGE_RANGE && self.stack.len() == before {
            self.finished.insert(key, area.last.row);
        }
        Ok(())
    }

    /// The cells that wait from `first` on: each waits for the next, and the last needs `first`.
    fn cycle(&self, first: CellIndex) -> Stop {
        let waiting = self.stack.iter().filter_map(|step| match step {
            Step::Leave(cell) => Some(*cell),
            Step::Enter(_) => None,
        });
        Stop::Cycle(waiting.skip_while(|cell| *cell != first).collect())
    }
}
