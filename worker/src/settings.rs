//! What a worker is told.

use std::num::NonZeroUsize;
use std::time::Duration;

use fermiac_fleet::job::Label;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which jobs it takes.
    pub labels: Vec<Label>,
    /// How many jobs that compute it runs at a time on the processor; on GPUs it runs one on each.
    pub slots: NonZeroUsize,
    /// On how many threads each of them runs.
    pub threads: NonZeroUsize,
    /// How long a claim lasts without being renewed: how late a dead worker's job is run elsewhere.
    pub lease: Duration,
    /// How long running jobs may take to finish once the worker drains.
    pub drain: Duration,
    /// Compiled models kept for the next slice of the same simulation hold at most about so many bytes.
    pub cache_bytes: usize,
}
