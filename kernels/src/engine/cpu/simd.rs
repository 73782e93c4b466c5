//! The walk, compiled for each family of vector instructions.

use super::walk::{Batch, walk};
use super::{CpuEngine, CpuScratch};
use crate::simd::Simd;

impl Simd {
    /// Walks the tape once for the trials of `batch`, with the instructions that `engine` holds.
    ///
    /// An engine holds a family only after [`Simd::available`] gave it.
    pub(super) fn walk(
        engine: &CpuEngine,
        scratch: &mut CpuScratch,
        columns: &mut [&mut [f64]],
        batch: &Batch,
    ) {
        match engine.simd {
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => {
                // SAFETY: `CpuEngine::build`, the only maker of engines, has seen that the processor has them.
                unsafe { walk_avx512(engine, scratch, columns, batch) }
            }
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => {
                // SAFETY: as above.
                unsafe { walk_avx2(engine, scratch, columns, batch) }
            }
            _ => walk(engine, scratch, columns, batch),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn walk_avx512(engine: &CpuEngine, scratch: &mut CpuScratch, columns: &mut [&mut [f64]], batch: &Batch) {
    walk(engine, scratch, columns, batch);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi2")]
fn walk_avx2(engine: &CpuEngine, scratch: &mut CpuScratch, columns: &mut [&mut [f64]], batch: &Batch) {
    walk(engine, scratch, columns, batch);
}
