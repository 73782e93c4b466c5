//! A plan on a GPU: launches of the kernel, and their results on their way back.
//!
//! The [kernel] lies on the GPU once, for all plans. Each launch goes through a [lane](lanes): a stream with memory on both
//! sides, so that while the results of one launch are copied, the next one is evaluated.

mod kernel;
mod lanes;
mod made;
mod reduce;
mod reduction;

use std::ops::Range;
use std::sync::Arc;

use cust::error::CudaError;
use cust::launch;
use cust::memory::{AsyncCopyDestination, DeviceBuffer, DevicePointer};

pub(super) use kernel::Kernel;
use lanes::{Lane, Taken};
use made::{Loaded, Made};

use super::budget::{Launch, Need};
use super::generated::{Generated, choice::Code};
use super::shape::{BLOCK_THREADS, blocks, shared_bytes};
use super::{CudaEngineError, FaultKind, OpenGpu};
use crate::engine::image::Image;
use reduction::Layout;

/// A plan on a GPU. What lies there goes before the kernel and its context.
#[derive(Debug)]
pub(super) struct Interpreter {
    words: DeviceBuffer<u64>,
    wanted: usize,
    launch: Launch,
    /// Numbers of the GPU's memory that are slots, and that a lane has in all.
    slots: usize,
    device: usize,
    shared_bytes: u32,
    /// Of launches that are reduced, if there is room for it.
    reduction: Option<Layout>,
    made: Made,
    gpu: Arc<OpenGpu>,
}

/// The trials of a launch.
#[derive(Debug, Clone, Copy)]
struct Trials {
    first: u64,
    /// The place of the first among all that are evaluated at once.
    start: usize,
    length: usize,
}

impl Interpreter {
    /// Brings a plan with so many outputs to `gpu`.
    pub(super) fn new(
        gpu: &Arc<OpenGpu>,
        image: &Image,
        outputs: usize,
    ) -> Result<Interpreter, CudaEngineError> {
        gpu.kernel().take_up()?;
        let shared = shared_bytes(image.thread_numbers());
        let resident = gpu.kernel().resident_blocks(shared.unwrap_or(0))?;
        let need = Need {
            columns: image.columns(),
            thread_numbers: if shared.is_some() { 0 } else { image.thread_numbers() },
            resident_blocks: resident.saturating_mul(gpu.gpu().multiprocessors),
        };
        let pool_bytes = gpu.budget().pool_bytes();
        let launch = Launch::new(pool_bytes, &need).ok_or_else(|| too_little("a launch", pool_bytes))?;
        let slots = launch.blocks as usize * BLOCK_THREADS as usize * need.thread_numbers;
        let most = usize::try_from(pool_bytes).unwrap_or(usize::MAX) / size_of::<f64>();
        let reduction = Layout::within((need.columns, outputs), launch.trials, slots..most);
        // Both kinds of launches have their slots first.
        let device = slots + need.columns * launch.trials;
        let device = device.max(reduction.as_ref().map_or(0, |layout| layout.picked.end));
        let words = brought(gpu, image.words())?;
        Ok(Interpreter {
            words,
            slots,
            device,
            reduction,
            wanted: need.columns,
            launch,
            shared_bytes: shared.unwrap_or(0),
            made: Made::never(),
            gpu: Arc::clone(gpu),
        })
    }

    /// Has it use the kernel that was written for this plan, where that is faster.
    pub(super) fn with_kernel(mut self, generated: Generated) -> Interpreter {
        self.made = Made::new(generated, &self.gpu);
        self
    }

    /// Which of its kernels it uses now.
    pub(super) fn code(&self) -> Code {
        self.made.code()
    }

    /// Has it use one of its kernels for good, if it has it.
    pub(super) fn settle(&self, code: Code) -> Result<(), CudaEngineError> {
        self.gpu.kernel().take_up()?;
        self.made.settle(code, &self.gpu)
    }

    /// How many columns a trial has.
    pub(super) fn columns(&self) -> usize {
        self.wanted
    }

    /// How many trials one launch evaluates at most.
    pub(super) fn launch_trials(&self) -> usize {
        self.launch.trials
    }

