//! The engine of a plan, on the processor's vector instructions or those asked for.

use fermiac_kernels::engine::cpu::{CpuEngine, Simd};
use fermiac_kernels::random::Sampling;
use fermiac_model::plan::Plan;

use crate::Failure;

/// The engine of `plan` for a seed and a sampling.
pub(crate) fn engine(plan: &Plan, seed: u64, sampling: Sampling) -> Result<CpuEngine, Failure> {
    let simd = simd_asked_for()?.map_or_else(Simd::detect, Ok).map_err(Failure::refused)?;
    CpuEngine::build(plan, seed, sampling, simd).map_err(Failure::refused)
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
