//! The kernels on a GPU, for all plans.

use std::ffi::{CStr, CString, c_void};

use cust::context::{Context, CurrentContext};
use cust::device::Device;
use cust::error::CudaResult;
use cust::function::{BlockSize, Function};
use cust::module::Module;
use cust::sys::{CUjit_option, cuModuleLoadDataEx};

use super::super::machine_code::MachineCode;
use super::super::shape::BLOCK_THREADS;
use super::super::{CudaEngineError, Gpu, PTX, REDUCTION_PTX};
use super::failed;
use super::lanes::Lanes;

/// Of `cuda/interpreter.cu`.
const KERNEL: &str = "fermiac_interpret";
/// Of `cuda/reduction.cu`.
const MOMENTS: &str = "fermiac_moments";
/// And this.
const SIFT: &str = "fermiac_sift";
/// Room for the words of the driver's assembler.
const LOG_BYTES: usize = 16 * 1024;

/// The kernels on a GPU. What lies there goes before its context: fields are dropped in their order.
#[derive(Debug)]
pub(in super::super) struct Kernel {
    lanes: Lanes,
    module: Module,
    reduction: Module,
    context: Context,
}

impl Kernel {
    /// Opens `gpu` and loads the kernels, of which machine code is made where there is none for it.
    pub(in super::super) fn load(gpu: &Gpu) -> Result<Kernel, CudaEngineError> {
        let device = Device::get_device(gpu.ordinal).map_err(failed("finding the GPU"))?;
        let context = Context::new(device).map_err(failed("opening the GPU"))?;
        let code = MachineCode::of(gpu.compute_capability);
        Ok(Kernel {
            lanes: Lanes::default(),
            module: loaded(code.map(|code| code.interpreter), PTX)?,
            reduction: loaded(code.map(|code| code.reduction), REDUCTION_PTX)?,
            context,
        })
    }

    /// Memory of the GPU that launches hold.
    pub(in super::super) fn bytes(&self) -> u64 {
        self.lanes.bytes()
    }

    /// Has the calls that this thread makes from here on go to this GPU.
    pub(super) fn take_up(&self) -> Result<(), CudaEngineError> {
        CurrentContext::set_current(&self.context).map_err(failed("taking up the GPU"))
    }

    pub(super) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    pub(super) fn function(&self) -> CudaResult<Function<'_>> {
        self.module.get_function(KERNEL)
    }

    /// What makes the moments of columns.
    pub(super) fn moments(&self) -> CudaResult<Function<'_>> {
        self.reduction.get_function(MOMENTS)
    }

    /// What sifts the numbers of outputs.
    pub(super) fn sift(&self) -> CudaResult<Function<'_>> {
        self.reduction.get_function(SIFT)
    }

    /// How many blocks a multiprocessor holds at a time, each with so much shared memory.
    pub(super) fn resident_blocks(&self, shared_bytes: u32) -> Result<u32, CudaEngineError> {
        let size = BlockSize::x(BLOCK_THREADS);
        let kernel = self.function().map_err(failed("finding the kernel"))?;
        let blocks = kernel.max_active_blocks_per_multiprocessor(size, shared_bytes as usize);
        blocks.map_err(failed("asking for room"))
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // What follows frees what lies in this context; where the GPU is gone, it is free already.
        let _ = self.take_up();
    }
}

/// A kernel from machine code that was made ahead, or assembled by the driver where there is none that it takes.
fn loaded(code: Option<&[u8]>, ptx: &str) -> Result<Module, CudaEngineError> {
    code.and_then(|code| Module::from_cubin(code, &[]).ok()).map_or_else(|| module(ptx), Ok)
}

/// Has the driver assemble a kernel for the GPU of the current context.
pub(super) fn module(ptx: &str) -> Result<Module, CudaEngineError> {
    let text = CString::new(ptx).expect("neither the committed PTX nor what is written here has a zero byte");
    Module::from_ptx_cstr(&text, &[]).map_err(|error| CudaEngineError::Kernel {
        reason: error.to_string(),
        log: words_of_assembler(&text),
    })
}

/// What the driver's assembler says of a kernel that it refuses: it is asked once more, with room for its words.
fn words_of_assembler(ptx: &CStr) -> String {
    let mut log = vec![0u8; LOG_BYTES];
    let mut options =
        [CUjit_option::CU_JIT_ERROR_LOG_BUFFER, CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES];
    let mut values = [log.as_mut_ptr().cast::<c_void>(), LOG_BYTES as *mut c_void];
    let mut module = std::ptr::null_mut();
    // SAFETY: the text ends with a zero byte; there are as many options as values, and what they stand for is a buffer
    // and its size; all live until the call has returned. Its result is of no interest: it has failed before.
    unsafe {
        let _ = cuModuleLoadDataEx(
            &mut module,
            ptx.as_ptr().cast::<c_void>(),
            options.len() as u32,
            options.as_mut_ptr(),
            values.as_mut_ptr(),
        );
    }
    let end = log.iter().position(|byte| *byte == 0).unwrap_or(log.len());
    String::from_utf8_lossy(&log[..end]).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::super::Gpus;
    use super::*;

    #[test]
    fn a_kernel_that_does_not_assemble_is_refused_in_the_words_of_the_assembler() {
        let Ok(_) = Gpus::find() else {
            eprintln!("skipped: this machine has no GPU");
            return;
        };
        let _context = Device::get_device(0).and_then(Context::new).unwrap();
        let broken = PTX.replacen("fma.rn.f64", "fma.of.f64", 1).replace(KERNEL, "another");
        match module(&broken) {
            Err(CudaEngineError::Kernel { log, .. }) => assert!(!log.is_empty()),
            other => panic!("{other:?}"),
        }
    }
}
