//! What a worker counts and times.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fermiac_fleet::delivery::{Delivery, Outcome};
use fermiac_fleet::job::Kind;
use fermiac_fleet::telemetry::metrics as names;
use fermiac_simulation::OpenGpu;
use metrics::{counter, gauge, histogram};

/// A worker with so many slots begins.
pub fn begin(slots: usize) {
    gauge!(names::WORKER_SLOTS).set(slots as f64);
    gauge!(names::WORKER_SLOTS_BUSY).increment(0.0);
    counter!(names::SETTLEMENTS_SUPERSEDED).increment(0);
    counter!(names::PARTS_MADE_AGAIN).increment(0);
}

/// These were claimed. What synthetic users submit counts as nobody's work, here and below.
pub fn claimed(deliveries: &[Delivery]) {
    let mut counts: HashMap<Kind, u64> = HashMap::new();
    for delivery in deliveries.iter().filter(|delivery| !delivery.synthetic) {
        *counts.entry(delivery.kind).or_default() += 1;
    }
    for (kind, count) in counts {
        counter!(names::JOBS_CLAIMED, "kind" => kind.name()).increment(count);
    }
}

/// How jobs ended that are now written.
pub fn settled(ends: impl Iterator<Item = (Kind, &'static str)>) {
    let mut counts: HashMap<(Kind, &str), u64> = HashMap::new();
    for end in ends {
        *counts.entry(end).or_default() += 1;
    }
    for ((kind, outcome), count) in counts {
        counter!(names::JOBS_SETTLED, "kind" => kind.name(), "outcome" => outcome).increment(count);
    }
}

/// So many settlements were refused by the fence.
pub fn superseded(count: usize) {
    counter!(names::SETTLEMENTS_SUPERSEDED).increment(count as u64);
}

/// The part of a slice of so many trials was made again where it was to be merged.
pub fn part_made_again(synthetic: bool, trials: u64) {
    if !synthetic {
        counter!(names::PARTS_MADE_AGAIN).increment(1);
        counter!(names::TRIALS).increment(trials);
    }
}

/// What the label `outcome` says.
pub fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed(_) => "completed",
        Outcome::Failed { .. } => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::Interrupted => "interrupted",
    }
}

/// A job that runs: it holds a slot, and its time is taken.
pub struct Run {
    kind: Kind,
    synthetic: bool,
    started: Instant,
}

impl Run {
    /// It begins.
    pub fn begin(delivery: &Delivery) -> Run {
        gauge!(names::WORKER_SLOTS_BUSY).increment(1.0);
        Run { kind: delivery.kind, synthetic: delivery.synthetic, started: Instant::now() }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        gauge!(names::WORKER_SLOTS_BUSY).decrement(1.0);
        if !self.synthetic {
            histogram!(names::JOB_SECONDS, "kind" => self.kind.name()).record(self.started.elapsed());
        }
    }
}

/// What a job that completed computed. What the combine of slices has to, is counted as it does.
pub fn completed(delivery: &Delivery, outcome: &Outcome) {
    if let (Kind::Simulate | Kind::Slice, Outcome::Completed(produced)) = (delivery.kind, outcome)
        && !delivery.synthetic
    {
        counter!(names::TRIALS).increment(produced.progress.unwrap_or(0));
    }
}

/// What a GPU is called in figures.
pub fn device_of(gpu: &OpenGpu) -> String {
    format!("cuda:{}", gpu.gpu().ordinal)
}

/// What these GPUs have done since they were opened.
pub fn gpus(gpus: &[Arc<OpenGpu>]) {
    for gpu in gpus {
        let (device, usage) = (device_of(gpu), gpu.usage());
        let usable = if gpu.out_of_use().is_none() { 1.0 } else { 0.0 };
        gauge!(names::GPU_USABLE, "device" => device.clone()).set(usable);
        gauge!(names::GPU_LOAD_SECONDS, "device" => device.clone()).set(usage.load_time.as_secs_f64());
        gauge!(names::GPU_BUDGET_BYTES, "device" => device.clone()).set(gpu.budget().bytes() as f64);
        gauge!(names::GPU_USED_BYTES, "device" => device.clone()).set(usage.memory_bytes as f64);
        counter!(names::GPU_TRIALS, "device" => device.clone()).absolute(usage.trials);
        for (kind, count) in usage.faults {
            let labels = [("device", device.clone()), ("kind", kind.name().to_owned())];
            counter!(names::GPU_FAULTS, &labels).absolute(count);
        }
    }
}

/// So long the kernel ran on a GPU for a job.
pub fn ran_on(gpu: &OpenGpu, kernel_time: Duration) {
    histogram!(names::GPU_KERNEL_SECONDS, "device" => device_of(gpu)).record(kernel_time);
}

/// A model was compiled.
pub fn compiled(started: Instant) {
    histogram!(names::COMPILE_SECONDS).record(started.elapsed());
}

/// So many bytes of models are kept.
pub fn kept(bytes: usize) {
    gauge!(names::PLAN_CACHE_BYTES).set(bytes as f64);
}
