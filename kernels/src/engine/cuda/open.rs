//! A GPU in use: opened once, whatever plans it works on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::interpreter::Kernel;
use super::{Budget, CudaEngineError, FaultKind, Gpu};

/// A GPU in use, with the kernel on it. Plans of many runs share it; at most one run should use it at a time.
#[derive(Debug)]
pub struct OpenGpu {
    gpu: Gpu,
    kernel: Kernel,
    budget: Budget,
    /// What plans hold of it.
    plan_bytes: AtomicU64,
    /// Why it cannot be used any more.
    out_of_use: OnceLock<CudaEngineError>,
    load_time: Duration,
    trials: AtomicU64,
    reduced_trials: AtomicU64,
    kernel_nanoseconds: AtomicU64,
    /// By [`FaultKind::ALL`].
    faults: [AtomicU64; FaultKind::ALL.len()],
}

/// What a GPU has done since it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// How long it took to open it and to load the kernels, which its driver may have had to assemble.
    pub load_time: Duration,
    /// How many trials it has evaluated.
    pub trials: u64,
    /// Of how many of these only the statistics came back.
    pub reduced_trials: u64,
    /// How long it has worked on them.
    pub kernel_time: Duration,
    /// How much of its memory is in use.
    pub memory_bytes: u64,
    /// How often it has failed, and how.
    pub faults: Vec<(FaultKind, u64)>,
}

impl OpenGpu {
    /// Opens a GPU, of whose memory this part may be used, and loads the kernels: where this succeeds, plans can be
    /// evaluated.
    pub fn open(gpu: &Gpu, memory_fraction: f64) -> Result<OpenGpu, CudaEngineError> {
        let started = Instant::now();
        let kernel = Kernel::load(gpu)?;
        Ok(OpenGpu {
            gpu: gpu.clone(),
            kernel,
            budget: Budget::of(gpu.memory_bytes, memory_fraction),
            plan_bytes: AtomicU64::new(0),
            out_of_use: OnceLock::new(),
            load_time: started.elapsed(),
            trials: AtomicU64::new(0),
            reduced_trials: AtomicU64::new(0),
            kernel_nanoseconds: AtomicU64::new(0),
            faults: Default::default(),
        })
    }

    /// Which one.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// Why nothing can be evaluated on it any more, if so. It stays so until the process is started again.
    pub fn out_of_use(&self) -> Option<&CudaEngineError> {
        self.out_of_use.get()
    }

    /// What it has done so far.
    pub fn usage(&self) -> Usage {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Usage {
            load_time: self.load_time,
            trials: count(&self.trials),
            reduced_trials: count(&self.reduced_trials),
            kernel_time: Duration::from_nanos(count(&self.kernel_nanoseconds)),
            memory_bytes: count(&self.plan_bytes) + self.kernel.bytes(),
            faults: FaultKind::ALL.iter().copied().zip(self.faults.iter().map(count)).collect(),
        }
    }

    /// What may be used of its memory.
    pub fn budget(&self) -> Budget {
        self.budget
    }

    /// Sets memory aside for a plan; says whether there is so much.
    pub(super) fn set_aside(&self, bytes: u64) -> bool {
        let most = self.budget.plan_bytes();
        let fits = |used: u64| used.checked_add(bytes).filter(|used| *used <= most);
        self.plan_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    /// A plan needs so much no longer.
    pub(super) fn give_back(&self, bytes: u64) {
        self.plan_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// So many trials have been evaluated in such a time.
    pub(super) fn worked(&self, trials: usize, kernel_time: Duration) {
        self.trials.fetch_add(trials as u64, Ordering::Relaxed);
        let nanoseconds = u64::try_from(kernel_time.as_nanos()).unwrap_or(u64::MAX);
        self.kernel_nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// Of so many trials only the statistics came back.
    pub(super) fn reduced(&self, trials: usize) {
        self.reduced_trials.fetch_add(trials as u64, Ordering::Relaxed);
    }

    /// It has failed, if that is what the error says.
    pub(super) fn failed(&self, error: &CudaEngineError) {
        let CudaEngineError::Gpu { kind, .. } = error else { return };
        let known = FaultKind::ALL.iter().zip(&self.faults);
        known.filter(|(known, _)| *known == kind).for_each(|(_, count)| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        if kind.is_lasting() {
            // Of threads that fail at once the first is heard.
            let _ = self.out_of_use.set(error.clone());
        }
    }
}
