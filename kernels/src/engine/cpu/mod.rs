//! The engine of the processor: a block-vectorised walk of the tape.
//!
//! A [`program::Program`] is the plan checked once, so that the walk needs no checks. [`walk`] executes it for a
//! batch of trials at a time: each instruction does all lanes of the batch before the next begins, so that
//! what an instruction costs to decode is spread over them, and the batch is small enough for its slots
//! ([`slots`]) to stay in the first caches. [`lanes`] holds the inner loops, written once over the operation.
//!
//! Numbers run at full speed: each loop computes plainly and watches for a result that is not finite; where
//! one shows, the lanes are done again by [`fermiac_model::plan::scalar`], the reference. A slot thus never
//! holds an infinity or a NaN without a tag, and the hardware never decides which NaN results.
//!
//! The same walk is compiled for AVX-512, for AVX2 and for neither ([`Simd`]). Every operation is exact or
//! rounded as IEEE 754 says, none is fused or reordered, so all three give the same bits.

mod draw;
mod elementwise;
mod exponentials;
mod lanes;
mod program;
mod runs;
mod simd;
mod slots;
mod walk;

pub use crate::simd::{Simd, UnsupportedProcessor};
pub use program::PlanError;

use fermiac_model::plan::Plan;

use self::draw::Inputs;
use self::program::Program;
use self::runs::RunMemory;
use self::slots::{GROUP, Slots};
use self::walk::Batch;
use super::Engine;
use crate::random::Sampling;
use crate::random::copula::BrokenGroup;
use crate::random::sampling::TooManyInputs;

/// Why an engine cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CpuEngineError {
    /// The processor is too old, or not of the kind asked for.
    #[error(transparent)]
    Processor(#[from] UnsupportedProcessor),
    /// The plan breaks its own rules.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sampling is not for so many inputs.
    #[error(transparent)]
    Sampling(#[from] TooManyInputs),
    /// The plan ties inputs that it does not have.
    #[error(transparent)]
    Correlation(#[from] BrokenGroup),
}

/// Evaluates one plan with one seed on the processor.
#[derive(Debug)]
pub struct CpuEngine {
    program: Program,
    inputs: Inputs,
    sampling: Sampling,
    simd: Simd,
    lanes: usize,
}

/// What one thread works in.
#[derive(Debug)]
pub struct CpuScratch {
    slots: Slots,
    run: RunMemory,
}

/// Half of a common second-level cache: the slots of a batch should leave room for the tape.
const SLOT_BYTES: usize = 512 * 1024;
/// Half of a common first-level cache: the other half is for columns and for tables that are drawn from.
const NEAR_SLOT_BYTES: usize = 16 * 1024;
/// The lanes of a batch. An instruction costs some 3 ns to decode and 0.1 ns a lane, so that fewer are felt; more leave
/// the first cache, except where there are few slots.
const LANES: usize = 256;
/// The lanes of a batch that has but a few slots: the decoding is not felt any more.
const MOST_LANES: usize = 1024;

impl CpuEngine {
    /// An engine for the best instructions that this processor has, for independent trials.
    pub fn new(plan: &Plan, seed: u64) -> Result<CpuEngine, CpuEngineError> {
        CpuEngine::with_simd(plan, seed, Simd::detect()?)
    }

    /// An engine for trials that are sampled so.
    pub fn with_sampling(plan: &Plan, seed: u64, sampling: Sampling) -> Result<CpuEngine, CpuEngineError> {
        CpuEngine::build(plan, seed, sampling, Simd::detect()?)
    }

    /// An engine for instructions of choice; the results are the same.
    pub fn with_simd(plan: &Plan, seed: u64, simd: Simd) -> Result<CpuEngine, CpuEngineError> {
        CpuEngine::build(plan, seed, Sampling::Random, simd)
    }

    /// An engine with all of it chosen.
    pub fn build(
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
        simd: Simd,
    ) -> Result<CpuEngine, CpuEngineError> {
        let program = Program::new(plan)?;
        let lanes = lanes_for(program.slots());
        let inputs = Inputs::new(plan, seed, sampling)?;
        Ok(CpuEngine { inputs, sampling, simd: simd.available()?, program, lanes })
    }

    /// The instructions it uses.
    pub fn simd(&self) -> Simd {
        self.simd
    }

    #[cfg(test)]
    fn with_lanes(mut self, lanes: usize) -> CpuEngine {
        self.lanes = lanes;
        self
    }
}

/// Refuses a plan that breaks its own rules.
pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    Program::new(plan).map(drop)
}

/// As many lanes as keep the slots in the first cache, or, if they are too many, in the second: a power of two.
fn lanes_for(slots: usize) -> usize {
    let fitting =
        |bytes: usize| (bytes / (slots.max(1) * size_of::<f64>())).checked_ilog2().map_or(0, |log| 1 << log);
    let near = fitting(NEAR_SLOT_BYTES).clamp(LANES, MOST_LANES);
    fitting(SLOT_BYTES).clamp(GROUP, near)
}

impl Engine for CpuEngine {
    type Scratch = CpuScratch;

    fn sampling(&self) -> Sampling {
        self.sampling
    }

    fn scratch(&self) -> CpuScratch {
        CpuScratch {
            slots: Slots::new(self.program.slots(), self.lanes / GROUP),
            run: RunMemory::new(self.program.longest_run()),
        }
    }

    fn evaluate(&self, scratch: &mut CpuScratch, first_trial: u64, columns: &mut [&mut [f64]]) {
        assert_eq!(columns.len(), self.program.columns(), "one column an input and an output of the plan");
        let trials = columns.first().map_or(0, |column| column.len());
        assert!(columns.iter().all(|column| column.len() == trials), "columns are equally long");
        for start in (0..trials).step_by(self.lanes) {
            let range = start..trials.min(start + self.lanes);
            let batch = Batch { first_trial: first_trial + start as u64, range };
            Simd::walk(self, scratch, columns, &batch);
        }
    }
}

#[cfg(test)]
mod tests;
