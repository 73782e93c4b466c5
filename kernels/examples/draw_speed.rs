//! Prints nanoseconds a draw on one thread: `cargo run --release -p fermiac-kernels --example draw_speed`.

use std::time::Instant;

use fermiac_kernels::random::{Sampler, Uniforms};
use fermiac_kernels::simd::Simd;
use fermiac_model::distribution::{Distribution, identity_hash};

/// Trials in a call, as the engine makes them.
const RUN: usize = 256;
const CALLS: u64 = 100;
const ROUNDS: u64 = 100;

const DISTRIBUTIONS: [&str; 12] = [
    "constant(1)",
    "uniform(0, 1)",
    "normal(0, 1)",
    "normal(0, 1, truncate_min=-1, truncate_max=2)",
    "lognormal(1, 0.5)",
    "exponential(1)",
    "triangular(0, 1, 3)",
    "pert(0, 1, 3)",
    "beta(0.3, 2)",
    "discrete({1, 2, 3, 4}, {1, 2, 3, 4})",
    "bernoulli(0.3)",
    "integer_uniform(1, 6)",
];

fn main() {
    for text in DISTRIBUTIONS {
        let distribution = Distribution::parse(text).expect("the texts above are right");
        let started = Instant::now();
        let sampler = Sampler::new(&distribution, 1, identity_hash("Inputs!B1"));
        let prepared = started.elapsed();
        let times = paths().map(|(name, fill)| {
            format!("{name} {:6.2}", nanoseconds(|first, out| fill(&sampler, first, out)))
        });
        println!("{text:48} {} ns, prepared in {prepared:?}", times.join("  "));
    }
    let plain = nanoseconds(|first, out| Uniforms { seed: 1, stream: 2 }.fill(Simd::Portable, first, out));
    println!("uniforms without vector features {plain:.2} ns");
}

type Fill = fn(&Sampler, u64, &mut [f64]);

fn paths() -> [(&'static str, Fill); 3] {
    assert!(
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq"),
        "this example needs AVX-512"
    );
    [
        ("baseline", baseline),
        // SAFETY: every processor with AVX-512 has AVX2 and FMA.
        ("avx2", |sampler, first, out| unsafe { avx2(sampler, first, out) }),
        // SAFETY: the features were detected above.
        ("avx512", |sampler, first, out| unsafe { avx512(sampler, first, out) }),
    ]
}

fn baseline(sampler: &Sampler, first: u64, out: &mut [f64]) {
    sampler.fill(Simd::Portable, first, out);
}

#[target_feature(enable = "avx2,fma")]
fn avx2(sampler: &Sampler, first: u64, out: &mut [f64]) {
    sampler.fill(Simd::Avx2, first, out);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn avx512(sampler: &Sampler, first: u64, out: &mut [f64]) {
    sampler.fill(Simd::Avx512, first, out);
}

/// The best of many short rounds, so that other work on the machine disturbs little.
fn nanoseconds(fill: impl Fn(u64, &mut [f64])) -> f64 {
    let mut out = [0.0; RUN];
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for call in 0..CALLS {
            fill(call * RUN as u64, &mut out);
            std::hint::black_box(&out);
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    best * 1e9 / (CALLS * RUN as u64) as f64
}
