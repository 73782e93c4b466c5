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
    /// Whether the stored value may stand in where no input reaches the named cells.
    pub sees_unnamed_cells: bool,
}

impl Sheets<'_> {
    /// Keeps what cannot be computed for the refusal.
    pub fn note_obstacle(&mut self, obstacle: &Obstacle, at: Address) -> u32 {
        let sighting = Sighting {
            address: at,
            what: obstacle.what.clone(),
            sees_unnamed_cells: obstacle.sees_unnamed_cells,
        };
        self.sightings.push(sighting);
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

    /// A sighting with its cell and formula in words.
    pub fn unsupported_use(&self, sighting: u32) -> UnsupportedUse {
        let Sighting { address, what, .. } = &self.sightings[sighting as usize];
        let formula = self.find(*address).map(|cell| self.formula_text(cell)).unwrap_or_default();
        UnsupportedUse {
            cell: self.directory.identity(self.workbook, *address),
            formula,
            function: what.clone(),
        }
    }
}
