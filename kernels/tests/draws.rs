//! Draws against closed forms, and their independence from how they are made.

mod distributions;

use distributions::DISTRIBUTIONS;
use fermiac_kernels::random::{Sampler, Uniforms};
use fermiac_kernels::simd::Simd;
use fermiac_model::distribution::{Distribution, identity_hash};
use proptest::prelude::*;

fn sampler(text: &str, seed: u64) -> Sampler {
    Sampler::new(&read(text), seed, identity_hash("Inputs!B1"))
}

fn read(text: &str) -> Distribution {
    Distribution::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn draws(text: &str, count: usize) -> Vec<f64> {
    let mut out = vec![0.0; count];
    fill(&sampler(text, 2026), 0, &mut out);
    out
}

/// By the widest instructions that this machine has.
fn fill(sampler: &Sampler, first: u64, out: &mut [f64]) {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the features were detected.
        unsafe { fill_avx2(sampler, first, out) }
    } else {
        sampler.fill(Simd::Portable, first, out);
    }
}

#[target_feature(enable = "avx2,fma")]
fn fill_avx2(sampler: &Sampler, first: u64, out: &mut [f64]) {
    sampler.fill(Simd::Avx2, first, out);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn fill_avx512(sampler: &Sampler, first: u64, out: &mut [f64]) {
    sampler.fill(Simd::Avx512, first, out);
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    for text in DISTRIBUTIONS {
        let sampler = sampler(text, 7);
        let mut plain = vec![0.0; 5000];
        sampler.fill(Simd::Portable, 3, &mut plain);
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let mut wide = vec![0.0; 5000];
            // SAFETY: the features were detected.
            unsafe { fill_avx2(&sampler, 3, &mut wide) };
            assert_eq!(bits(&wide), bits(&plain), "AVX2: {text}");
        } else {
            eprintln!("skipped: this machine has no AVX2");
        }
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            let mut wide = vec![0.0; 5000];
            // SAFETY: the features were detected; every processor with AVX512DQ has VL and BW, AVX2 and FMA.
            unsafe { fill_avx512(&sampler, 3, &mut wide) };
            assert_eq!(bits(&wide), bits(&plain), "AVX-512: {text}");
        } else {
            eprintln!("skipped: this machine has no AVX-512");
        }
    }
}

#[test]
fn moments_agree_with_closed_forms() {
    let count = 1_000_000;
    for text in DISTRIBUTIONS.into_iter().filter(|text| !text.contains("truncate")) {
        let distribution = read(text);
        let values = draws(text, count);
        let n = count as f64;
        let mean = values.iter().sum::<f64>() / n;
        let moment = |power| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
        let (variance, fourth) = (moment(2), moment(4));
        let expected_mean = distribution.family.mean() + distribution.shift;
        let expected_variance = distribution.family.std_dev().powi(2);
        let mean_error = (variance / n).sqrt();
        let variance_error = ((fourth - variance * variance) / n).sqrt();
        assert!((mean - expected_mean).abs() <= 4.5 * mean_error, "{text}: mean {mean}, not {expected_mean}");
        assert!(
            (variance - expected_variance).abs() <= 4.5 * variance_error,
            "{text}: variance {variance}, not {expected_variance}"
        );
    }
}

#[test]
fn a_truncated_normal_has_its_moments() {
    // On -1/2..3: mean (phi(a) - phi(b)) / Z with phi the density and Z = Phi(b) - Phi(a).
    let phi = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let z = 0.691_462_461_274_013_1 - 0.001_349_898_031_630_095;
    let expected = (phi(0.5) - phi(3.0)) / z;
    let values = draws("normal(0, 1, truncate_min=-0.5, truncate_max=3)", 1_000_000);
    let mean = values.iter().sum::<f64>() / 1e6;
    assert!((mean - expected).abs() < 4.5 * 0.7 / 1e3, "{mean}, not {expected}");
}

#[test]
fn draws_follow_their_distribution_function() {
    // Kolmogorov and Smirnov: sqrt(n) times the greatest distance exceeds 2.2 once in 8,000 times.
    let count = 200_000;
    for text in DISTRIBUTIONS {
        let distribution = read(text);
        let mut values = draws(text, count);
        values.sort_by(f64::total_cmp);
        let mut greatest = 0.0f64;
        for (place, value) in values.iter().enumerate() {
            if values.get(place + 1) != Some(value) {
                let share = (place + 1) as f64 / count as f64;
                greatest = greatest.max((share - distribution.cdf(*value)).abs());
            }
        }
        assert!(greatest * (count as f64).sqrt() < 2.2, "{text}: {greatest}");
    }
}

#[test]
fn tails_hold_their_share() {
    let count = 1_000_000;
    for text in ["normal(0, 1)", "lognormal(1, 0.5)", "exponential(3)", "pert(0, 1, 4)", "beta(0.7, 6)"] {
        let (distribution, sampler) = (read(text), sampler(text, 2026));
        let values = draws(text, count);
        for p in [1e-5, 1e-4, 1e-3, 0.999, 0.9999, 0.99999] {
            let mut at = [p];
            sampler.transform(Simd::Portable, &mut at);
            let expected = distribution.cdf(at[0]);
            assert!((expected - p).abs() < 1e-12 * p.max(1e-3), "{text} at {p}: {expected}");
            let below = values.iter().filter(|value| **value <= at[0]).count() as f64;
            let error = (expected * (1.0 - expected) * count as f64).sqrt();
            assert!((below - expected * count as f64).abs() < 4.5 * error, "{text} at {p}: {below}");
        }
    }
}

