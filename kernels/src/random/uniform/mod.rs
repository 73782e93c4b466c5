//! Uniform numbers by address: seed, input and trial.
//!
//! The key of Philox is the seed, low word first. The counter is
//!
//! | word | holds |
//! |---|---|
//! | 0 | the low 32 bits of trial / 2 |
//! | 1 | the rest of trial / 2 in the low 16 bits, for trials below 2^40; the high 16 hold the index of the draw within the trial, 0 today |
//! | 2, 3 | the low and the high half of the input's identity hash |
//!
//! One call serves two trials: words 0 and 1 of the result make the uniform of the even trial, words 2 and 3 that of
//! the odd one, the first of the two being the upper half. Of the 64 bits the upper 52 are kept, k, and
//! u = (k + 1/2) / 2^52. With 53 bits k + 1/2 would not
//! always be a double, and could round to 1; so u, 1 - u and 2u - 1 are exact, u is never 0 or 1, and u and 1 - u are
//! equally likely.

#[cfg(target_arch = "x86_64")]
mod avx512;

use super::philox::{philox, philox_of_lanes};
use crate::simd::Simd;

/// Trials are numbered below this.
pub const TRIALS: u64 = 1 << 40;

/// Trials that a call of Philox serves.
const PAIR: usize = 2;
/// Pairs whose calls of Philox go side by side: a round is a chain of three instructions, each of which waits for the
/// one before, and so many vectors fill the waiting.
const LANES: usize = 32;
/// How many numbers a run of whole pairs makes.
const RUN: usize = LANES * PAIR;
const OFFSETS: [u64; LANES] = offsets();

const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;
/// 1 - 2^-53: from 1 + k / 2^52 to (k + 1/2) / 2^52.
const ONE_LESS_HALF_STEP: f64 = 1.0 - f64::EPSILON / 2.0;

/// The uniforms of one input under one seed.
#[derive(Debug, Clone, Copy)]
pub struct Uniforms {
    /// Of the run.
    pub seed: u64,
    /// The input's identity hash.
    pub stream: u64,
}

impl Uniforms {
    /// Fills `out` with those of trials `first_trial..`.
    ///
    /// To be inlined into a function of the processor's vector features; the numbers are the same without.
    #[inline(always)]
    pub fn fill(self, simd: Simd, first_trial: u64, out: &mut [f64]) {
        debug_assert!(
            first_trial < TRIALS && out.len() as u64 <= TRIALS - first_trial,
            "trials are bounded by 2^40"
        );
        let mut pair = first_trial >> 1;
        let mut rest = out;
        if first_trial & 1 == 1 {
            let Some((first, others)) = rest.split_first_mut() else { return };
            *first = self.of_pair(pair)[1];
            pair += 1;
            rest = others;
        }
        match simd.available() {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has these instructions, as it has just said.
            Ok(Simd::Avx512) => unsafe { avx512::fill_pairs(self, pair, rest) },
            _ => self.fill_pairs(pair, rest),
        }
    }

    /// Fills `out` from the first trial of `first_pair` on.
    #[inline(always)]
    fn fill_pairs(self, first_pair: u64, out: &mut [f64]) {
        let (runs, rest) = out.as_chunks_mut();
        let mut pairs = (first_pair..).step_by(LANES);
        for (run, pair) in runs.iter_mut().zip(&mut pairs) {
            self.fill_run(pair, run);
        }
        if let Some(pair) = pairs.next().filter(|_| !rest.is_empty()) {
            let mut last = [0.0; RUN];
            self.fill_run(pair, &mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }

    #[inline(always)]
    fn fill_run(self, pair: u64, out: &mut [f64; RUN]) {
        let pairs = OFFSETS.map(|offset| pair + offset);
        let [low, high] = [self.stream, self.stream >> 32].map(|half| [half; LANES]);
        let counter = [pairs, pairs.map(|pair| pair >> 32), low, high];
        let [a, b, c, d] = philox_of_lanes(counter, self.key());
        for lane in 0..LANES {
            out[2 * lane] = uniform(a[lane], b[lane]);
            out[2 * lane + 1] = uniform(c[lane], d[lane]);
        }
    }

    /// Those of trials 2 `pair` and 2 `pair` + 1.
    #[inline(always)]
    fn of_pair(self, pair: u64) -> [f64; PAIR] {
        let [a, b, c, d] = philox([pair, pair >> 32, self.stream, self.stream >> 32], self.key());
        [uniform(a, b), uniform(c, d)]
    }

    #[inline(always)]
    fn key(self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }
}

/// 0, 1, 2 and so on: known when compiling, they are read as whole vectors.
const fn offsets() -> [u64; LANES] {
    let mut offsets = [0; LANES];
    let mut lane = 0;
    while lane < LANES {
        offsets[lane] = lane as u64;
        lane += 1;
    }
    offsets
}

/// (k + 1/2) / 2^52 from the upper 52 of the 64 bits with these halves.
#[inline(always)]
fn uniform(high: u64, low: u64) -> f64 {
    let k = (high << 20) & 0x000f_ffff_fff0_0000 | (low >> 12) & 0x000f_ffff;
    f64::from_bits(k | ONE_BITS) - ONE_LESS_HALF_STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::families;
    use proptest::prelude::*;

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,bmi2")]
    fn fill_in_avx2(uniforms: Uniforms, first: u64, out: &mut [f64]) {
        uniforms.fill(Simd::Avx2, first, out);
    }

    proptest! {
        #[test]
        fn every_family_gives_the_same_bits(
            seed: u64,
            stream: u64,
            first in prop_oneof![0..300u64, (1u64 << 33) - 300..(1u64 << 33) + 300, TRIALS - 700..TRIALS - 600],
            length in 0..600usize,
        ) {
            let uniforms = Uniforms { seed, stream };
            let one_by_one = (first..).take(length);
            let expected: Vec<f64> =
                one_by_one.map(|trial| uniforms.of_pair(trial / 2)[trial as usize % PAIR]).collect();
            for simd in families() {
                let mut found = vec![0.0; length];
                match simd {
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the processor has these instructions, as it is one of its families.
                    Simd::Avx2 => unsafe { fill_in_avx2(uniforms, first, &mut found) },
                    _ => uniforms.fill(simd, first, &mut found),
                }
                prop_assert_eq!(&found, &expected, "{:?}", simd);
            }
        }
    }
}
