//! The engine of NVIDIA's GPUs: an interpreter of plans, one thread one trial.
//!
//! [`PTX`] is the kernel, compiled ahead from `kernels/cuda/` and committed, as is its [`machine_code`] for most GPUs: no
//! compiler is needed to build or to run.
//! [`REDUCTION_PTX`] makes the statistics of what it has come to, where that lies.
//! [`gpus`] says which GPUs there are and why one is not used; it works where there is no driver. The plan goes to the
//! GPU as an [`super::image::Image`]; what comes back are the bits that the processor would have computed, of which each plan
//! gives a [proof] first. A plan that is run for long has a kernel [`generated`] for it, where that is faster.

mod budget;
mod engine;
mod fault;
pub mod generated;
pub mod gpus;
#[cfg_attr(not(target_os = "linux"), path = "elsewhere.rs")]
mod interpreter;
#[cfg(target_os = "linux")]
mod machine_code;
mod open;
mod proof;
mod shape;

pub use budget::Budget;
pub use engine::{CudaEngine, CudaEngineError, CudaScratch};
pub use fault::FaultKind;
pub use gpus::{Gpu, Gpus, NoGpu, Version};
pub use open::{OpenGpu, Usage};

/// The interpreter of plans, for the driver to make machine code of.
pub const PTX: &str = include_str!("../../../cuda/interpreter.ptx");
/// The kernels of statistics, likewise.
pub const REDUCTION_PTX: &str = include_str!("../../../cuda/reduction.ptx");
