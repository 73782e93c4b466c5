//! `--device auto`: a GPU where there is one and the processor would be busy for long.

use std::num::NonZeroUsize;

use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::cuda::Gpus;
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::seconds_per_trial;
use fermiac_model::plan::Plan;

/// The processor is left to what it does in so many seconds: a GPU has to be opened first.
const WORTH_SECONDS: f64 = 1.0;
/// Of fewer trials too many would be timed.
const FEW_TRIALS: u64 = 1 << 12;
/// Fewer steps of the tape, over all trials, are no second's work: hardly one takes 100 ns.
const FEW_STEPS: u64 = 10_000_000;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub plan: &'a Plan,
    pub seed: u64,
    pub sampling: Sampling,
    pub trials: u64,
    /// Of the processor.
    pub threads: NonZeroUsize,
}

/// Whether the processor would be busy for long, and there is a driver of GPUs.
pub(crate) fn is_worth_a_gpu(cpu: &CpuEngine, wanted: Wanted<'_>) -> bool {
    let Wanted { plan, trials, threads, .. } = wanted;
    // First what costs least where there is no GPU.
    let steps = (plan.instructions.len() + plan.arguments.len() + plan.draws.len()) as u64;
    let is_little = trials < FEW_TRIALS || trials.saturating_mul(steps) < FEW_STEPS;
    !is_little && Gpus::have_driver() && is_long(seconds_per_trial(cpu, plan), trials, threads)
}

fn is_long(seconds_per_trial: f64, trials: u64, threads: NonZeroUsize) -> bool {
    seconds_per_trial * trials as f64 > WORTH_SECONDS * threads.get() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_long_by_what_all_threads_take() {
        let threads = |count| NonZeroUsize::new(count).unwrap();
        assert!(is_long(3e-9, 1_000_000_000, threads(2)));
        assert!(!is_long(3e-9, 1_000_000_000, threads(4)));
        assert!(!is_long(3e-9, 10_000_000, threads(1)));
        assert!(is_long(1e-3, 5_000, threads(4)));
    }
}
