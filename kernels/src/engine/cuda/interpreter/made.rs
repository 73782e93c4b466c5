//! The kernel that is made for one plan: when it is made, and when it is used.

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use cust::CudaApiVersion;
use cust::function::{BlockSize, Function};
use cust::link::Linker;
use cust::module::Module;

use super::super::generated::cache::{Cache, Source};
use super::super::generated::choice::{Choice, Code, Step};
use super::super::generated::{Generated, KERNEL};
use super::super::shape::BLOCK_THREADS;
use super::super::{CudaEngineError, FaultKind, OpenGpu};
use super::failed;
use super::kernel::module;

/// Where the NVIDIA driver's kernel module tells its version, in its first line.
const DRIVER_BUILD: &str = "/proc/driver/nvidia/version";

/// The kernel of a plan on a GPU, made or not.
#[derive(Debug)]
pub(super) struct Made {
    /// None of a plan that is only interpreted.
    ptx: Option<String>,
    choice: Mutex<Choice>,
    loaded: OnceLock<Loaded>,
}

/// What a launch needs of it.
#[derive(Debug)]
pub(super) struct Loaded {
    module: Module,
    /// How many blocks of threads the GPU holds at a time.
    resident_blocks: u32,
}

impl Made {
    /// Of a plan that is interpreted, whatever it takes.
    pub(super) fn never() -> Made {
        Made { ptx: None, choice: Mutex::new(Choice::settled(Code::Interpreted)), loaded: OnceLock::new() }
    }

    /// Of a plan for which it was written.
    pub(super) fn new(Generated { ptx, size }: Generated, gpu: &OpenGpu) -> Made {
        let target = target_of(gpu);
        let is_ready = Cache::of_user().get(&Source { ptx: &ptx, target: &target }).is_some();
        let choice = Mutex::new(Choice::new(size, is_ready));
        Made { ptx: Some(ptx), choice, loaded: OnceLock::new() }
    }

    /// Leaves no choice any more. Code that is not there yet is made.
    pub(super) fn settle(&self, code: Code, gpu: &OpenGpu) -> Result<(), CudaEngineError> {
        let code = if self.ptx.is_some() { code } else { Code::Interpreted };
        if code == Code::Generated {
            self.make(gpu)?;
        }
        *self.choice() = Choice::settled(code);
        Ok(())
    }

    /// Whether it is to be made now, by whoever is told so, who then tells [`Made::made`].
    pub(super) fn is_to_be_made(&self) -> bool {
        self.choice().step() == Step::Make
    }

    /// Makes it, if there is a text of it, in the context of the GPU.
    pub(super) fn make(&self, gpu: &OpenGpu) -> Result<(), CudaEngineError> {
        if let (Some(ptx), None) = (&self.ptx, self.loaded.get()) {
            // Of threads that make it at once the first is heard.
            let _ = self.loaded.set(Loaded::new(ptx, gpu)?);
        }
        Ok(())
    }

    /// It has been made and is right, or it is not to be used.
    pub(super) fn made(&self, is_usable: bool) {
        self.choice().made(is_usable);
    }

    /// It, if it is there.
    pub(super) fn loaded(&self) -> Option<&Loaded> {
        self.loaded.get()
    }

    /// What is launched now.
    pub(super) fn code(&self) -> Code {
        self.choice().code()
    }

    /// A launch has taken so long.
    pub(super) fn took(&self, code: Code, trials: usize, time: Duration) {
        self.choice().took(code, trials, time);
    }

    fn choice(&self) -> MutexGuard<'_, Choice> {
        self.choice.lock().expect("nothing that can panic runs under this lock")
    }
}

impl Loaded {
    fn new(ptx: &str, gpu: &OpenGpu) -> Result<Loaded, CudaEngineError> {
        let (target, cache) = (target_of(gpu), Cache::of_user());
        let source = Source { ptx, target: &target };
        let kept = cache.get(&source).and_then(|code| Module::from_cubin(code, &[]).ok());
        let module = kept.map_or_else(|| assembled(&source, &cache), Ok)?;
        let function = module.get_function(KERNEL).map_err(failed("finding the kernel"))?;
        let resident = function.max_active_blocks_per_multiprocessor(BlockSize::x(BLOCK_THREADS), 0);
        let resident = resident.map_err(failed("asking for room"))?;
        let resident_blocks = resident.saturating_mul(gpu.gpu().multiprocessors);
        if resident_blocks == 0 {
            let reason = "the GPU has no room for a block of its threads".to_owned();
            return Err(CudaEngineError::Gpu { doing: "asking for room", reason, kind: FaultKind::Refused });
        }
        Ok(Loaded { module, resident_blocks })
    }

    pub(super) fn function(&self) -> Result<Function<'_>, CudaEngineError> {
        self.module.get_function(KERNEL).map_err(failed("finding the kernel"))
    }

    pub(super) fn resident_blocks(&self) -> u32 {
        self.resident_blocks
    }
}

/// Has the driver make machine code, which is kept. Where it makes none it is asked in the way in which it says why.
fn assembled(source: &Source<'_>, cache: &Cache) -> Result<Module, CudaEngineError> {
    let code = Linker::new().and_then(|mut linker| {
        // The driver reads to a zero byte.
        linker.add_ptx(format!("{}\0", source.ptx))?;
        linker.complete()
    });
    let Ok(code) = code else { return module(source.ptx) };
    let loaded = Module::from_cubin(&code, &[]).map_err(failed("loading the kernel"))?;
    cache.put(source, &code);
    Ok(loaded)
}

/// What machine code is made for: the GPU, and its driver, by the CUDA that it speaks and, where the system tells, its build.
fn target_of(gpu: &OpenGpu) -> String {
    let gpu = gpu.gpu();
    let cuda = CudaApiVersion::get().map_or_else(|_| String::new(), |version| format!("{version:?}"));
    let build = std::fs::read_to_string(DRIVER_BUILD).unwrap_or_default();
    let build = build.lines().next().unwrap_or_default();
    format!("{} {} {cuda} {build}", gpu.name, gpu.compute_capability)
}
