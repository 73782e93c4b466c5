//! Distribution functions of the families, and what truncation leaves of them.

use fermiac_math::{Beta, exp, ln, normal_cdf};

use super::{Distribution, Family, moments_of_logarithm};

/// The probabilities between which draws of a truncated distribution lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Whether `from` and `to` are probabilities of lying below, or above: the side on which they are smaller, so
    /// that a window far out in a tail keeps its digits.
    pub side: Side,
    /// The probability at the lower bound of the values.
    pub from: f64,
    /// The probability at the upper bound of the values.
    pub to: f64,
}

/// A side of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// P(X <= x).
    Below,
    /// P(X > x).
    Above,
}

impl Window {
    /// The probability of the window.
    pub fn probability(&self) -> f64 {
        (self.to - self.from).abs()
    }
}

impl Distribution {
    /// P(X <= x) for a draw X, truncation and shift included.
    pub fn cdf(&self, x: f64) -> f64 {
        let x = x - self.shift;
        let (low, high) = self.bounds();
        if x < low {
            return 0.0;
        }
        if x >= high {
            return 1.0;
        }
        let window = self.window();
        let at = match window.side {
            Side::Below => self.family.cdf(x),
            Side::Above => self.family.upper(x),
        };
        ((at - window.from) / (window.to - window.from)).clamp(0.0, 1.0)
    }

    /// The bounds of truncation, infinite where there is none.
    pub fn bounds(&self) -> (f64, f64) {
        (self.truncate_min.unwrap_or(f64::NEG_INFINITY), self.truncate_max.unwrap_or(f64::INFINITY))
    }

    /// What truncation leaves of the family.
    pub fn window(&self) -> Window {
        let (low, high) = self.bounds();
        let from = self.family.below(low);
        if from > 0.5 {
            // P(X >= low), less what is above high.
            return Window {
                side: Side::Above,
                from: self.family.at_least(low),
                to: self.family.upper(high),
            };
        }
        Window { side: Side::Below, from, to: self.family.cdf(high) }
    }
}

impl Family {
    /// P(X <= x), without truncation and shift.
    pub fn cdf(&self, x: f64) -> f64 {
        match self {
            Family::Normal { mean, std_dev } => normal_cdf((x - mean) / std_dev),
            Family::Lognormal { mean, std_dev } => {
                let (mu, sigma) = moments_of_logarithm(*mean, *std_dev);
                if x > 0.0 { normal_cdf((ln(x) - mu) / sigma) } else { 0.0 }
            }
            Family::Uniform { min, max } => ((x - min) / (max - min)).clamp(0.0, 1.0),
            Family::Triangular { min, mode, max } => triangular_below(x, *min, *mode, *max),
            Family::Pert { .. } | Family::Beta { .. } => {
                let form = self.beta_form().expect("pert and beta have a beta form");
                Beta::new(form.alpha, form.beta).cdf((x - form.min) / (form.max - form.min))
            }
            Family::Exponential { mean } => one_less_exp(x / mean),
            Family::Discrete { values, weights } => share(values, weights, |value| value <= x),
            Family::Bernoulli { p } => share(&[0.0, 1.0], &[1.0 - p, *p], |value| value <= x),
            Family::IntegerUniform { min, max } => {
                ((x.floor() - min + 1.0) / (max - min + 1.0)).clamp(0.0, 1.0)
            }
            Family::Constant { value } => share(&[*value], &[1.0], |value| value <= x),
        }
    }

    /// P(X > x), with its digits where it is small.
    pub fn upper(&self, x: f64) -> f64 {
        match self {
            Family::Normal { mean, std_dev } => normal_cdf((mean - x) / std_dev),
            Family::Lognormal { mean, std_dev } => {
                let (mu, sigma) = moments_of_logarithm(*mean, *std_dev);
                if x > 0.0 { normal_cdf((mu - ln(x)) / sigma) } else { 1.0 }
            }
            Family::Uniform { min, max } => ((max - x) / (max - min)).clamp(0.0, 1.0),
            Family::Triangular { min, mode, max } => triangular_below(-x, -max, -mode, -min),
            Family::Pert { .. } | Family::Beta { .. } => {
                let form = self.beta_form().expect("pert and beta have a beta form");
                Beta::new(form.beta, form.alpha).cdf((form.max - x) / (form.max - form.min))
            }
            Family::Exponential { mean } => {
                if x > 0.0 {
                    exp(-x / mean)
                } else {
                    1.0
                }
            }
            Family::Discrete { values, weights } => share(values, weights, |value| value > x),
            Family::Bernoulli { p } => share(&[0.0, 1.0], &[1.0 - p, *p], |value| value > x),
            Family::IntegerUniform { min, max } => ((max - x.floor()) / (max - min + 1.0)).clamp(0.0, 1.0),
            Family::Constant { value } => share(&[*value], &[1.0], |value| value > x),
        }
    }

