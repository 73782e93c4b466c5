//! How fast results come from the GPU, whatever they are.

use std::time::Instant;

use cust::context::{Context, CurrentContext};
use cust::device::Device;
use cust::error::CudaResult;
use cust::memory::{CopyDestination, DeviceBuffer, LockedBuffer};
use fermiac_kernels::engine::cuda::OpenGpu;

/// 64 MiB of them, so many times.
const NUMBERS: usize = 1 << 23;
const TIMES: u32 = 16;

/// Bytes a second to page-locked memory.
pub fn bytes_per_second(gpu: &OpenGpu) -> Result<f64, String> {
    let measured = measured(gpu.gpu().ordinal);
    measured.map_err(|error| format!("copies cannot be timed: {error}"))
}

fn measured(ordinal: u32) -> CudaResult<f64> {
    let context = Context::new(Device::get_device(ordinal)?)?;
    CurrentContext::set_current(&context)?;
    let device = DeviceBuffer::<f64>::zeroed(NUMBERS)?;
    let mut host = LockedBuffer::new(&0.0, NUMBERS)?;
    device.copy_to(&mut host[..])?;
    let started = Instant::now();
    for _ in 0..TIMES {
        device.copy_to(&mut host[..])?;
    }
    Ok(f64::from(TIMES) * (NUMBERS * size_of::<f64>()) as f64 / started.elapsed().as_secs_f64())
}
