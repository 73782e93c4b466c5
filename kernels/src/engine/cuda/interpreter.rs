//! The kernel on a GPU with one plan: driver calls, each checked.

use std::ffi::{CStr, CString, c_void};
use std::sync::Arc;

use cust::context::{Context, CurrentContext};
use cust::device::Device;
use cust::error::{CudaError, CudaResult};
use cust::function::BlockSize;
use cust::launch;
use cust::memory::{CopyDestination, DeviceBuffer, DevicePointer};
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use cust::sys::{CUjit_option, cuModuleLoadDataEx};

use super::shape::{BLOCK_THREADS, blocks, shared_bytes};
use super::{CudaEngineError, Gpu, OpenGpu, PTX};
use crate::engine::image::Image;

/// Of `cuda/interpreter.cu`.
const KERNEL: &str = "fermiac_interpret";
/// Room for the words of the driver's assembler.
const LOG_BYTES: usize = 16 * 1024;

/// The kernel on a GPU, for all plans. What lies there goes before its context: fields are dropped in their order.
#[derive(Debug)]
pub(super) struct Kernel {
    module: Module,
    context: Context,
}

/// A plan on a GPU. What lies there goes before the kernel and its context.
#[derive(Debug)]
pub(super) struct Interpreter {
    words: DeviceBuffer<u64>,
    /// The results of one launch.
    columns: DeviceBuffer<f64>,
    /// The slots of all threads of a launch; none where each block has them in its shared memory.
    memory: Option<DeviceBuffer<f64>>,
    stream: Stream,
    shared_bytes: u32,
    most_blocks: u32,
    wanted: usize,
    gpu: Arc<OpenGpu>,
}

impl Kernel {
    /// Opens `gpu` and makes machine code of the kernel for it.
    pub(super) fn load(gpu: &Gpu) -> Result<Kernel, CudaEngineError> {
        let device = Device::get_device(gpu.ordinal).map_err(failed("finding the GPU"))?;
        let context = Context::new(device).map_err(failed("opening the GPU"))?;
        Ok(Kernel { module: module(PTX)?, context })
    }

    /// Has the calls that this thread makes from here on go to this GPU.
    fn take_up(&self) -> Result<(), CudaEngineError> {
        CurrentContext::set_current(&self.context).map_err(failed("taking up the GPU"))
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        // What follows frees what lies in this context; where the GPU is gone, it is free already.
        let _ = self.take_up();
    }
}

impl Interpreter {
    /// Brings the plan to `gpu`, with room for launches of so many trials.
    pub(super) fn new(
        gpu: &Arc<OpenGpu>,
        image: &Image,
        most_trials: usize,
    ) -> Result<Interpreter, CudaEngineError> {
        gpu.kernel().take_up()?;
        let module = &gpu.kernel().module;
        let shared = shared_bytes(image.thread_numbers());
        let resident = resident_blocks(module, shared.unwrap_or(0)).map_err(failed("asking for room"))?;
        let most_blocks = blocks(most_trials, resident.saturating_mul(gpu.gpu().multiprocessors));
        let threads = most_blocks as usize * BLOCK_THREADS as usize;
        let memory = match shared {
            Some(_) => None,
            None => Some(numbers(threads * image.thread_numbers())?),
        };
        Ok(Interpreter {
            words: DeviceBuffer::from_slice(image.words()).map_err(failed("bringing the plan"))?,
            columns: numbers(image.columns() * most_trials)?,
            memory,
            stream: Stream::new(StreamFlags::DEFAULT, None).map_err(failed("making a stream"))?,
            shared_bytes: shared.unwrap_or(0),
            most_blocks,
            wanted: image.columns(),
            gpu: Arc::clone(gpu),
        })
    }

    /// Evaluates so many trials, no more than there is room for; `out` gets the wanted columns one after the other.
    pub(super) fn evaluate(
        &mut self,
        first_trial: u64,
        trials: usize,
        out: &mut [f64],
    ) -> Result<(), CudaEngineError> {
        let count = self.wanted * trials;
        assert!(count <= self.columns.len() && count == out.len(), "a launch stays within its room");
        if count == 0 {
            return Ok(());
        }
        self.gpu.kernel().take_up()?;
        self.launch(first_trial, trials).map_err(failed("launching the kernel"))?;
        self.stream.synchronize().map_err(failed("running the kernel"))?;
        self.columns.index(..count).copy_to(out).map_err(failed("bringing the results"))
    }

    fn launch(&self, first_trial: u64, trials: usize) -> CudaResult<()> {
        let kernel = self.gpu.kernel().module.get_function(KERNEL)?;
        let memory = self.memory.as_ref().map_or(DevicePointer::null(), |memory| memory.as_device_ptr());
        let blocks = blocks(trials, self.most_blocks);
        let stream = &self.stream;
        // SAFETY: the arguments are those that the kernel takes, in their order. The plan was checked when its image
        // was made, so that the kernel reads inside the image and writes inside the slots; there are slots for every
        // thread of the most blocks, and columns for more trials than these, as `evaluate` has made sure.
        unsafe {
            launch!(kernel<<<blocks, BLOCK_THREADS, self.shared_bytes, stream>>>(
                self.words.as_device_ptr(),
                first_trial,
                trials as u64,
                memory,
                self.columns.as_device_ptr()
            ))
        }
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // As for the kernel.
        let _ = self.gpu.kernel().take_up();
    }
}

fn resident_blocks(module: &Module, shared_bytes: u32) -> CudaResult<u32> {
    let kernel = module.get_function(KERNEL)?;
    kernel.max_active_blocks_per_multiprocessor(BlockSize::x(BLOCK_THREADS), shared_bytes as usize)
}

/// Room for so many numbers; at least one, since nothing cannot be had.
fn numbers(count: usize) -> Result<DeviceBuffer<f64>, CudaEngineError> {
    DeviceBuffer::zeroed(count.max(1)).map_err(failed("asking for memory"))
}

/// Has the driver assemble the kernel for the GPU of the current context.
fn module(ptx: &str) -> Result<Module, CudaEngineError> {
    let text = CString::new(ptx).expect("the committed PTX has no zero byte");
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

fn failed(doing: &'static str) -> impl Fn(CudaError) -> CudaEngineError {
    move |error| CudaEngineError::Gpu { doing, reason: error.to_string(), kind: error.into() }
}

#[cfg(test)]
mod tests {
    use super::super::Gpus;
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
