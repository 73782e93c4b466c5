//! What is left of trials where an engine makes their statistics itself.

use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;
use crate::statistics::sifted::Sifted;

/// How trials are best reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reductions {
    /// By so many threads at a time; more gain nothing.
    pub threads: usize,
    /// So many at once, where there are so many: a multiple of a block.
    pub trials: usize,
}

/// The statistics of some blocks of trials, whose values are gone.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// Of each block, of each column, inputs before outputs.
    pub(crate) blocks: Vec<Vec<(Moments, ErrorCounts)>>,
    /// Of each output; none if there is no block.
    pub(crate) sifted: Vec<Sifted>,
}

impl Reduced {
    /// Of no trials.
    pub(crate) fn nothing() -> Reduced {
        Reduced { blocks: Vec::new(), sifted: Vec::new() }
    }

    /// Adds the trials that follow, read by the same meshes.
    pub(crate) fn append(&mut self, mut next: Reduced) {
        self.blocks.append(&mut next.blocks);
        if self.sifted.is_empty() {
            self.sifted = next.sifted;
        } else {
            self.sifted.iter_mut().zip(next.sifted).for_each(|(sifted, next)| sifted.append(next));
        }
    }
}
