//! The engine of NVIDIA's GPUs.
//!
//! [`PTX`] is the kernel, compiled ahead from `kernels/cuda/` and committed: no compiler is needed to build or to run.
//! [`gpus`] says which GPUs there are and why one is not used; it works where there is no driver.

pub mod gpus;

pub use gpus::{Gpu, Gpus, NoGpu, Version};

/// The interpreter of plans, for the driver to make machine code of.
pub const PTX: &str = include_str!("../../../cuda/interpreter.ptx");