    /// Evaluates as many trials as every column is long, in as many launches as it takes: each is under way while the
    /// results of the one before are taken.
    pub(super) fn evaluate(
        &self,
        first_trial: u64,
        columns: &mut [&mut [f64]],
    ) -> Result<(), CudaEngineError> {
        let trials = columns.first().map_or(0, |column| column.len());
        assert_eq!(columns.len(), self.wanted, "the columns are those of the plan");
        self.in_launches(
            (first_trial..first_trial + trials as u64, self.launch.trials),
            |lane, trials| self.begin(lane, trials),
            |lane, trials| self.finish(lane, trials, columns),
        )
    }

    /// Has trials go through in launches of at most so many: each is begun before the one before is finished.
    fn in_launches(
        &self,
        (trials, most): (Range<u64>, usize),
        begin: impl Fn(&mut Taken<'_>, Trials) -> Result<(), CudaEngineError>,
        mut finish: impl FnMut(Taken<'_>, Trials) -> Result<(), CudaEngineError>,
    ) -> Result<(), CudaEngineError> {
        self.gpu.kernel().take_up()?;
        let mut before: Option<(Taken<'_>, Trials)> = None;
        let count = (trials.end - trials.start) as usize;
        for start in (0..count).step_by(most) {
            let length = most.min(count - start);
            let some = Trials { first: trials.start + start as u64, start, length };
            // Whoever waits for a lane has none, so that those who have one come to their end.
            let free = before.as_ref().and_then(|_| self.gpu.kernel().lanes().try_take());
            if free.is_none()
                && let Some((lane, some)) = before.take()
            {
                finish(lane, some)?;
            }
            let mut lane = free.map_or_else(|| self.gpu.kernel().lanes().take(), Ok)?;
            begin(&mut lane, some)?;
            if let Some((lane, some)) = before.replace((lane, some)) {
                finish(lane, some)?;
            }
        }
        before.map_or(Ok(()), |(lane, some)| finish(lane, some))
    }

    /// Launches the kernel for some trials and has their results copied. Nothing is waited for.
    fn begin(&self, lane: &mut Taken<'_>, trials: Trials) -> Result<(), CudaEngineError> {
        let count = self.wanted * trials.length;
        lane.make_room(self.device, count)?;
        self.evaluate_into(lane, trials)?;
        self.bring_values(lane, count)
    }

    /// Has so many values copied, once they are there. Nothing is waited for.
    fn bring_values(&self, lane: &mut Taken<'_>, count: usize) -> Result<(), CudaEngineError> {
        let Lane { stream, ended, device, host, .. } = lane.under_way();
        ended.record(stream).map_err(failed("timing the kernel"))?;
        let values = device.index(self.slots..self.slots + count);
        // SAFETY: the memory of this machine is page-locked and as long, and, as below, nobody looks at it before the
        // stream was waited for.
        let copied = unsafe { values.async_copy_to(&mut host[..count], stream) };
        copied.map_err(failed("bringing the results"))
    }

    /// Launches a kernel for some trials, whose values come to lie behind the slots of a lane in which there is room.
    fn evaluate_into(&self, lane: &mut Taken<'_>, trials: Trials) -> Result<(), CudaEngineError> {
        if self.made.is_to_be_made() {
            // What fails for good fails again at the launch.
            let is_usable = self.made.make(&self.gpu).and_then(|()| self.agree(lane, trials));
            self.made.made(is_usable.unwrap_or(false));
        }
        let made = self.made.loaded().filter(|_| self.made.code() == Code::Generated);
        let launched = self.launch(lane, trials, made);
        match launched {
            // What the interpreter may still do.
            Err(CudaEngineError::Gpu { kind, .. }) if made.is_some() && !kind.is_lasting() => {
                self.made.settle(Code::Interpreted, &self.gpu)?;
                self.launch(lane, trials, None)
            }
            launched => launched,
        }
    }

    /// Whether both kernels come to the same bits for the first of these trials. The lane is as it was afterwards.
    fn agree(&self, lane: &mut Taken<'_>, trials: Trials) -> Result<bool, CudaEngineError> {
        let room = lane.under_way().host.len() / self.wanted.max(1);
        let length = trials.length.min(room).min(BLOCK_THREADS as usize);
        let count = self.wanted * length;
        let mut found: Vec<Vec<u64>> = Vec::new();
        for made in [None, self.made.loaded()] {
            self.launch(lane, Trials { length, ..trials }, made)?;
            self.bring_values(lane, count)?;
            let (values, _) = lane.wait()?;
            found.push(values[..count].iter().map(|value| value.to_bits()).collect());
        }
        Ok(length > 0 && found[0] == found[1])
    }

    /// Launches the kernel that was made, or else the interpreter.
    fn launch(
        &self,
        lane: &mut Taken<'_>,
        trials: Trials,
        made: Option<&Loaded>,
    ) -> Result<(), CudaEngineError> {
        // From here on there is something to wait for, whatever becomes of the rest.
        let Lane { stream, started, evaluated, device, code, .. } = lane.under_way();
        let slots = device.index(..self.slots);
        let memory = if self.slots == 0 { DevicePointer::null() } else { slots.as_device_ptr() };
        // A kernel made for the plan has its slots in registers.
        let (kernel, most_blocks, shared_bytes) = match made {
            Some(made) => (made.function()?, made.resident_blocks(), 0),
            None => {
                let kernel = self.gpu.kernel().function().map_err(failed("finding the kernel"))?;
                (kernel, self.launch.blocks, self.shared_bytes)
            }
        };
        *code = if made.is_some() { Code::Generated } else { Code::Interpreted };
        let blocks = blocks(trials.length, most_blocks);
        started.record(stream).map_err(failed("timing the kernel"))?;
        // SAFETY: the arguments are those that either kernel takes, in their order. The plan was checked when its image
        // was made, so that the kernel reads inside the image and writes inside the slots; there are slots for every
        // thread of the most blocks (a kernel made for the plan uses none), and columns for more trials than these, as was
        // made sure above; that other kernel was made from this image, whose places are in it. All of it stays
        // until the stream was waited for, as a lane that is under way is before its memory is touched or goes.
        let launched = unsafe {
            launch!(kernel<<<blocks, BLOCK_THREADS, shared_bytes, stream>>>(
                self.words.as_device_ptr(),
                trials.first,
                trials.length as u64,
                memory,
                device.index(self.slots..).as_device_ptr()
            ))
        };
        launched.map_err(failed("launching the kernel"))?;
        evaluated.record(stream).map_err(failed("timing the kernel"))
    }

    /// Notes how long so many trials took that were waited for: what is done with them afterwards does not count.
    fn note_evaluation(&self, lane: &Taken<'_>, trials: usize) -> Result<(), CudaEngineError> {
        let (code, time) = lane.evaluated()?;
        self.made.took(code, trials, time);
        Ok(())
    }

    /// Waits for a launch, and takes its results to their columns.
    fn finish(
        &self,
        mut lane: Taken<'_>,
        Trials { start, length, .. }: Trials,
        columns: &mut [&mut [f64]],
    ) -> Result<(), CudaEngineError> {
        let (results, kernel_time) = lane.wait()?;
        for (column, results) in columns.iter_mut().zip(results.chunks(length)) {
            column[start..start + length].copy_from_slice(results);
        }
        self.gpu.worked(length, kernel_time);
        self.note_evaluation(&lane, length)?;
        Ok(())
    }
}

impl Drop for Interpreter {
    fn drop(&mut self) {
        // What follows frees what lies in this context; where the GPU is gone, it is free already.
        let _ = self.gpu.kernel().take_up();
        self.gpu.give_back((self.words.len() * size_of::<u64>()) as u64);
    }
}

/// Brings the words of a plan to memory of the current GPU, within what plans may have of it.
fn brought(gpu: &OpenGpu, words: &[u64]) -> Result<DeviceBuffer<u64>, CudaEngineError> {
    let bytes = size_of_val(words) as u64;
    if !gpu.set_aside(bytes) {
        return Err(too_little("all plans on it", gpu.budget().plan_bytes()));
    }
    let brought = DeviceBuffer::from_slice(words);
    brought.inspect_err(|_| gpu.give_back(bytes)).map_err(failed("bringing the plan"))
}

fn too_little(what: &str, bytes: u64) -> CudaEngineError {
    let reason = format!("{what} may use {} MiB of its memory, and this needs more", bytes >> 20);
    CudaEngineError::Gpu { doing: "making room", reason, kind: FaultKind::OutOfMemory }
}

fn failed(doing: &'static str) -> impl Fn(CudaError) -> CudaEngineError {
    move |error| CudaEngineError::Gpu { doing, reason: error.to_string(), kind: error.into() }
}
