//! Draws of every family and of every sampling.

use crate::distributions::DISTRIBUTIONS;
use crate::functions::fraction;
use crate::host::{Host, assert_agree, bits, image_of, words};
use fermiac_kernels::random::{Sampler, Sampling};
use fermiac_kernels::simd::Simd;
use fermiac_model::distribution::{Distribution, identity_hash};
use fermiac_model::plan::{CorrelationGroup, Draw, Plan};
use proptest::prelude::*;

/// Beside those of the other tests: where tables give way to solving, and what is hard on numbers.
const HARD: [&str; 8] = [
    "lognormal(1e300, 1e300)",
    "uniform(-1e300, 1e300)",
    "beta(0.001, 0.001)",
    "beta(0.04, 0.2)",
    "beta(5, 2, truncate_min=0.9, shift=-0.5)",
    "discrete({1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19}, {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1})",
    "constant(0)",
    "discrete({-0, 1}, {2, 1})",
];

/// All that are drawn from.
pub fn distributions() -> impl Iterator<Item = &'static str> {
    DISTRIBUTIONS.into_iter().chain(HARD)
}

/// Any of those that cost tables by the dozen of microseconds, not milliseconds.
pub fn any_cheap_distribution() -> impl Strategy<Value = &'static str> {
    let cheap: Vec<&str> = distributions().filter(|text| !text.starts_with("beta(0.0")).collect();
    prop::sample::select(cheap)
}

pub fn any_sampling() -> impl Strategy<Value = Sampling> {
    prop::sample::select(vec![
        Sampling::Random,
        Sampling::Sobol,
        Sampling::LatinHypercube { trials: 1 << 20 },
    ])
}

const RANDOM_UNIFORMS: usize = 20_000;

pub fn draw(index: usize, text: &str) -> Draw {
    let identity = format!("Inputs!B{index}");
    let distribution = Distribution::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Draw { stream: identity_hash(&identity), identity, distribution }
}

/// One input for each of these.
pub fn draws<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Draw> {
    texts.into_iter().enumerate().map(|(index, text)| draw(index, text)).collect()
}

/// Has the first two inputs move together.
pub fn tied() -> Vec<CorrelationGroup> {
    vec![CorrelationGroup { inputs: vec![1, 0], factor: vec![1.0, 0.6, 0.8] }]
}

fn plan_of_all() -> Plan {
    Plan { draws: draws(distributions()), ..Plan::default() }
}

#[test]
fn every_distribution_takes_a_uniform_to_the_same_draw() {
    let Some(mut host) = Host::start() else { return };
    let plan = plan_of_all();
    let image = image_of(&plan, 1, Sampling::Random);
    for (input, text) in distributions().enumerate() {
        let mut uniforms = edges();
        let random = if text.starts_with("beta(0.0") { RANDOM_UNIFORMS / 20 } else { RANDOM_UNIFORMS };
        uniforms.extend(words(input as u64).take(random).map(fraction));
        let theirs = host.draws(input, &image, &uniforms);
        let mut ours = uniforms.clone();
        let draw = &plan.draws[input];
        Sampler::new(&draw.distribution, 1, draw.stream).transform(Simd::Portable, &mut ours);
        let differs = ours.iter().zip(&theirs).position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(at) = differs {
            panic!("{text} at {:e}: {:?} {:?}", uniforms[at], ours[at], theirs[at]);
        }
    }
}

/// Both ends, both sides of the middle, and the edges of every row and cell of the tables.
fn edges() -> Vec<f64> {
    let octaves = (1..70).map(|octave| 0.5f64.powi(octave));
    let lower: Vec<f64> = octaves
        .flat_map(|power| [1.0, 1.25, 1.5, 1.75, 1.0 + 1.0 / 64.0].map(|part| part * power))
        .flat_map(|p| [p.next_down(), p, p.next_up()])
        .filter(|p| *p < 1.0)
        .collect();
    let upper = lower.iter().map(|p| 1.0 - p).filter(|p| *p > 0.0 && *p < 1.0);
    upper.chain(lower.iter().copied()).chain([f64::MIN_POSITIVE, 1e-300, 1e-100]).collect()
}

#[test]
fn every_sampling_draws_the_same() {
    let Some(mut host) = Host::start() else { return };
    let plan = plan_of_all();
    for seed in [0, 1, u64::MAX] {
        assert_agree(&mut host, &plan, (seed, Sampling::Random), (1 << 39) + 1, 300);
        assert_agree(&mut host, &plan, (seed, Sampling::Sobol), 5, 300);
        assert_agree(&mut host, &plan, (seed, Sampling::Sobol), (1 << 36) - 300, 300);
        for trials in [1, 7, 64, 65, 255, 256, 1000, 1025, 100_000, 1 << 38] {
            let (all, count) = (trials.min(300), Sampling::LatinHypercube { trials });
            assert_agree(&mut host, &plan, (seed, count), trials - all, all as usize);
        }
    }
}

#[test]
fn inputs_that_move_together_draw_the_same() {
    let Some(mut host) = Host::start() else { return };
    let mut plan = plan_of_all();
    plan.correlations = vec![
        CorrelationGroup { inputs: vec![5, 0, 16], factor: vec![1.0, 0.6, 0.8, -0.3, 0.5, 0.66f64.sqrt()] },
        CorrelationGroup { inputs: vec![8, 27], factor: vec![1.0, -1.0, 0.0] },
    ];
    for sampling in [Sampling::Random, Sampling::Sobol, Sampling::LatinHypercube { trials: 4000 }] {
        assert_agree(&mut host, &plan, (3, sampling), 0, 4000);
    }
}

#[test]
fn only_the_wanted_columns_come_back() {
    use fermiac_kernels::engine::image::{Image, Wanted};
    let Some(mut host) = Host::start() else { return };
    let plan = plan_of_all();
    let all = host.trials(&image_of(&plan, 1, Sampling::Random), 9, 50);
    let columns: Vec<bool> = (0..plan.columns()).map(|column| column % 3 == 1).collect();
    let wanted = Wanted { plan: &plan, seed: 1, sampling: Sampling::Random, columns: &columns };
    let some = host.trials(&Image::new(&wanted).unwrap(), 9, 50);
    assert_eq!(some.len(), 11);
    for (column, values) in all.iter().skip(1).step_by(3).zip(&some) {
        assert_eq!(bits(column), bits(values));
    }
}
