//! Draws: a distribution made ready, and uniforms taken through its quantile function.

use fermiac_math::{ln, ln_1p};
use fermiac_model::distribution::{Distribution, Family, Side, moments_of_logarithm};

use super::lanes::map;
use super::normal::{Line, normals};
use super::quantile_table::BetaQuantile;
use super::steps::Steps;
use super::uniform::Uniforms;
use crate::exponential::exponentials;
use crate::simd::Simd;

/// One input, ready to be drawn.
///
/// Every number drawn is finite, and a function of seed, stream and trial alone.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    stream: u64,
    pub(super) truncation: Option<Truncation>,
    pub(super) quantile: Quantile,
    pub(super) shift: f64,
}

/// What takes a uniform to the probabilities that truncation leaves, and keeps draws within the bounds where
/// rounding would lead out.
#[derive(Debug, Clone)]
pub(super) struct Truncation {
    pub(super) from: f64,
    pub(super) width: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The quantile function of a family, of the probability below or, negated or mirrored, above.
#[derive(Debug, Clone)]
pub(super) enum Quantile {
    Constant(f64),
    /// From the end at p = 0, this wide.
    Uniform {
        start: f64,
        width: f64,
    },
    /// The standard deviation is negative for probabilities above.
    Normal(Line),
    /// Of the logarithm; likewise.
    Lognormal(Line),
    Triangular(Triangle),
    /// The mean is negative for probabilities below.
    Exponential {
        mean: f64,
        side: Side,
    },
    Beta {
        table: Box<BetaQuantile>,
        start: f64,
        width: f64,
    },
    Integers {
        min: f64,
        max: f64,
    },
    Steps(Steps),
}

/// A triangle from the end at p = 0 to the end at p = 1.
#[derive(Debug, Clone)]
pub(super) struct Triangle {
    pub(super) start: f64,
    /// Times the root of p, what is added to the start.
    pub(super) rise: f64,
    pub(super) end: f64,
    /// Times the root of 1 - p, what is added to the end.
    pub(super) fall: f64,
    /// The probability between the start and the mode.
    pub(super) split: f64,
}

/// A probability that rounding took to 0 or 1 would make an infinite draw.
const LEAST_SHARE: f64 = f64::MIN_POSITIVE;
const GREATEST_SHARE: f64 = 1.0 - f64::EPSILON / 2.0;
/// Draws beyond are brought back here: only a lognormal reaches so far, and a shift must not overflow it.
const GREATEST_DRAW: f64 = 1e307;

impl Sampler {
    /// A sampler of `distribution`, which [`Distribution::parse`] has checked, for the input whose identity hashes to
    /// `stream`.
    pub fn new(distribution: &Distribution, seed: u64, stream: u64) -> Sampler {
        let quantile = Quantile::new(distribution);
        let (low, high) = distribution.bounds();
        let by_table =
            matches!(quantile, Quantile::Constant(_) | Quantile::Integers { .. } | Quantile::Steps(_));
        let unbounded = low == f64::NEG_INFINITY && high == f64::INFINITY;
        let truncation = (!by_table && !unbounded).then(|| {
            let window = distribution.window();
            Truncation { from: window.from, width: window.to - window.from, low, high }
        });
        Sampler { seed, stream, truncation, quantile, shift: distribution.shift }
    }

    /// Fills `out` with the draws of trials `first_trial..`.
    ///
    /// To be inlined into a function of the processor's vector features; the numbers are the same without.
    #[inline(always)]
    pub fn fill(&self, simd: Simd, first_trial: u64, out: &mut [f64]) {
        Uniforms { seed: self.seed, stream: self.stream }.fill(simd, first_trial, out);
        self.transform(simd, out);
    }