    /// P(X < x).
    fn below(&self, x: f64) -> f64 {
        match self {
            Family::Discrete { values, weights } => share(values, weights, |value| value < x),
            Family::Bernoulli { p } => share(&[0.0, 1.0], &[1.0 - p, *p], |value| value < x),
            Family::IntegerUniform { min, max } => ((x.ceil() - min) / (max - min + 1.0)).clamp(0.0, 1.0),
            Family::Constant { value } => share(&[*value], &[1.0], |value| value < x),
            _ => self.cdf(x),
        }
    }

    /// P(X >= x).
    fn at_least(&self, x: f64) -> f64 {
        match self {
            Family::Discrete { values, weights } => share(values, weights, |value| value >= x),
            Family::Bernoulli { p } => share(&[0.0, 1.0], &[1.0 - p, *p], |value| value >= x),
            Family::IntegerUniform { min, max } => {
                ((max - x.ceil() + 1.0) / (max - min + 1.0)).clamp(0.0, 1.0)
            }
            Family::Constant { value } => share(&[*value], &[1.0], |value| value >= x),
            _ => self.upper(x),
        }
    }
}

/// 1 - e^-t, 0 for negative t, with its digits for small t (Kahan).
fn one_less_exp(t: f64) -> f64 {
    if t <= 0.0 {
        return 0.0;
    }
    let power = exp(-t);
    let logarithm = ln(power);
    if logarithm == 0.0 {
        t
    } else if power == 0.0 {
        1.0
    } else {
        (1.0 - power) * (t / -logarithm)
    }
}

fn triangular_below(x: f64, min: f64, mode: f64, max: f64) -> f64 {
    if x <= min {
        0.0
    } else if x < mode {
        (x - min) / (max - min) * ((x - min) / (mode - min))
    } else if x < max {
        1.0 - (max - x) / (max - min) * ((max - x) / (max - mode))
    } else {
        1.0
    }
}

/// The share of the weights whose values are wanted.
fn share(values: &[f64], weights: &[f64], wanted: impl Fn(f64) -> bool) -> f64 {
    let total: f64 = weights.iter().sum();
    let inside: f64 =
        values.iter().zip(weights).filter(|(value, _)| wanted(**value)).map(|(_, weight)| weight).sum();
    inside / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Distribution {
        Distribution::parse(text).unwrap()
    }

    #[test]
    fn distribution_functions_at_known_points() {
        let cases = [
            ("normal(10, 2)", 10.0, 0.5),
            ("normal(10, 2, shift=5)", 15.0, 0.5),
            ("uniform(2, 4)", 2.5, 0.25),
            ("triangular(0, 1, 4)", 1.0, 0.25),
            ("triangular(0, 0, 4)", 2.0, 0.75),
            ("pert(0, 3, 6)", 3.0, 0.5),
            ("exponential(3)", 3.0, 1.0 - (-1.0f64).exp()),
            ("discrete({3, 1, 2}, {1, 1, 2})", 2.0, 0.75),
            ("bernoulli(25%)", 0.5, 0.75),
            ("integer_uniform(1, 6)", 2.5, 1.0 / 3.0),
            ("integer_uniform(1, 6, truncate_min=3, truncate_max=4.5)", 3.0, 0.5),
            ("normal(0, 1, truncate_min=0)", 0.6744897501960817, 0.5),
            ("constant(7)", 7.0, 1.0),
        ];
        for (text, x, expected) in cases {
            assert!((read(text).cdf(x) - expected).abs() < 1e-14, "{text}: {}", read(text).cdf(x));
        }
    }

    #[test]
    fn a_window_far_out_keeps_its_digits() {
        let far = read("normal(0, 1, truncate_min=9, truncate_max=9.5)");
        // P(9 < Z < 9.2) / P(9 < Z < 9.5), to 12 digits from the tail.
        let expected = (normal_cdf(-9.0) - normal_cdf(-9.2)) / (normal_cdf(-9.0) - normal_cdf(-9.5));
        assert!((far.cdf(9.2) - expected).abs() < 1e-14);
        assert!((far.cdf(9.2) - 0.85).abs() < 0.02, "{}", far.cdf(9.2));
    }

    #[test]
    fn both_sides_add_to_one() {
        for text in [
            "lognormal(3, 4)",
            "beta(2, 3)",
            "exponential(2)",
            "integer_uniform(0, 4)",
            "triangular(0, 1, 5)",
        ] {
            let family = read(text).family;
            for x in [0.1, 0.5, 1.0, 2.5] {
                assert!((family.cdf(x) + family.upper(x) - 1.0).abs() < 1e-14, "{text} at {x}");
            }
        }
    }
}
