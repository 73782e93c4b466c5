//! In the interpreter's place where there is none.

use super::{CudaEngineError, Gpu, NoGpu};
use crate::engine::image::Image;

/// There is none.
#[derive(Debug)]
pub(super) enum Interpreter {}

impl Interpreter {
    pub(super) fn new(_: &Gpu, _: &Image, _: usize) -> Result<Interpreter, CudaEngineError> {
        Err(NoGpu::NoDriver("GPUs are used on Linux only".to_owned()).into())
    }

    pub(super) fn evaluate(&mut self, _: u64, _: usize, _: &mut [f64]) -> Result<(), CudaEngineError> {
        match *self {}
    }
}
