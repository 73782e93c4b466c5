//! The engine: batches of trials to the GPU and back.

use std::sync::{Mutex, OnceLock, PoisonError};

use fermiac_model::plan::Plan;

use super::interpreter::Interpreter;
use super::{Gpu, Gpus, NoGpu};
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
    },
}

/// Evaluates one plan with one seed on a GPU. Threads take turns at it.
///
/// Should the GPU fail in the middle of a run, the processor goes on: both compute the same bits, so that nothing of the
/// result changes but the time it takes. [`CudaEngine::failure`] says what happened.
#[derive(Debug)]
pub struct CudaEngine {
    gpu: Gpu,
    device: Mutex<Interpreter>,
    cpu: CpuEngine,
    failure: OnceLock<CudaEngineError>,
}

/// What one thread works in.
#[derive(Debug)]
pub struct CudaScratch {
    results: Vec<f64>,
    cpu: CpuScratch,
}

impl CudaEngine {
    /// An engine on the GPU of this number, or on the first that can be used.
    pub fn new(
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
        ordinal: Option<u32>,
    ) -> Result<CudaEngine, CudaEngineError> {
        let gpu = Gpus::find()?.usable(ordinal)?.clone();
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling, columns: &columns })?;
        let device = Mutex::new(Interpreter::new(&gpu, &image, BLOCK)?);
        let cpu = CpuEngine::with_sampling(plan, seed, sampling)?;
        Ok(CudaEngine { gpu, device, cpu, failure: OnceLock::new() })
    }

    /// What it computes on.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Why the processor has gone on alone, if it has.
    pub fn failure(&self) -> Option<&CudaEngineError> {
        self.failure.get()
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
            device.evaluate(first_trial, trials, results)?;
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
        self.cpu.sampling()
    }

    fn scratch(&self) -> CudaScratch {
        CudaScratch { results: Vec::new(), cpu: self.cpu.scratch() }
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
                // Of threads that fail at once the first is heard.
                let _ = self.failure.set(error);
            }
            if self.failure.get().is_some() {
                self.cpu.evaluate(&mut scratch.cpu, first_trial, &mut part);
            }
        }
    }
}
