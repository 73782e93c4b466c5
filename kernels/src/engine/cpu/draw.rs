//! The draws of a batch, input by input.

use fermiac_model::plan::Draw;

use super::walk::Batch;
use crate::random::Sampler;

/// The inputs of a plan, ready to be drawn.
#[derive(Debug)]
pub(super) struct Inputs(Vec<Sampler>);

impl Inputs {
    /// The inputs `draws` under `seed`.
    pub(super) fn new(draws: &[Draw], seed: u64) -> Inputs {
        Inputs(draws.iter().map(|draw| Sampler::new(&draw.distribution, seed, draw.stream)).collect())
    }

    /// Writes the draws of the batch's trials into the inputs' columns.
    #[inline(always)]
    pub(super) fn fill(&self, columns: &mut [&mut [f64]], batch: &Batch) {
        for (sampler, column) in self.0.iter().zip(columns) {
            sampler.fill(batch.first_trial, &mut column[batch.range.clone()]);
        }
    }
}
