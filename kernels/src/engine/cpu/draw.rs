//! The draws of a batch, input by input.

use fermiac_model::plan::Plan;

use super::CpuEngineError;
use super::walk::Batch;
use crate::random::copula::Copula;
use crate::random::sampling::Points;
use crate::random::{Sampler, Sampling};
use crate::simd::Simd;

/// The inputs of a plan, ready to be drawn.
#[derive(Debug)]
pub(super) struct Inputs {
    inputs: Vec<Input>,
    copulas: Vec<Copula>,
}

#[derive(Debug)]
struct Input {
    points: Points,
    sampler: Sampler,
}

impl Inputs {
    /// The inputs of `plan` under `seed`.
    pub(super) fn new(plan: &Plan, seed: u64, sampling: Sampling) -> Result<Inputs, CpuEngineError> {
        let streams: Vec<u64> = plan.draws.iter().map(|draw| draw.stream).collect();
        let points = Points::of_inputs(sampling, seed, &streams)?;
        let inputs = plan.draws.iter().zip(points).map(|(draw, points)| Input {
            points,
            sampler: Sampler::new(&draw.distribution, seed, draw.stream),
        });
        let copulas = plan.correlations.iter().map(|group| Copula::new(group, plan.draws.len()));
        Ok(Inputs { inputs: inputs.collect(), copulas: copulas.collect::<Result<_, _>>()? })
    }

    /// Writes the draws of the batch's trials into the inputs' columns.
    #[inline(always)]
    pub(super) fn fill(&self, simd: Simd, columns: &mut [&mut [f64]], batch: &Batch) {
        if !self.copulas.is_empty() {
            return self.fill_correlated(simd, columns, batch);
        }
        for (input, column) in self.inputs.iter().zip(columns) {
            let out = &mut column[batch.range.clone()];
            input.points.fill(simd, batch.first_trial, out);
            input.sampler.transform(simd, out);
        }
    }

    /// All uniforms, then what ties them, then all draws.
    #[inline(always)]
    fn fill_correlated(&self, simd: Simd, columns: &mut [&mut [f64]], batch: &Batch) {
        let mut columns: Vec<&mut [f64]> = columns
            .iter_mut()
            .take(self.inputs.len())
            .map(|column| &mut column[batch.range.clone()])
            .collect();
        for (input, column) in self.inputs.iter().zip(&mut columns) {
            input.points.fill(simd, batch.first_trial, column);
        }
        for copula in &self.copulas {
            copula.correlate(simd, &mut columns);
        }
        for (input, column) in self.inputs.iter().zip(&mut columns) {
            input.sampler.transform(simd, column);
        }
    }
}
