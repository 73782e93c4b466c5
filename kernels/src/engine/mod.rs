//! The engines: each walks a plan's tape for runs of trials.

pub mod cpu;
pub mod cuda;
pub mod image;
mod reduced;

pub use reduced::{Reduced, Reductions};

use crate::random::Sampling;
use crate::statistics::moments::BLOCK;
use crate::statistics::sifted::Mesh;

/// Raised with every change that gives a result of the engines, or a statistic of it, other bits: parts of slices that were
/// evaluated by different editions are not merged. What the compiler makes of a model needs none: parts tell plans apart.
pub const EDITION: u32 = 1;

/// Something that evaluates trials of one plan with one seed.
pub trait Engine: Sync {
    /// The memory that one thread works in, reused from call to call.
    type Scratch;

    /// How the uniforms behind its draws are chosen.
    fn sampling(&self) -> Sampling {
        Sampling::Random
    }

    /// Whether another device computes, and the threads that call only wait for it.
    fn computes_elsewhere(&self) -> bool {
        false
    }

    /// How many trials one call had best have, where there are so many: a multiple of a block.
    fn trials_at_once(&self) -> usize {
        BLOCK
    }

    /// How trials are best reduced; none where [`Engine::reduce`] gives nothing, or nothing any more.
    fn reductions(&self) -> Option<Reductions> {
        None
    }

    /// Evaluates trials `first_trial ..` and makes their statistics where their values are, which stay there: of each column
    /// and of each block, the first of which begins with the first trial; and what the meshes find of the outputs. None
    /// where that cannot be had, for these trials or at all: then their values can be, by [`Engine::evaluate`].
    fn reduce(&self, _first_trial: u64, _trials: usize, _meshes: &[Mesh]) -> Option<Reduced> {
        None
    }

    /// Fresh memory for one thread.
    fn scratch(&self) -> Self::Scratch;

    /// Evaluates trials `first_trial ..`, as many as every column is long. `columns` are the inputs, then the
    /// outputs of the plan; each gets one packed value (a number or an error) a trial. What is written depends
    /// on the trial's number alone, never on how trials are grouped into calls.
    fn evaluate(&self, scratch: &mut Self::Scratch, first_trial: u64, columns: &mut [&mut [f64]]);
}
