//! The engine of a plan: the processor's vector instructions, the best or those asked for, or a GPU.

use std::sync::Arc;

use fermiac_kernels::engine::cpu::{CpuEngine, CpuScratch, Simd};
use fermiac_kernels::engine::cuda::generated::choice::Code;
use fermiac_kernels::engine::cuda::{CudaEngine, CudaEngineError, CudaScratch, OpenGpu};
use fermiac_kernels::engine::{Engine, Reduced, Reductions};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::Observer;
use fermiac_kernels::statistics::sifted::Mesh;

use crate::auto::{self, Wanted};
use crate::{Device, Failure};

/// What is to compute.
#[derive(Debug, Clone)]
pub(crate) enum Computer {
    /// What was asked for, to be found.
    Asked(Device),
    /// This GPU, and nothing in its place.
    Open(Arc<OpenGpu>),
}

/// The engine of a device.
#[derive(Debug)]
pub(crate) enum DeviceEngine {
    /// With why a GPU that ought to compute cannot.
    Cpu(Box<CpuEngine>, Option<CudaEngineError>),
    Cuda(Box<CudaEngine>),
}

/// What one thread works in.
#[derive(Debug)]
pub(crate) enum DeviceScratch {
    Cpu(CpuScratch),
    Cuda(CudaScratch),
}

impl DeviceEngine {
    /// The engine of what is wanted.
    pub(crate) fn new(wanted: Wanted<'_>, computer: &Computer) -> Result<DeviceEngine, Failure> {
        let (cpu, drawn) = (cpu(wanted)?, (wanted.plan, wanted.seed));
        let engine = match computer {
            Computer::Asked(Device::Auto) if auto::is_worth_a_gpu(&cpu, wanted) => {
                return DeviceEngine::gpu_if_there_is_one(cpu, wanted);
            }
            Computer::Asked(Device::Auto | Device::Cpu) => {
                return Ok(DeviceEngine::Cpu(Box::new(cpu), None));
            }
            Computer::Asked(device @ Device::Cuda(ordinal)) => {
                let code = gpu_code_asked_for()?;
                CudaEngine::beside(cpu, drawn, *ordinal)
                    .and_then(|engine| with_code(engine, code))
                    .map_err(|error| Failure::Refused(format!("--device {device}: {error}")))?
            }
            Computer::Open(gpu) => {
                let code = gpu_code_asked_for()?;
                CudaEngine::judged_by(cpu, gpu, drawn).and_then(|engine| with_code(engine, code))?
            }
        };
        Ok(DeviceEngine::Cuda(Box::new(engine)))
    }

    /// A GPU's, or the processor's where there is none or none that can be used.
    fn gpu_if_there_is_one(beside: CpuEngine, wanted: Wanted<'_>) -> Result<DeviceEngine, Failure> {
        let code = gpu_code_asked_for()?;
        let engine = CudaEngine::beside(beside, (wanted.plan, wanted.seed), None);
        let unusable = match engine.and_then(|engine| with_code(engine, code)) {
            Ok(engine) => return Ok(DeviceEngine::Cuda(Box::new(engine))),
            // `fermiac doctor` tells why.
            Err(CudaEngineError::NoGpu(_)) => None,
            Err(error) => Some(error),
        };
        Ok(DeviceEngine::Cpu(Box::new(cpu(wanted)?), unusable))
    }

