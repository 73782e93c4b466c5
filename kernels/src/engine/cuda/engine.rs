//! The engine: batches of trials to the GPU and back.

use std::sync::{Arc, OnceLock};

use fermiac_model::plan::Plan;

use super::budget::POOLS;
use super::generated::{Generated, choice::Code};
use super::interpreter::Interpreter;
use super::proof::Proof;
use super::{FaultKind, Gpus, NoGpu, OpenGpu};
use crate::engine::cpu::{CpuEngine, CpuEngineError, CpuScratch};
use crate::engine::image::{Image, ImageError, Wanted};
use crate::engine::{Engine, Reduced, Reductions};
use crate::random::Sampling;
use crate::statistics::moments::BLOCK;
use crate::statistics::sifted::Mesh;

/// Why trials cannot be evaluated on a GPU.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CudaEngineError {
    /// There is none to use.
    #[error(transparent)]
    NoGpu(#[from] NoGpu),
    /// The plan or its sampling is refused.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The processor beside it cannot be used.
    #[error(transparent)]
    Cpu(#[from] CpuEngineError),
    /// The driver does not assemble the kernel.
    #[error("the NVIDIA driver refuses the kernel: {reason}: {log}")]
    Kernel {
        /// Its error.
        reason: String,
        /// The words of its assembler.
        log: String,
    },
    /// The GPU or its driver failed.
    #[error("the GPU failed while {doing}: {reason}")]
    Gpu {
        /// What was asked of it.
        doing: &'static str,
        /// In the driver's words.
        reason: String,
        /// Whether it can be used after that.
        kind: FaultKind,
    },
}

impl CudaEngineError {
    /// Whether the GPU has come to other bits than the processor.
    pub fn is_wrong(&self) -> bool {
        matches!(self, CudaEngineError::Gpu { kind: FaultKind::Wrong, .. })
    }
}

/// Evaluates one plan with one seed on a GPU, in launches as large as its memory allows: see [`super::Budget`]. Several
/// threads have several launches under way.
///
/// Should the GPU fail in the middle of a run, [`CudaEngine::failure`] says what happened. Then either the processor goes
/// on: both compute the same bits, so that nothing of the result changes but the time it takes. Or nothing does, and
/// what the run comes to is worth nothing: see [`CudaEngine::is_broken`].
///
/// The first trials of each plan are evaluated by the processor too. A GPU that comes to other bits has failed, and nothing that
/// it came to before is to be trusted.
#[derive(Debug)]
pub struct CudaEngine {
    gpu: Arc<OpenGpu>,
    interpreter: Interpreter,
    /// Says what is right.
    cpu: CpuEngine,
    /// Whether the processor goes on should the GPU fail.
    is_replaced: bool,
    proof: Proof,
    failure: OnceLock<CudaEngineError>,
}

/// What one thread works in, should the GPU fail.
#[derive(Debug)]
pub struct CudaScratch(Option<CpuScratch>);

/// Each has two launches under way at times, and at others none.
const REDUCING_THREADS: usize = POOLS.div_ceil(2);
/// Between so many launches nobody waits for anything but the next.
const LAUNCHES_AT_ONCE: usize = 8;
/// The part of a GPU's memory that is used where nobody says.
const MEMORY_FRACTION: f64 = 0.4;

impl CudaEngine {
    /// An engine on the GPU of this number, or on the first that can be used. The processor goes on should it fail.
    pub fn new(
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
        ordinal: Option<u32>,
    ) -> Result<CudaEngine, CudaEngineError> {
        CudaEngine::beside(CpuEngine::with_sampling(plan, seed, sampling)?, (plan, seed), ordinal)
    }

    /// The same, beside an engine of the same plan, seed and sampling.
    pub fn beside(
        cpu: CpuEngine,
        (plan, seed): (&Plan, u64),
        ordinal: Option<u32>,
    ) -> Result<CudaEngine, CudaEngineError> {
        let gpu = Arc::new(OpenGpu::open(Gpus::find()?.usable(ordinal)?, MEMORY_FRACTION)?);
        Ok(CudaEngine { is_replaced: true, ..CudaEngine::judged_by(cpu, &gpu, (plan, seed))? })
    }

    /// An engine on a GPU that is open. Nothing takes its place should it fail.
    pub fn on(
        gpu: &Arc<OpenGpu>,
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
    ) -> Result<CudaEngine, CudaEngineError> {
        CudaEngine::judged_by(CpuEngine::with_sampling(plan, seed, sampling)?, gpu, (plan, seed))
    }

    /// The same, held to the bits of an engine of the same plan, seed and sampling.
    pub fn judged_by(
        cpu: CpuEngine,
        gpu: &Arc<OpenGpu>,
        (plan, seed): (&Plan, u64),
    ) -> Result<CudaEngine, CudaEngineError> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling: cpu.sampling(), columns: &columns })?;
        let interpreter =
            Interpreter::new(gpu, &image, plan.outputs as usize).inspect_err(|error| gpu.failed(error))?;
        let interpreter = match Generated::new(plan, &image) {
            Some(generated) => interpreter.with_kernel(generated),
            None => interpreter,
        };
        Ok(CudaEngine {
            gpu: Arc::clone(gpu),
            interpreter,
            cpu,
            is_replaced: false,
            proof: Proof::default(),
            failure: OnceLock::new(),
        })
    }

    /// Leaves no choice to the time that each takes: for tests and measurements. A plan that is too long for code of its
    /// own stays interpreted. Both come to the same bytes.
    pub fn with_code(self, code: Code) -> Result<CudaEngine, CudaEngineError> {
        self.interpreter.settle(code)?;
        Ok(self)
    }

    /// What evaluates its launches now.
    pub fn code(&self) -> Code {
        self.interpreter.code()
    }

    /// What it computes on.
    pub fn gpu(&self) -> &Arc<OpenGpu> {
        &self.gpu
    }

    /// How the GPU has failed, if it has.
    pub fn failure(&self) -> Option<&CudaEngineError> {
        self.failure.get()
    }

    fn has_failed(&self, error: CudaEngineError) {
        self.gpu.failed(&error);
        // Of threads that fail at once the first is heard.
        let _ = self.failure.set(error);
    }

    fn reduce_proven(
        &self,
        first_trial: u64,
        trials: usize,
        meshes: &[Mesh],
    ) -> Result<Option<Reduced>, CudaEngineError> {
        let is_proven = self.proof.of_reductions(
            (trials, self.interpreter.columns()),
            meshes,
            |columns| self.interpreter.evaluate(first_trial, columns),
            |trials| self.interpreter.reduce(first_trial, trials, meshes),
        )?;
        if is_proven { self.interpreter.reduce(first_trial, trials, meshes) } else { Ok(None) }
    }

    /// Whether it has, and nothing took its place or nothing from before can be trusted: then what a run came to does not count.
    pub fn is_broken(&self) -> bool {
        self.failure.get().is_some_and(|failure| !self.is_replaced || failure.is_wrong())
    }
}

