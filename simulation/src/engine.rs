//! The engine of a plan: the processor's vector instructions, the best or those asked for, or a GPU.

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::{CpuEngine, CpuScratch, Simd};
use fermiac_kernels::engine::cuda::{CudaEngine, CudaScratch};
use fermiac_kernels::random::Sampling;
use fermiac_model::plan::Plan;

use crate::{Device, Failure};

/// The engine of a device.
#[derive(Debug)]
pub(crate) enum DeviceEngine {
    Cpu(CpuEngine),
    Cuda(Box<CudaEngine>),
}

/// What one thread works in.
#[derive(Debug)]
pub(crate) enum DeviceScratch {
    Cpu(CpuScratch),
    Cuda(CudaScratch),
}

impl DeviceEngine {
    /// The engine of `plan` for a seed and a sampling.
    pub(crate) fn new(
        plan: &Plan,
        seed: u64,
        sampling: Sampling,
        device: Device,
    ) -> Result<DeviceEngine, Failure> {
        if let Device::Cuda(ordinal) = device {
            let engine = CudaEngine::new(plan, seed, sampling, ordinal);
            let refused = |error| Failure::Refused(format!("--device {device}: {error}"));
            return engine.map_err(refused).map(|engine| DeviceEngine::Cuda(Box::new(engine)));
        }
        let simd = simd_asked_for()?.map_or_else(Simd::detect, Ok).map_err(Failure::refused)?;
        CpuEngine::build(plan, seed, sampling, simd).map_err(Failure::refused).map(DeviceEngine::Cpu)
    }

    /// As the document calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            DeviceEngine::Cpu(_) => "cpu",
            DeviceEngine::Cuda(_) => "cuda",
        }
    }

    /// What the user should know of how it went.
    pub(crate) fn warning(&self) -> Option<String> {
        match self {
            DeviceEngine::Cpu(_) => None,
            DeviceEngine::Cuda(engine) => engine.failure().map(|failure| {
                format!("{failure}; the processor went on, which changes nothing of the result")
            }),
        }
    }
}

impl Engine for DeviceEngine {
    type Scratch = DeviceScratch;

    fn sampling(&self) -> Sampling {
        match self {
            DeviceEngine::Cpu(engine) => engine.sampling(),
            DeviceEngine::Cuda(engine) => engine.sampling(),
        }
    }

    fn scratch(&self) -> DeviceScratch {
        match self {
            DeviceEngine::Cpu(engine) => DeviceScratch::Cpu(engine.scratch()),
            DeviceEngine::Cuda(engine) => DeviceScratch::Cuda(engine.scratch()),
        }
    }

    fn evaluate(&self, scratch: &mut DeviceScratch, first_trial: u64, columns: &mut [&mut [f64]]) {
        match (self, scratch) {
            (DeviceEngine::Cpu(engine), DeviceScratch::Cpu(scratch)) => {
                engine.evaluate(scratch, first_trial, columns);
            }
            (DeviceEngine::Cuda(engine), DeviceScratch::Cuda(scratch)) => {
                engine.evaluate(scratch, first_trial, columns);
            }
            _ => unreachable!("a scratch comes from its engine"),
        }
    }
}

/// The vector instructions that the variable `FERMIAC_SIMD` asks for, to compare them or to work around a processor.
fn simd_asked_for() -> Result<Option<Simd>, Failure> {
    match std::env::var("FERMIAC_SIMD").as_deref() {
        Err(_) | Ok("") => Ok(None),
        Ok("avx512") => Ok(Some(Simd::Avx512)),
        Ok("avx2") => Ok(Some(Simd::Avx2)),
        Ok("portable") => Ok(Some(Simd::Portable)),
        Ok(other) => Err(Failure::Refused(format!(
            "FERMIAC_SIMD={other}: it takes avx512, avx2 or portable; unset it to use the best that the processor has"
        ))),
    }
}
