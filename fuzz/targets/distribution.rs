//! Arbitrary text as a distribution: what is accepted reads back the same and gives finite draws.
#![no_main]

use fermiac_kernels::random::Sampler;
use fermiac_kernels::simd::Simd;
use fermiac_model::distribution::Distribution;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(distribution) = Distribution::parse(text) else { return };
    let shown = distribution.to_string();
    assert_eq!(Distribution::parse(&shown).as_ref(), Ok(&distribution), "{text:?} is shown as {shown:?}");
    let mut draws = [0.0; 64];
    Sampler::new(&distribution, 1, 2).fill(Simd::Portable, 0, &mut draws);
    assert!(draws.iter().all(|draw| draw.is_finite()), "{shown}: {draws:?}");
    // The ends of the uniform's range.
    let mut ends = [f64::EPSILON / 2.0, 1.0 - f64::EPSILON / 2.0];
    Sampler::new(&distribution, 1, 2).transform(Simd::Portable, &mut ends);
    assert!(ends.iter().all(|draw| draw.is_finite()), "{shown}: {ends:?}");
});
