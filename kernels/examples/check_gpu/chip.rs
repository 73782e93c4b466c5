//! How many paths of the European call the arithmetic of a GPU allows.

use cust::device::{Device, DeviceAttribute};
use cust::error::CudaResult;
use fermiac_kernels::engine::cuda::OpenGpu;

/// What one path comes to in operations of doubles, on the way that nearly all take: additions, multiplications, both at
/// once, and comparisons. What is done with integers, and memory, counts as nothing.
const OPERATIONS_A_PATH: f64 = (UNIFORM + QUANTILE + TAPE + EXPONENTIAL + MOMENTS + SIEVE) as f64;
/// `cuda/random/uniform.cuh`.
const UNIFORM: u32 = 1;
/// `cuda/math/quantile_rows.cuh`: the nearer half, the place in its row, the polynomial, the sign.
const QUANTILE: u32 = 2 + 1 + 8 + 1;
/// Mean and standard deviation of the draw, the other instructions of the tape, and the check of its region.
const TAPE: u32 = 1 + 6 + 2;
/// `cuda/math/exp.cuh`: bounds, reduction, polynomial, power of two.
const EXPONENTIAL: u32 = 2 + 4 + 13 + 2;
/// `cuda/statistics/moments.cuh`, of two columns.
const MOMENTS: u32 = 2 * (4 + 8);
/// `cuda/statistics/sieve.cuh`, of one.
const SIEVE: u32 = 9;

/// Paths a second if every unit for doubles began an operation in every cycle, and the GPU's clock. Nothing for a GPU whose
/// units are not known here.
pub fn paths_per_second(gpu: &OpenGpu) -> Result<Option<(f64, f64)>, String> {
    let capability = gpu.gpu().compute_capability;
    let hertz =
        hertz(gpu.gpu().ordinal).map_err(|error| format!("the GPU does not tell its clock: {error}"))?;
    let units = doubles_a_cycle(capability.major, capability.minor);
    Ok(units.map(|units| {
        let operations = f64::from(units) * f64::from(gpu.gpu().multiprocessors) * hertz;
        (operations / OPERATIONS_A_PATH, hertz)
    }))
}

fn hertz(ordinal: u32) -> CudaResult<f64> {
    let kilohertz = Device::get_device(ordinal)?.get_attribute(DeviceAttribute::ClockRate)?;
    Ok(f64::from(kilohertz) * 1e3)
}

/// Additions, multiplications or both at once of doubles that a multiprocessor does in a cycle, by the table of arithmetic
/// throughput in NVIDIA's CUDA C++ Programming Guide.
fn doubles_a_cycle(major: u32, minor: u32) -> Option<u32> {
    match (major, minor) {
        (7, 0 | 2) | (8, 0) => Some(32),
        (7, 5) | (8, 6 | 7 | 9) => Some(2),
        (9, 0) => Some(64),
        _ => None,
    }
}