    /// Whether it has failed, so that nothing it evaluated since then counts.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            DeviceEngine::Cpu(..) => false,
            DeviceEngine::Cuda(engine) => engine.is_broken(),
        }
    }

    /// What a run came to, unless its engine has failed meanwhile.
    pub(crate) fn unless_broken<T, E: Into<Failure>>(&self, ran: Result<T, E>) -> Result<T, Failure> {
        match self {
            DeviceEngine::Cuda(engine) if engine.is_broken() => {
                let failure = engine.failure().cloned().map(Failure::Device);
                Err(failure.expect("an engine that is broken says why"))
            }
            _ => ran.map_err(Into::into),
        }
    }

    /// As the document calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            DeviceEngine::Cpu(..) => "cpu",
            DeviceEngine::Cuda(_) => "cuda",
        }
    }

    /// What the user should know of how it went.
    pub(crate) fn warning(&self) -> Option<String> {
        match self {
            DeviceEngine::Cpu(_, unusable) => unusable
                .as_ref()
                .map(|error| format!("the GPU is not used: {error}; --device cpu leaves it alone")),
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
            DeviceEngine::Cpu(engine, _) => engine.sampling(),
            DeviceEngine::Cuda(engine) => engine.sampling(),
        }
    }

    fn trials_at_once(&self) -> usize {
        match self {
            DeviceEngine::Cpu(engine, _) => engine.trials_at_once(),
            DeviceEngine::Cuda(engine) => engine.trials_at_once(),
        }
    }

    fn computes_elsewhere(&self) -> bool {
        match self {
            DeviceEngine::Cpu(engine, _) => engine.computes_elsewhere(),
            DeviceEngine::Cuda(engine) => engine.computes_elsewhere(),
        }
    }

    fn reductions(&self) -> Option<Reductions> {
        match self {
            DeviceEngine::Cpu(engine, _) => engine.reductions(),
            DeviceEngine::Cuda(engine) => engine.reductions(),
        }
    }

    fn reduce(&self, first_trial: u64, trials: usize, meshes: &[Mesh]) -> Option<Reduced> {
        match self {
            DeviceEngine::Cpu(engine, _) => engine.reduce(first_trial, trials, meshes),
            DeviceEngine::Cuda(engine) => engine.reduce(first_trial, trials, meshes),
        }
    }

    fn scratch(&self) -> DeviceScratch {
        match self {
            DeviceEngine::Cpu(engine, _) => DeviceScratch::Cpu(engine.scratch()),
            DeviceEngine::Cuda(engine) => DeviceScratch::Cuda(engine.scratch()),
        }
    }

    fn evaluate(&self, scratch: &mut DeviceScratch, first_trial: u64, columns: &mut [&mut [f64]]) {
        match (self, scratch) {
            (DeviceEngine::Cpu(engine, _), DeviceScratch::Cpu(scratch)) => {
                engine.evaluate(scratch, first_trial, columns);
            }
            (DeviceEngine::Cuda(engine), DeviceScratch::Cuda(scratch)) => {
                engine.evaluate(scratch, first_trial, columns);
            }
            _ => unreachable!("a scratch comes from its engine"),
        }
    }
}

/// Watches for another, and ends a run whose engine has failed.
pub(crate) struct EndsWhenBroken<'a> {
    pub engine: &'a DeviceEngine,
    pub observer: &'a dyn Observer,
}

impl Observer for EndsWhenBroken<'_> {
    fn progress(&self, trials_done: u64) {
        self.observer.progress(trials_done);
    }

    fn cancelled(&self) -> bool {
        self.engine.is_broken() || self.observer.cancelled()
    }
}

/// A plan that no GPU takes is refused; a GPU that fails is not the plan's fault.
impl From<CudaEngineError> for Failure {
    fn from(error: CudaEngineError) -> Failure {
        match error {
            CudaEngineError::Image(_) | CudaEngineError::Cpu(_) => Failure::refused(error),
            CudaEngineError::NoGpu(_) | CudaEngineError::Kernel { .. } | CudaEngineError::Gpu { .. } => {
                Failure::Device(error)
            }
        }
    }
}

fn cpu(Wanted { plan, seed, sampling, .. }: Wanted<'_>) -> Result<CpuEngine, Failure> {
    let simd = simd_asked_for()?.map_or_else(Simd::detect, Ok).map_err(Failure::refused)?;
    CpuEngine::build(plan, seed, sampling, simd).map_err(Failure::refused)
}

/// Says what evaluates plans on GPUs, to compare the ways or to work around one of them.
const CODE_VARIABLE: &str = "FERMIAC_GPU_CODE";

/// What the variable `FERMIAC_GPU_CODE` says is to evaluate plans on GPUs; none for whatever turns out faster. A worker asks
/// when it starts: it is not for the jobs to fail of it.
pub fn gpu_code_asked_for() -> Result<Option<Code>, Failure> {
    code_asked_for(std::env::var(CODE_VARIABLE).ok().as_deref())
}

fn code_asked_for(variable: Option<&str>) -> Result<Option<Code>, Failure> {
    match variable {
        None | Some("" | "auto") => Ok(None),
        Some("interpreted") => Ok(Some(Code::Interpreted)),
        Some("generated") => Ok(Some(Code::Generated)),
        Some(other) => Err(Failure::Refused(format!(
            "{CODE_VARIABLE}={other}: it takes interpreted, generated or auto, which uses what turns out faster"
        ))),
    }
}

fn with_code(engine: CudaEngine, code: Option<Code>) -> Result<CudaEngine, CudaEngineError> {
    match code {
        Some(code) => engine.with_code(code),
        None => Ok(engine),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_of_evaluating_on_gpus_that_there_is_not_is_refused() {
        assert_eq!(code_asked_for(None).unwrap(), None);
        assert_eq!(code_asked_for(Some("auto")).unwrap(), None);
        assert_eq!(code_asked_for(Some("interpreted")).unwrap(), Some(Code::Interpreted));
        assert_eq!(code_asked_for(Some("generated")).unwrap(), Some(Code::Generated));
        let refusal = code_asked_for(Some("abacus")).unwrap_err().to_string();
        assert!(refusal.contains("FERMIAC_GPU_CODE=abacus") && refusal.contains("interpreted"), "{refusal}");
    }
}
