//! The GPUs of a worker, as its profile wants them.

use std::sync::Arc;

use fermiac_fleet::job::Label;
use fermiac_fleet::profile::{DeviceFallback, Profile};
use fermiac_simulation::{Gpus, OpenGpu, gpu_code_asked_for};

use crate::failure::Failure;

/// All that this machine has, open, where the worker takes jobs of the label `gpu`. Where there is none to use, the
/// profile says whether the worker goes without or does not start.
pub fn open(profile: &Profile) -> Result<Vec<Arc<OpenGpu>>, Failure> {
    let is_wanted = profile.gpu.enabled && profile.worker.labels.contains(&Label::Gpu);
    if !is_wanted {
        return Ok(Vec::new());
    }
    gpu_code_asked_for()?;
    match (found(profile.gpu.memory_fraction), profile.gpu.fallback) {
        (Ok(gpus), _) => Ok(gpus),
        (Err(reason), DeviceFallback::Cpu) => {
            tracing::warn!(reason, "no GPU is used; the processor does, and comes to the same results");
            Ok(Vec::new())
        }
        (Err(reason), DeviceFallback::Fail) => Err(Failure::Failed(format!(
            "this worker needs a GPU: {reason}; start it where `fermiac doctor` finds one, or let the processor do with \
             FERMIAC_GPU_FALLBACK=cpu or USE_GPU=false"
        ))),
    }
}

/// Those that open; why none does.
fn found(memory_fraction: f64) -> Result<Vec<Arc<OpenGpu>>, String> {
    let gpus = Gpus::find().map_err(|reason| reason.to_string())?;
    let usable = gpus.all_usable().map_err(|reason| reason.to_string())?;
    let (mut open, mut closed) = (Vec::new(), None);
    for gpu in usable {
        match OpenGpu::open(gpu, memory_fraction) {
            Ok(gpu) => open.push(Arc::new(gpu)),
            Err(reason) => {
                tracing::error!(number = gpu.ordinal, %reason, "a GPU cannot be used");
                closed = Some(reason.to_string());
            }
        }
    }
    match closed {
        Some(reason) if open.is_empty() => Err(reason),
        _ => Ok(open),
    }
}
