//! In the kernel's place where there is none.

use std::sync::Arc;

use super::generated::{Generated, choice::Code};
use super::{CudaEngineError, Gpu, NoGpu, OpenGpu};
use crate::engine::Reduced;
use crate::engine::image::Image;
use crate::statistics::sifted::Mesh;

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

    pub(super) fn bytes(&self) -> u64 {
        match *self {}
    }
}

impl Interpreter {
    pub(super) fn new(gpu: &Arc<OpenGpu>, _: &Image, _: usize) -> Result<Interpreter, CudaEngineError> {
        match *gpu.kernel() {}
    }

    pub(super) fn with_kernel(self, _: Generated) -> Interpreter {
        match self {}
    }

    pub(super) fn code(&self) -> Code {
        match *self {}
    }

    pub(super) fn settle(&self, _: Code) -> Result<(), CudaEngineError> {
        match *self {}
    }

    pub(super) fn columns(&self) -> usize {
        match *self {}
    }

    pub(super) fn launch_trials(&self) -> usize {
        match *self {}
    }

    pub(super) fn evaluate(&self, _: u64, _: &mut [&mut [f64]]) -> Result<(), CudaEngineError> {
        match *self {}
    }

    pub(super) fn reduced_launch_trials(&self) -> Option<usize> {
        match *self {}
    }

    pub(super) fn reduce(&self, _: u64, _: usize, _: &[Mesh]) -> Result<Option<Reduced>, CudaEngineError> {
        match *self {}
    }
}
