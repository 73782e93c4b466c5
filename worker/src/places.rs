//! What jobs are computed on: each slot has a place, a GPU of its own or the processor.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fermiac_fleet::profile::DeviceFallback;
use fermiac_simulation::OpenGpu;

/// What one job at a time is computed on.
#[derive(Debug, Clone)]
pub enum Place {
    /// The processor, which all slots share.
    Processor,
    /// A GPU, and nothing in its place.
    Gpu(Arc<OpenGpu>),
}

/// The places of a worker. A GPU that is out of use goes, and the processor comes in its place where the profile lets it.
#[derive(Debug)]
pub struct Places {
    gpus: Vec<Arc<OpenGpu>>,
    fallback: DeviceFallback,
    free: Mutex<Vec<Place>>,
}

/// A place in use. It is free again when this is dropped, unless it is out of use by then.
#[derive(Debug)]
pub struct Taken {
    place: Place,
    places: Arc<Places>,
}

impl Place {
    /// How long the kernel has run on its GPU so far.
    pub fn kernel_time(&self) -> Duration {
        match self {
            Place::Processor => Duration::ZERO,
            Place::Gpu(gpu) => gpu.usage().kernel_time,
        }
    }

    fn is_usable(&self) -> bool {
        match self {
            Place::Processor => true,
            Place::Gpu(gpu) => gpu.out_of_use().is_none(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Processor => f.write_str("cpu"),
            Place::Gpu(gpu) => write!(f, "cuda:{} {}", gpu.gpu().ordinal, gpu.gpu().name),
        }
    }
}

impl Places {
    /// The processor, in every slot.
    pub fn on_processor() -> Places {
        Places { gpus: Vec::new(), fallback: DeviceFallback::Cpu, free: Mutex::default() }
    }

    /// One for each GPU.
    pub fn on_gpus(gpus: Vec<Arc<OpenGpu>>, fallback: DeviceFallback) -> Places {
        // Taken from the end: the first GPU first.
        let free = Mutex::new(gpus.iter().rev().cloned().map(Place::Gpu).collect());
        Places { gpus, fallback, free }
    }

    /// A place that is free. Whoever asks has a slot, and there are as many slots as places: where no GPU is left for
    /// one, it is the processor's.
    pub fn take(self: &Arc<Self>) -> Taken {
        let place = self.lock().pop().unwrap_or(Place::Processor);
        Taken { place, places: Arc::clone(self) }
    }

    /// Those that are left, as the worker tells of them.
    pub fn describe(&self) -> String {
        let usable = |place: &Place| place.is_usable();
        let left: Vec<Place> = self.gpus.iter().cloned().map(Place::Gpu).filter(usable).collect();
        let processor =
            (left.len() < self.gpus.len() && self.fallback == DeviceFallback::Cpu) || self.gpus.is_empty();
        let left = left.iter().chain(processor.then_some(&Place::Processor));
        left.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// All GPUs, those out of use too.
    pub fn gpus(&self) -> &[Arc<OpenGpu>] {
        &self.gpus
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Place>> {
        self.free.lock().expect("nothing that can panic runs under this lock")
    }
}

impl Taken {
    /// What to compute on.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether its slot is one too many from now on: its GPU is out of use, and nothing takes its place.
    pub fn is_lost(&self) -> bool {
        !self.place.is_usable() && self.places.fallback == DeviceFallback::Fail
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.place.is_usable() && !self.places.gpus.is_empty() {
            self.places.lock().push(self.place.clone());
        }
    }
}
