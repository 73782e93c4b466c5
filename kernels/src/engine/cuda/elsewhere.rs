//! In the kernel's place where there is none.

use std::sync::Arc;

use super::{CudaEngineError, Gpu, NoGpu, OpenGpu};
use crate::engine::image::Image;

/// There is none.
#[derive(Debug)]
pub(super) enum Kernel {}

/// Nor is there one.
#[derive(Debug)]
pub(super) enum Interpreter {}

impl Kernel {
    pub(super) fn load(_: &Gpu) -> Result<Kernel, CudaEngineError> {
        Err(NoGpu::NoDriver("GPUs are used on Linux only".to_owned()).into())
    }
}

impl Interpreter {
    pub(super) fn new(gpu: &Arc<OpenGpu>, _: &Image, _: usize) -> Result<Interpreter, CudaEngineError> {
        match *gpu.kernel() {}
    }

    pub(super) fn evaluate(&mut self, _: u64, _: usize, _: &mut [f64]) -> Result<(), CudaEngineError> {
        match *self {}
    }
}
