//! The draws of a batch, input by input.

use fermiac_model::plan::Draw;

use super::walk::Batch;
use crate::random::sampling::{Points, TooManyInputs};
use crate::random::{Sampler, Sampling};

/// The inputs of a plan, ready to be drawn.
#[derive(Debug)]
pub(super) struct Inputs(Vec<Input>);

#[derive(Debug)]
struct Input {
    points: Points,
    sampler: Sampler,
}

impl Inputs {
    /// The inputs `draws` under `seed`.
    pub(super) fn new(draws: &[Draw], seed: u64, sampling: Sampling) -> Result<Inputs, TooManyInputs> {
        let streams: Vec<u64> = draws.iter().map(|draw| draw.stream).collect();
        let points = Points::of_inputs(sampling, seed, &streams)?;
        let input = |(draw, points): (&Draw, Points)| Input {
            points,
            sampler: Sampler::new(&draw.distribution, seed, draw.stream),
        };
        Ok(Inputs(draws.iter().zip(points).map(input).collect()))
    }

    /// Writes the draws of the batch's trials into the inputs' columns.
    #[inline(always)]
    pub(super) fn fill(&self, columns: &mut [&mut [f64]], batch: &Batch) {
        for (input, column) in self.0.iter().zip(columns) {
            let out = &mut column[batch.range.clone()];
            input.points.fill(batch.first_trial, out);
            input.sampler.transform(out);
        }
    }
}
