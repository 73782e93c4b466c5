//! How the uniforms behind the draws are chosen: the points of a run in the unit cube, one coordinate an input.
//!
//! Stratified points are not independent of each other, so the spread of a single set of them does not tell how well
//! it found a mean. Therefore they come as [`REPLICATES`] sets that are independent of each other, each stratified in
//! itself: trial t is point t / 16 of set t mod 16. How far the sets' means lie apart tells the standard error
//! ([`crate::statistics::replicates`]), without assumptions on the model.

use super::latin::Latin;
use super::sobol::{DIMENSIONS, Directions, INDEX_BITS, Sobol};
use super::uniform::Uniforms;
use crate::simd::Simd;

/// How many independent sets of points a stratified run is made of.
pub const REPLICATES: usize = 16;

/// A Latin hypercube of fewer trials is one set: its sets would hardly be stratified.
const FEWEST_REPLICATED: u64 = 16 * REPLICATES as u64;

/// How the uniforms of a run are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sampling {
    /// Independently.
    #[default]
    Random,
    /// Each input's range is cut into equally likely strata, as many as a set has trials, and each is drawn from once.
    LatinHypercube {
        /// Of the whole run: no later trial exists.
        trials: u64,
    },
    /// A scrambled Sobol sequence. An input's dimension is its place in the plan.
    Sobol,
}

/// There is no such sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Sobol's sequence has {most} dimensions here, but there are {inputs} inputs; use another sampling")]
pub struct TooManyInputs {
    /// How many there are.
    pub inputs: usize,
    /// How many there can be.
    pub most: usize,
}

impl Sampling {
    /// Into how many independent sets the trials fall; none where every trial is independent.
    pub fn replicates(self) -> Option<usize> {
        match self {
            Sampling::Random => None,
            Sampling::LatinHypercube { trials } if trials < FEWEST_REPLICATED => Some(1),
            Sampling::LatinHypercube { .. } | Sampling::Sobol => Some(REPLICATES),
        }
    }

    /// The number of trials that there can be, where it is bounded.
    pub fn trials(self) -> Option<u64> {
        match self {
            Sampling::Random => None,
            Sampling::LatinHypercube { trials } => Some(trials),
            Sampling::Sobol => Some((REPLICATES as u64) << INDEX_BITS),
        }
    }
}

/// The uniforms of one input.
#[derive(Debug, Clone)]
pub struct Points {
    seed: u64,
    pub(super) stream: u64,
    pub(super) strata: Strata,
}

#[derive(Debug, Clone)]
pub(super) enum Strata {
    None,
    Latin(Latin),
    Sobol(Box<Sobol>),
}

impl Points {
    /// Those of the inputs whose identities hash to `streams`, in the order of the plan.
    pub fn of_inputs(sampling: Sampling, seed: u64, streams: &[u64]) -> Result<Vec<Points>, TooManyInputs> {
        let sets = sampling.replicates().unwrap_or(1) as u64;
        let points = |stream: u64, strata| Points { seed, stream, strata };
        let streams = streams.iter().copied();
        match sampling {
            Sampling::Random => Ok(streams.map(|stream| points(stream, Strata::None)).collect()),
            Sampling::LatinHypercube { trials } => Ok(streams
                .map(|stream| points(stream, Strata::Latin(Latin::new(seed, stream, trials, sets))))
                .collect()),
            Sampling::Sobol if streams.len() > DIMENSIONS => {
                Err(TooManyInputs { inputs: streams.len(), most: DIMENSIONS })
            }
            Sampling::Sobol => Ok(streams
                .zip(Directions::new())
                .map(|(stream, directions)| {
                    points(stream, Strata::Sobol(Box::new(Sobol::new(directions, seed, stream))))
                })
                .collect()),
        }
    }

    /// Fills `out` with the uniforms, 0 < u < 1, of trials `first_trial..`, which must exist.
    ///
    /// To be inlined into a function of the processor's vector features; the numbers are the same without.
    #[inline(always)]
    pub fn fill(&self, simd: Simd, first_trial: u64, out: &mut [f64]) {
        Uniforms { seed: self.seed, stream: self.stream }.fill(simd, first_trial, out);
        match &self.strata {
            Strata::None => {}
            Strata::Latin(latin) => latin.stratify(first_trial, out),
            Strata::Sobol(sobol) => sobol.place(first_trial, out),
        }
    }
}