    /// Takes each uniform of 0 < u < 1 to the draw that it stands for, in place.
    #[inline(always)]
    pub fn transform(&self, simd: Simd, values: &mut [f64]) {
        if let Some(truncation) = &self.truncation {
            map(values, |u| {
                within(u.mul_add(truncation.width, truncation.from), LEAST_SHARE, GREATEST_SHARE)
            });
        }
        self.quantile.apply(simd, values);
        if let Some(truncation) = &self.truncation {
            map(values, |x| within(x, truncation.low, truncation.high));
        }
        if self.shift != 0.0 {
            map(values, |x| x + self.shift);
        }
    }
}

impl Quantile {
    fn new(distribution: &Distribution) -> Quantile {
        let (low, high) = distribution.bounds();
        let side = distribution.window().side;
        let sign = if side == Side::Below { 1.0 } else { -1.0 };
        let ends = |min: f64, max: f64| if side == Side::Below { (min, max) } else { (max, min) };
        match &distribution.family {
            Family::Normal { mean, std_dev } => {
                Quantile::Normal(Line { mean: *mean, std_dev: sign * std_dev })
            }
            Family::Lognormal { mean, std_dev } => {
                let (mean, std_dev) = moments_of_logarithm(*mean, *std_dev);
                Quantile::Lognormal(Line { mean, std_dev: sign * std_dev })
            }
            Family::Uniform { min, max } => {
                let (start, end) = ends(*min, *max);
                Quantile::Uniform { start, width: end - start }
            }
            Family::Triangular { min, mode, max } => {
                let (start, end) = ends(*min, *max);
                Quantile::Triangular(Triangle::new(start, *mode, end))
            }
            Family::Pert { .. } | Family::Beta { .. } => {
                let form = distribution.family.beta_form().expect("pert and beta have a beta form");
                let (start, end) = ends(form.min, form.max);
                let (alpha, beta) = ends(form.alpha, form.beta);
                let table = Box::new(BetaQuantile::new(alpha, beta));
                Quantile::Beta { table, start, width: end - start }
            }
            Family::Exponential { mean } => Quantile::Exponential { mean: -mean, side },
            Family::Discrete { values, weights } => Quantile::steps(values, weights, low, high),
            Family::Bernoulli { p } => Quantile::steps(&[0.0, 1.0], &[1.0 - p, *p], low, high),
            Family::IntegerUniform { min, max } => {
                Quantile::Integers { min: at_least(*min, low.ceil()), max: at_most(*max, high.floor()) }
            }
            Family::Constant { value } => Quantile::Constant(*value),
        }
    }

    fn steps(values: &[f64], weights: &[f64], low: f64, high: f64) -> Quantile {
        let kept = values.iter().copied().zip(weights.iter().copied());
        Quantile::Steps(Steps::new(kept.filter(|(value, _)| low <= *value && *value <= high)))
    }

    #[inline(always)]
    fn apply(&self, simd: Simd, values: &mut [f64]) {
        match self {
            Quantile::Constant(value) => values.fill(*value),
            Quantile::Uniform { start, width } => map(values, |p| p.mul_add(*width, *start)),
            Quantile::Normal(line) => normals(simd, *line, values),
            Quantile::Lognormal(line) => {
                normals(simd, *line, values);
                exponentials(simd, values);
                map(values, |x| at_most(x, GREATEST_DRAW));
            }
            Quantile::Triangular(triangle) => map(values, |p| triangle.at(p)),
            Quantile::Exponential { mean, side: Side::Below } => map(values, |p| mean * ln_1p(-p)),
            Quantile::Exponential { mean, side: Side::Above } => map(values, |q| mean * ln(q)),
            Quantile::Beta { table, start, width } => table.apply(*start, *width, values),
            Quantile::Integers { min, max } => {
                let count = max - min + 1.0;
                map(values, |p| at_most(min + (p * count).floor(), *max));
            }
            Quantile::Steps(steps) => steps.apply(values),
        }
    }
}

impl Triangle {
    fn new(start: f64, mode: f64, end: f64) -> Triangle {
        let width = end - start;
        // Roots before products, so that neither overflows.
        let root = |a: f64, b: f64| a.abs().sqrt() * b.abs().sqrt();
        Triangle {
            start,
            rise: root(width, mode - start).copysign(width),
            end,
            fall: -root(width, end - mode).copysign(width),
            split: (mode - start) / width,
        }
    }

    #[inline(always)]
    fn at(&self, p: f64) -> f64 {
        let rising = p.sqrt().mul_add(self.rise, self.start);
        let falling = (1.0 - p).sqrt().mul_add(self.fall, self.end);
        if p < self.split { rising } else { falling }
    }
}

#[inline(always)]
fn within(x: f64, low: f64, high: f64) -> f64 {
    at_most(at_least(x, low), high)
}

#[inline(always)]
fn at_most(x: f64, bound: f64) -> f64 {
    if x > bound { bound } else { x }
}

#[inline(always)]
fn at_least(x: f64, bound: f64) -> f64 {
    if x < bound { bound } else { x }
}
