//! The beta distribution: its function (the regularised incomplete beta function), density and quantile.
//!
//! These have loops and branches; each loop has a fixed bound.

use crate::exp::exp;
use crate::gamma::{deviance, stirling_error};
use crate::log::ln;

/// The continued fraction converges in O(sqrt(max(alpha, beta))) steps: some thousand for shapes of a million.
const GREATEST_STEPS: u32 = 20_000;
/// Newton's method doubles its digits at every step; bisection alone, the worst case, needs as many as these.
const GREATEST_QUANTILE_STEPS: u32 = 200;
const TWO_PI: f64 = std::f64::consts::TAU;

/// A beta distribution on 0..1, with what depends on its shapes alone.
#[derive(Debug, Clone, Copy)]
pub struct Beta {
    alpha: f64,
    beta: f64,
    /// The root of alpha beta / (2 pi (alpha + beta)).
    factor: f64,
    /// What Stirling's approximation leaves of the logarithm of the beta function.
    correction: f64,
}

impl Beta {
    /// The distribution with shapes `alpha` and `beta`, both > 0.
    pub fn new(alpha: f64, beta: f64) -> Beta {
        let n = alpha + beta;
        Beta {
            alpha,
            beta,
            // Divided before multiplied, so that neither tiny nor huge shapes leave the range.
            factor: (alpha / n * beta / TWO_PI).sqrt(),
            correction: stirling_error(alpha) + stirling_error(beta) - stirling_error(n),
        }
    }

    /// Its two shapes.
    pub fn shapes(&self) -> [f64; 2] {
        [self.alpha, self.beta]
    }

    /// The distribution of 1 - X.
    pub fn mirrored(self) -> Beta {
        Beta { alpha: self.beta, beta: self.alpha, ..self }
    }

    /// P(X <= x), the regularised incomplete beta function: 0 below 0, 1 above 1.
    pub fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else if x >= 1.0 {
            1.0
        } else {
            self.incomplete(x, 1.0 - x)
        }
    }

    /// The density at 0 < x < 1.
    pub fn pdf(&self, x: f64) -> f64 {
        let y = 1.0 - x;
        self.scaled_density(x, y) / (x * y)
    }

    /// x with P(X <= x) = p for 0 < p < 1, by Newton's method on the logarithms within a shrinking bracket.
    pub fn quantile(&self, p: f64) -> f64 {
        if p <= 0.5 { self.lower_quantile(p) } else { 1.0 - self.mirrored().lower_quantile(1.0 - p) }
    }

    /// [`Beta::quantile`] for p <= 1/2, as exact in a quantile near 0 as elsewhere.
    fn lower_quantile(&self, p: f64) -> f64 {
        if p <= 0.0 { 0.0 } else { self.quantile_from(self.first_guess(ln(p)), p) }
    }

    /// [`Beta::quantile`] from a guess, with two steps or so where the guess is good; p > 0, and not near 1.
    pub fn quantile_from(&self, guess: f64, p: f64) -> f64 {
        let target = ln(p);
        let (mut low, mut high) = (0.0, 1.0);
        let mut x = guess;
        for _ in 0..GREATEST_QUANTILE_STEPS {
            let y = 1.0 - x;
            if x < f64::MIN_POSITIVE || y <= 0.0 {
                break;
            }
            let value = self.incomplete(x, y);
            if value < p {
                low = x;
            } else {
                high = x;
            }
            // d ln I / d ln x = x f / I, and x (1 - x) f is the scaled density.
            let slope = self.scaled_density(x, y) / (y * value);
            let next = x * exp((target - ln(value)) / slope);
            // A step out of the bracket (or NaN) is replaced by the middle.
            let next = if next > low && next < high { next } else { 0.5 * (low + high) };
            if (next - x).abs() <= 2e-16 * x {
                return next;
            }
            x = next;
        }
        x
    }

    /// Where Newton's method starts: the leading term x^alpha / (alpha B) of the distribution function, or the mean
    /// where that leads beyond it.
    fn first_guess(&self, target: f64) -> f64 {
        let n = self.alpha + self.beta;
        let mean = self.alpha / n;
        let powers = self.alpha * ln(mean) + self.beta * ln(self.beta / n);
        let ln_beta = powers + 0.5 * ln(TWO_PI * (n / self.alpha) / self.beta) + self.correction;
        let guess = exp((target + ln(self.alpha) + ln_beta) / self.alpha);
        if guess < mean { guess } else { mean }
    }

    /// The density times x (1 - x), that is x^alpha (1 - x)^beta / B(alpha, beta), for y = 1 - x.
    fn scaled_density(&self, x: f64, y: f64) -> f64 {
        let n = self.alpha + self.beta;
        let exponent = deviance(self.alpha, n * x) + deviance(self.beta, n * y);
        self.factor * exp(-(exponent + self.correction))
    }

    /// [`Beta::cdf`] for 0 < x < 1 and y = 1 - x.
    fn incomplete(&self, x: f64, y: f64) -> f64 {
        let (alpha, beta) = (self.alpha, self.beta);
        let density = self.scaled_density(x, y);
        let value = if x * (alpha + beta + 2.0) <= alpha + 1.0 {
            density / alpha * continued_fraction(x, alpha, beta)
        } else {
            1.0 - density / beta * continued_fraction(y, beta, alpha)
        };
        value.clamp(0.0, 1.0)
    }
}

/// alpha I_x(alpha, beta) / (x^alpha (1 - x)^beta / B): DLMF 8.17.22 by the modified method of Lentz (1976).
fn continued_fraction(x: f64, alpha: f64, beta: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let sum = alpha + beta;
    let mut c = 1.0;
    let mut d = 1.0 / not_zero(1.0 - sum * x / (alpha + 1.0));
    let mut value = d;
    for step in 1..=GREATEST_STEPS {
        let m = f64::from(step);
        let twice = 2.0 * m;
        let even = m * (beta - m) * x / ((alpha + twice - 1.0) * (alpha + twice));
        d = 1.0 / not_zero(1.0 + even * d);
        c = not_zero(1.0 + even / c);
        value *= d * c;
        let odd = -(alpha + m) * (sum + m) * x / ((alpha + twice) * (alpha + twice + 1.0));
        d = 1.0 / not_zero(1.0 + odd * d);
        c = not_zero(1.0 + odd / c);
        let factor = d * c;
        value *= factor;
        if (factor - 1.0).abs() < 2e-16 {
            break;
        }
    }
    value
}
