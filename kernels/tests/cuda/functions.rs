//! Every function of the mathematics, at the edges and at random.

use crate::host::{Host, Operands, words};
use fermiac_math as math;

type Function = fn(Operands) -> f64;

/// In the order of `host.cpp`, with how many random items each is worth.
const FUNCTIONS: [(&str, Function, usize); 14] = [
    ("exp", |[a, ..]| math::exp(a), 400_000),
    ("ln", |[a, ..]| math::ln(a), 400_000),
    ("ln_1p", |[a, ..]| math::ln_1p(a), 400_000),
    ("log10", |[a, ..]| math::log10(a), 400_000),
    ("pow", |[a, b, _]| math::pow(a, b), 400_000),
    ("normal_cdf", |[a, ..]| math::normal_cdf(a), 400_000),
    ("normal_pdf", |[a, ..]| math::normal_pdf(a), 400_000),
    ("normal_quantile", |[a, ..]| math::normal_quantile(a), 400_000),
    ("round_half_away", |[a, b, _]| math::round_half_away(a, b as i32), 400_000),
    ("round_up", |[a, b, _]| math::round_up(a, b as i32), 400_000),
    ("round_down", |[a, b, _]| math::round_down(a, b as i32), 400_000),
    ("ln_gamma", |[a, ..]| math::ln_gamma(a), 100_000),
    ("beta quantile", |[a, b, c]| math::Beta::new(a, b).quantile(c), 4_000),
    ("at_15_digits", |[a, ..]| math::at_15_digits(a), 400_000),
];

const EDGES: [f64; 33] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.0 + f64::EPSILON,
    1.0 - f64::EPSILON / 2.0,
    1.0 / 3.0,
    2.0,
    -2.0,
    3.0,
    -3.0,
    2.675,
    10.0,
    38.7,
    -38.6,
    709.79,
    -745.2,
    710.5,
    -750.0,
    1e15,
    4_503_599_627_370_496.5,
    9_007_199_254_740_993.0,
    1e300,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

#[test]
fn every_function_gives_the_same_bits() {
    let Some(mut host) = Host::start() else { return };
    for (number, (name, function, count)) in FUNCTIONS.into_iter().enumerate() {
        let items = match name {
            "ln_gamma" => shapes(count),
            "beta quantile" => shapes(count),
            _ => edges(name).into_iter().chain(random(name, count)).collect(),
        };
        let theirs = host.function(number, &items);
        for (item, theirs) in items.into_iter().zip(theirs) {
            let ours = function(item);
            // Which NaN it is neither of the two decides.
            let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
            assert!(same, "{name}{item:?}: {ours:?} {theirs:?}");
        }
    }
}

/// All pairs.
fn edges(name: &str) -> Vec<Operands> {
    EDGES.iter().flat_map(|a| EDGES.map(|b| [*a, second(name, b), 0.0])).collect()
}

/// Random bits, and random numbers of the sizes that workbooks hold.
fn random(name: &str, count: usize) -> Vec<Operands> {
    let mut words = words(name.len() as u64);
    let mut word = || words.next().expect("they never end");
    let mut number = || match word() % 4 {
        0 => f64::from_bits(word()),
        1 => fraction(word()),
        2 => (fraction(word()) - 0.5) * 1600.0,
        // Decimal numbers, which rounding looks at closely.
        _ => ((fraction(word()) - 0.5) * 2e9).round() / 10f64.powi((word() % 9) as i32),
    };
    (0..count).map(|_| [number(), second(name, number()), 0.0]).collect()
}

/// Decimal places are integers.
fn second(name: &str, b: f64) -> f64 {
    match (name.starts_with("round"), b.is_finite()) {
        (true, true) => (b % 20.0).trunc(),
        (true, false) => 400.0,
        (false, _) => b,
    }
}

/// Two shapes from 0.001 to 10^5, and a probability.
fn shapes(count: usize) -> Vec<Operands> {
    let mut words = words(77);
    let mut fraction = || fraction(words.next().expect("they never end"));
    (0..count)
        .map(|_| {
            let shape = |share: f64| 10f64.powf(share * 8.0 - 3.0);
            [shape(fraction()), shape(fraction()), fraction()]
        })
        .collect()
}

/// In (0, 1).
pub fn fraction(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) / 2f64.powi(52)
}
