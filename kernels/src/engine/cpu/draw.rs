//! The draws of a batch, input by input.

use std::ops::Range;

use fermiac_model::plan::Draw;

/// The inputs of a plan, ready to be drawn.
#[derive(Debug)]
pub(super) struct Inputs {
    streams: Vec<(u64, u64)>,
}

impl Inputs {
    /// The inputs `draws` under `seed`.
    pub(super) fn new(draws: &[Draw], seed: u64) -> Inputs {
        Inputs { streams: draws.iter().map(|draw| (seed, draw.stream)).collect() }
    }

    /// Writes the draws of the trials from `first_trial` on into `range` of the inputs' columns.
    pub(super) fn fill(&self, first_trial: u64, columns: &mut [&mut [f64]], range: Range<usize>) {
        for ((seed, stream), column) in self.streams.iter().zip(columns) {
            for (trial, draw) in (first_trial..).zip(&mut column[range.clone()]) {
                *draw = uniform(seed ^ stream.rotate_left(17) ^ trial.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            }
        }
    }
}

/// A uniform number between 0 and 1 from mixed bits (Stafford 2011, mix 13), until the generator stands.
fn uniform(mut bits: u64) -> f64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}
