//! Loops over lanes that the compiler turns into vector instructions.

use fermiac_math::{normal_quantile_central, normal_quantile_tail};

/// Lanes that are worked on at once: they stay in the first cache, and the compiler knows how many there are.
const RUN: usize = 64;

/// Replaces each value by its image.
#[inline(always)]
pub(super) fn map(values: &mut [f64], image: impl Fn(f64) -> f64) {
    for value in values {
        *value = image(*value);
    }
}

/// Replaces each probability by the image of its standard normal quantile.
#[inline(always)]
pub(super) fn map_normal(values: &mut [f64], image: impl Fn(f64) -> f64) {
    let (runs, rest) = values.as_chunks_mut::<RUN>();
    for run in runs {
        map_normal_run(run, &image);
    }
    if !rest.is_empty() {
        // The lanes that are not wanted hold a probability without a tail.
        let mut last = [0.5; RUN];
        last[..rest.len()].copy_from_slice(rest);
        map_normal_run(&mut last, &image);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

#[inline(always)]
fn map_normal_run(run: &mut [f64; RUN], image: &impl Fn(f64) -> f64) {
    let mut quantiles = [0.0; RUN];
    let mut any_needs_tail = false;
    for lane in 0..RUN {
        let (quantile, needs_tail) = normal_quantile_central(run[lane]);
        quantiles[lane] = quantile;
        any_needs_tail |= needs_tail;
    }
    if any_needs_tail {
        fill_tails(run, &mut quantiles);
    }
    for lane in 0..RUN {
        run[lane] = image(quantiles[lane]);
    }
}

/// Replaces the quantiles that lie in a tail. One draw in 380 does: a run of 64 has one in six times.
#[inline(always)]
fn fill_tails(probabilities: &[f64; RUN], quantiles: &mut [f64; RUN]) {
    for (probability, quantile) in probabilities.iter().zip(quantiles) {
        if normal_quantile_central(*probability).1 {
            *quantile = normal_quantile_tail(*probability);
        }
    }
}