impl Engine for CudaEngine {
    type Scratch = CudaScratch;

    fn sampling(&self) -> Sampling {
        self.cpu.sampling()
    }

    /// Two launches, so that one is under way while the results of the other are taken.
    fn trials_at_once(&self) -> usize {
        (2 * self.interpreter.launch_trials()).next_multiple_of(BLOCK)
    }

    fn computes_elsewhere(&self) -> bool {
        true
    }

    fn reductions(&self) -> Option<Reductions> {
        let trials = self.interpreter.reduced_launch_trials().filter(|_| self.failure.get().is_none())?;
        Some(Reductions { threads: REDUCING_THREADS, trials: LAUNCHES_AT_ONCE * trials })
    }

    fn reduce(&self, first_trial: u64, trials: usize, meshes: &[Mesh]) -> Option<Reduced> {
        // Before statistics can be right values have to be.
        if self.failure.get().is_some() || !self.proof.is_of_values() {
            return None;
        }
        self.reduce_proven(first_trial, trials, meshes).unwrap_or_else(|error| {
            self.has_failed(error);
            None
        })
    }

    fn scratch(&self) -> CudaScratch {
        CudaScratch(self.is_replaced.then(|| self.cpu.scratch()))
    }

    fn evaluate(&self, scratch: &mut CudaScratch, first_trial: u64, columns: &mut [&mut [f64]]) {
        let trials = columns.first().map_or(0, |column| column.len());
        assert!(columns.iter().all(|column| column.len() == trials), "columns are equally long");
        if self.failure.get().is_none() {
            let evaluated = self.interpreter.evaluate(first_trial, columns);
            let proven = evaluated.and_then(|()| self.proof.of_values(&self.cpu, first_trial, columns));
            let Err(error) = proven else { return };
            self.has_failed(error);
        }
        if let CudaScratch(Some(scratch)) = scratch {
            self.cpu.evaluate(scratch, first_trial, columns);
        }
    }
}
