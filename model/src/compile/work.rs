//! How much a compilation may do and hold, in one place.
//!
//! A workbook of some megabytes can ask for more than anybody can compute: each of a hundred thousand cells that looks
//! through a hundred thousand others. What is looked at, made and kept is counted as it happens, and past a bound the
//! compilation ends at the cell where it was passed.

use std::cell::Cell as Shared;

use super::argument::Place;
use super::graph::Graph;

/// The largest array that a formula may make, in values.
pub const MAX_ARRAY: u64 = 4_000_000;
/// Values in all the arrays that one formula makes, of 16 bytes each.
const MAX_ARRAYS_OF_FORMULA: u64 = 6_000_000;
/// Steps of a compilation: values looked at, in ranges and arrays, and parts of formulas. One takes up to 40
/// nanoseconds.
const MAX_STEPS: u64 = 40_000_000;
/// What an operation costs beside looking at its values.
const STEPS_OF_OPERATION: u64 = 2;
/// Bytes of the texts that formulas make.
const MAX_TEXT_BYTES: u64 = 64 << 20;
/// Bytes of the instructions of a model and of the lists of what they work on.
const MAX_GRAPH_BYTES: u64 = 120 << 20;

/// What a compilation did so far.
#[derive(Debug, Default)]
pub struct Work {
    steps: Shared<u64>,
    arrays: Shared<u64>,
    text_bytes: Shared<u64>,
    excess: Shared<Option<Excess>>,
}

/// The bound that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// A range of too many cells, taken as an array.
    Range(Place),
    /// Too many values in the arrays of a formula.
    Arrays,
    /// Too many bytes of texts.
    Texts,
    /// Too many steps.
    Steps,
    /// Too many instructions.
    Instructions,
}

impl Work {
    /// The formula of another cell begins.
    pub fn begin_cell(&self) {
        self.arrays.set(0);
    }

    /// Counts steps that are about to be taken; `false` where they are not to be taken any more.
    pub fn spend(&self, steps: u64) -> bool {
        let total = self.steps.get().saturating_add(steps);
        self.steps.set(total);
        if total > MAX_STEPS {
            self.exceed(Excess::Steps);
        }
        self.excess.get().is_none()
    }

    /// Counts an array that is about to be made; `false` where it is not to be made.
    pub fn make_array(&self, values: u64, place: Option<Place>) -> bool {
        if let Some(place) = place.filter(|_| values > MAX_ARRAY) {
            self.exceed(Excess::Range(place));
        }
        let total = self.arrays.get().saturating_add(values);
        self.arrays.set(total);
        if total > MAX_ARRAYS_OF_FORMULA {
            self.exceed(Excess::Arrays);
        }
        self.spend(values)
    }

    /// Counts a text that is about to be made; `false` where it is not to be made.
    pub fn make_text(&self, bytes: u64) -> bool {
        let total = self.text_bytes.get().saturating_add(bytes);
        self.text_bytes.set(total);
        if total > MAX_TEXT_BYTES {
            self.exceed(Excess::Texts);
        }
        // A text is written and hashed byte by byte.
        self.spend(bytes / 8)
    }

    /// Looks at the instructions made so far.
    pub fn look_at(&self, graph: &Graph) {
        if self.steps.get().saturating_add(graph.operations() * STEPS_OF_OPERATION) > MAX_STEPS {
            self.exceed(Excess::Steps);
        }
        if graph.bytes() > MAX_GRAPH_BYTES {
            self.exceed(Excess::Instructions);
        }
    }

    /// The bound that was passed first.
    pub fn excess(&self) -> Option<Excess> {
        self.excess.get()
    }

    fn exceed(&self, excess: Excess) {
        if self.excess.get().is_none() {
            self.excess.set(Some(excess));
        }
    }
}
