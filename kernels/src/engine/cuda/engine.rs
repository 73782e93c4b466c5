//! The engine: batches of trials to the GPU and back.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use fermiac_model::plan::Plan;

use super::interpreter::Interpreter;
use super::{FaultKind, Gpus, NoGpu, OpenGpu};
use crate::engine::Engine;
use crate::engine::cpu::{CpuEngine, CpuEngineError, CpuScratch};
use crate::engine::image::{Image, ImageError, Wanted};
use crate::random::Sampling;
use crate::statistics::moments::BLOCK;

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

/// Evaluates one plan with one seed on a GPU. Threads take turns at it.
///
/// Should the GPU fail in the middle of a run, [`CudaEngine::failure`] says what happened. Then either the processor goes
/// on: both compute the same bits, so that nothing of the result changes but the time it takes. Or nothing does, and
/// what the run comes to is worth nothing: see [`CudaEngine::is_broken`].
#[derive(Debug)]
pub struct CudaEngine {
    gpu: Arc<OpenGpu>,
    device: Mutex<Interpreter>,
    sampling: Sampling,
    /// What goes on should the GPU fail.
    cpu: Option<CpuEngine>,
    failure: OnceLock<CudaEngineError>,
}

/// What one thread works in.
#[derive(Debug)]
pub struct CudaScratch {
    results: Vec<f64>,
    cpu: Option<CpuScratch>,
}

impl CudaEngine {
    /// An engine on the GPU of this number, or on the first that can be used. The processor goes on should it fail.
    pub fn new(
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
        ordinal: Option<u32>,
    ) -> Result<CudaEngine, CudaEngineError> {
        let gpu = Arc::new(OpenGpu::open(Gpus::find()?.usable(ordinal)?)?);
        let cpu = Some(CpuEngine::with_sampling(plan, seed, sampling)?);
        Ok(CudaEngine { cpu, ..CudaEngine::on(&gpu, plan, seed, sampling)? })
    }

    /// An engine on a GPU that is open. Nothing takes its place should it fail.
    pub fn on(
        gpu: &Arc<OpenGpu>,
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
    ) -> Result<CudaEngine, CudaEngineError> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling, columns: &columns })?;
        let device = Interpreter::new(gpu, &image, BLOCK).inspect_err(|error| gpu.failed(error))?;
        let (gpu, device) = (Arc::clone(gpu), Mutex::new(device));
        Ok(CudaEngine { gpu, device, sampling, cpu: None, failure: OnceLock::new() })
    }

    /// What it computes on.
    pub fn gpu(&self) -> &Arc<OpenGpu> {
        &self.gpu
    }

    /// How the GPU has failed, if it has.
    pub fn failure(&self) -> Option<&CudaEngineError> {
        self.failure.get()
    }

    /// Whether it has, and nothing took its place: nothing of what was evaluated since then counts.
    pub fn is_broken(&self) -> bool {
        self.cpu.is_none() && self.failure.get().is_some()
    }

    /// Evaluates no more trials than a block.
    fn evaluate_on_gpu(
        &self,
        results: &mut [f64],
        first_trial: u64,
        columns: &mut [&mut [f64]],
    ) -> Result<(), CudaEngineError> {
        let trials = columns.first().map_or(0, |column| column.len());
        let results = &mut results[..trials * columns.len()];
        {
            // What a thread that panicked left there is overwritten by the next launch.
            let mut device = self.device.lock().unwrap_or_else(PoisonError::into_inner);
            let started = Instant::now();
            device.evaluate(first_trial, trials, results)?;
            self.gpu.worked(trials, started.elapsed());
        }
        for (column, results) in columns.iter_mut().zip(results.chunks(trials.max(1))) {
            column.copy_from_slice(results);
        }
        Ok(())
    }
}

impl Engine for CudaEngine {
    type Scratch = CudaScratch;

    fn sampling(&self) -> Sampling {
        self.sampling
    }

    fn scratch(&self) -> CudaScratch {
        CudaScratch { results: Vec::new(), cpu: self.cpu.as_ref().map(Engine::scratch) }
    }

    fn evaluate(&self, scratch: &mut CudaScratch, first_trial: u64, columns: &mut [&mut [f64]]) {
        let trials = columns.first().map_or(0, |column| column.len());
        assert!(columns.iter().all(|column| column.len() == trials), "columns are equally long");
        scratch.results.resize(columns.len() * trials.min(BLOCK), 0.0);
        for start in (0..trials).step_by(BLOCK) {
            let end = trials.min(start + BLOCK);
            let first_trial = first_trial + start as u64;
            let mut part: Vec<&mut [f64]> =
                columns.iter_mut().map(|column| &mut column[start..end]).collect();
            if self.failure.get().is_none()
                && let Err(error) = self.evaluate_on_gpu(&mut scratch.results, first_trial, &mut part)
            {
                self.gpu.failed(&error);
                // Of threads that fail at once the first is heard.
                let _ = self.failure.set(error);
            }
            if self.failure.get().is_some()
                && let (Some(cpu), Some(scratch)) = (&self.cpu, &mut scratch.cpu)
            {
                cpu.evaluate(scratch, first_trial, &mut part);
            }
        }
    }
}
