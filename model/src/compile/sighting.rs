//! What was met that cannot be computed, and where.

use super::address::Address;
use super::bind::Obstacle;
use super::refusal::UnsupportedUse;
use super::sheets::{CellIndex, Sheets};
use crate::workbook::Content;

/// Where something stands that cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The cell.
    pub address: Address,
    /// The function or construct.
    pub what: String,
}

/// Room for the formulas and texts that a report shows: a million cells can share one of thousands of characters.
#[derive(Debug)]
pub struct Room {
    bytes: usize,
}

impl Default for Room {
    fn default() -> Room {
        Room { bytes: 16 << 20 }
    }
}

impl Room {
    /// The text while there is room, then an ellipsis.
    pub fn take(&mut self, text: String) -> String {
        match self.bytes.checked_sub(text.len()) {
            Some(left) => {
                self.bytes = left;
                text
            }
            None => "…".to_owned(),
        }
    }
}

impl Sheets<'_> {
    /// Keeps what cannot be computed for the refusal.
    pub fn note_obstacle(&mut self, obstacle: &Obstacle, at: Address) -> u32 {
        // A formula is evaluated again where cells were missing, and meets the same.
        if !self.sightings.last().is_some_and(|last| last.address == at && last.what == obstacle.what) {
            self.sightings.push(Sighting { address: at, what: obstacle.what.clone() });
        }
        (self.sightings.len() - 1) as u32
    }

    /// The formula of a cell as it reads there.
    pub fn formula_text(&self, cell: CellIndex) -> String {
        let sheet = &self.workbook.sheets[cell.sheet as usize];
        let held = &sheet.cells.as_slice()[cell.index as usize];
        match held.content {
            Content::Formula(formula) => self.formulas.text(formula, held.position),
            Content::Array(index) => {
                let array = &sheet.arrays[index as usize];
                self.formulas.text(array.formula, array.area.first)
            }
            Content::Constant | Content::DataTable => String::new(),
        }
    }

    /// Sightings with their cells and formulas in words, all of them; formulas as far as there is room.
    pub fn unsupported_uses(&self, sightings: impl IntoIterator<Item = u32>) -> Vec<UnsupportedUse> {
        let mut room = Room::default();
        let in_words = |sighting: u32| {
            let Sighting { address, what } = &self.sightings[sighting as usize];
            let formula = self.find(*address).map(|cell| self.formula_text(cell)).unwrap_or_default();
            UnsupportedUse {
                cell: self.directory.identity(self.workbook, *address),
                formula: room.take(formula),
                function: what.clone(),
            }
        };
        sightings.into_iter().map(in_words).collect()
    }
}
