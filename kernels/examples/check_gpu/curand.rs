//! The peer: the European call with cuRAND in a kernel of its own, as `cuda/curand/call.cu` has it.

use std::path::Path;
use std::time::{Duration, Instant};

use cust::context::{Context, CurrentContext};
use cust::device::Device;
use cust::error::CudaResult;
use cust::launch;
use cust::memory::{CopyDestination, DeviceBuffer};
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use fermiac_kernels::engine::cuda::OpenGpu;

/// Where `kernels/check_gpu` puts it, beside the folder of the examples.
const PTX: &str = "curand_call.ptx";
const THREADS: u32 = 256;
/// So many blocks for each multiprocessor: as many as it may hold at once.
const BLOCKS: u32 = 8;
const SEED: u64 = 1;
/// By the formula of Black and Scholes.
const VALUE: f64 = 9.413403383853016;

/// What a peer found.
pub struct Found {
    /// Paths a second, from the launch to the sums.
    pub paths_per_second: f64,
    /// Of the discounted payoff.
    pub mean: f64,
    /// Of that mean.
    pub std_error: f64,
}

/// Runs the peer for so many paths; a first run of fewer warms up.
pub fn call(gpu: &OpenGpu, folder: &Path, paths: u64) -> Result<Found, String> {
    let path = folder.with_file_name(PTX);
    let ptx = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let blocks = gpu.gpu().multiprocessors * BLOCKS;
    let (sums, time) =
        run(gpu.gpu().ordinal, &ptx, blocks, paths).map_err(|error| format!("cuRAND: {error}"))?;
    let mean = sums[0] / paths as f64;
    let std_error = ((sums[1] / paths as f64 - mean * mean) / paths as f64).sqrt();
    Ok(Found { paths_per_second: paths as f64 / time.as_secs_f64(), mean, std_error })
}

impl Found {
    /// Whether the mean is the call's value, as far as chance goes: a peer that is wrong is none.
    pub fn is_right(&self) -> bool {
        (self.mean - VALUE).abs() <= 5.0 * self.std_error
    }
}

fn run(ordinal: u32, ptx: &str, blocks: u32, paths: u64) -> CudaResult<([f64; 2], Duration)> {
    let context = Context::new(Device::get_device(ordinal)?)?;
    CurrentContext::set_current(&context)?;
    let module = Module::from_ptx(ptx, &[])?;
    let kernel = module.get_function("curand_call")?;
    // It waits for the default stream, on which memory is cleared.
    let stream = Stream::new(StreamFlags::DEFAULT, None)?;
    let mut found = ([0.0; 2], Duration::ZERO);
    for paths in [paths / 10, paths] {
        let sums = DeviceBuffer::<f64>::zeroed(2)?;
        let started = Instant::now();
        // SAFETY: the kernel takes these three, and writes to the two sums alone, which stay until it is done.
        unsafe {
            launch!(kernel<<<blocks, THREADS, 0, stream>>>(SEED, paths / 2, sums.as_device_ptr()))?;
        }
        stream.synchronize()?;
        sums.copy_to(&mut found.0)?;
        found.1 = started.elapsed();
    }
    Ok(found)
}