#[test]
fn uniforms_are_uniform_and_never_end_points() {
    let mut out = vec![0.0; 1 << 20];
    Uniforms { seed: 1, stream: 2 }.fill(Simd::detect().unwrap(), 0, &mut out);
    assert!(out.iter().all(|u| *u > 0.0 && *u < 1.0));
    let mut counts = [0u32; 1024];
    for u in &out {
        counts[(u * 1024.0) as usize] += 1;
    }
    // Chi-squared with 1023 degrees of freedom: mean 1023, standard deviation 45.2.
    let chi_squared: f64 = counts.iter().map(|count| (f64::from(*count) - 1024.0).powi(2) / 1024.0).sum();
    assert!((chi_squared - 1023.0).abs() < 4.5 * 45.2, "{chi_squared}");
    // Neighbouring trials, which share a call, are not correlated: 1/12 of a standard error is 1 / sqrt(n).
    let product: f64 = out.chunks_exact(2).map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5)).sum();
    assert!((product * 12.0 / (out.len() as f64 / 2.0).sqrt()).abs() < 4.5, "{product}");
}

#[test]
fn the_address_of_a_draw_is_fixed() {
    // Philox4x32-10 of counter (4, 0, identity low, high) under the seed, words 2 and 3: the odd trial 9.
    let (seed, stream) = (0x0123_4567_89ab_cdef_u64, identity_hash("Inputs!B1"));
    let words = fermiac_kernels::random::philox::philox(
        [4, 0, stream, stream >> 32],
        [seed as u32, (seed >> 32) as u32],
    );
    let k = ((words[2] & 0xffff_ffff) << 32 | words[3] & 0xffff_ffff) >> 12;
    for simd in Simd::ALL.into_iter().filter(|simd| simd.available().is_ok()) {
        let mut out = [0.0; 1];
        Uniforms { seed, stream }.fill(simd, 9, &mut out);
        assert_eq!(out[0], (k as f64 + 0.5) / 2f64.powi(52));
    }
}

#[test]
fn extreme_uniforms_make_finite_draws_in_order() {
    let mut texts = DISTRIBUTIONS.to_vec();
    texts.extend([
        "lognormal(1e300, 1e300)",
        "normal(1e300, 1e300)",
        "uniform(-1e300, 1e300)",
        "beta(0.001, 0.001)",
    ]);
    for text in texts {
        let sampler = sampler(text, 1);
        let least = 0.5f64.powi(53);
        let mut values = [f64::MIN_POSITIVE, least, 1e-9, 0.01, 0.3, 0.5, 0.7, 0.99, 1.0 - 1e-9, 1.0 - least];
        sampler.transform(Simd::Portable, &mut values);
        assert!(values.iter().all(|value| value.is_finite()), "{text}: {values:?}");
        assert!(values.windows(2).all(|pair| pair[0] <= pair[1]), "{text}: {values:?}");
    }
}

proptest! {
    #[test]
    fn a_fill_may_be_split_anywhere(first in 0u64..1 << 36, cuts in proptest::collection::vec(0usize..400, 0..5)) {
        for text in ["normal(10, 2)", "lognormal(1, 0.5)", "discrete({3, 1}, {1, 2})"] {
            let sampler = sampler(text, first);
            let mut whole = vec![0.0; 400];
            fill(&sampler, first, &mut whole);
            let mut cuts = cuts.clone();
            cuts.extend([0, 400]);
            cuts.sort_unstable();
            let mut pieces = vec![0.0; 400];
            for pair in cuts.windows(2) {
                fill(&sampler, first + pair[0] as u64, &mut pieces[pair[0]..pair[1]]);
            }
            prop_assert_eq!(bits(&whole), bits(&pieces));
        }
    }

    #[test]
    fn quantiles_are_monotone(p in 1e-9f64..0.999, step in 1e-9f64..1e-3, which in 0..DISTRIBUTIONS.len()) {
        let mut values = [p, p + step];
        sampler(DISTRIBUTIONS[which], 1).transform(Simd::Portable, &mut values);
        prop_assert!(values[0] <= values[1], "{} {:?}", DISTRIBUTIONS[which], values);
    }

    #[test]
    fn the_distribution_function_undoes_the_quantile(p in 1e-9f64..0.999, which in 0..DISTRIBUTIONS.len()) {
        let text = DISTRIBUTIONS[which];
        let discrete = ["discrete", "bernoulli", "integer", "constant"].iter().any(|name| text.starts_with(name));
        let mut at = [p];
        sampler(text, 1).transform(Simd::Portable, &mut at);
        let back = read(text).cdf(at[0]);
        if discrete {
            prop_assert!(back >= p * (1.0 - 1e-12), "{text} at {p}: {back}");
        } else {
            prop_assert!((back - p).abs() < 1e-9, "{text} at {p}: {back}");
        }
    }
}
