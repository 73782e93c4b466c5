//! Means and standard deviations of the families in closed form.

use fermiac_math::{ln, ln_1p};

use super::Family;

/// Mean and standard deviation of ln X, for a lognormal X of this mean and standard deviation.
pub fn moments_of_logarithm(mean: f64, std_dev: f64) -> (f64, f64) {
    let ratio = std_dev / mean;
    // Past 1e9 the 1 is lost beside the square, which soon overflows.
    let variance = if ratio < 1e9 { ln_1p(ratio * ratio) } else { 2.0 * (ln(std_dev) - ln(mean)) };
    (ln(mean) - 0.5 * variance, variance.sqrt())
}

impl Family {
    /// The mean, without truncation and shift.
    pub fn mean(&self) -> f64 {
        match self {
            Family::Normal { mean, .. } | Family::Lognormal { mean, .. } | Family::Exponential { mean } => {
                *mean
            }
            Family::Uniform { min, max } | Family::IntegerUniform { min, max } => 0.5 * min + 0.5 * max,
            Family::Triangular { min, mode, max } => min / 3.0 + mode / 3.0 + max / 3.0,
            Family::Pert { min, mode, max, lambda } => (min + lambda * mode + max) / (lambda + 2.0),
            Family::Beta { alpha, beta, min, max } => min + (max - min) * (alpha / (alpha + beta)),
            Family::Discrete { values, weights } => weighted_mean(values, weights),
            Family::Bernoulli { p } => *p,
            Family::Constant { value } => *value,
        }
    }

    /// The standard deviation, without truncation and shift.
    pub fn std_dev(&self) -> f64 {
        match self {
            Family::Normal { std_dev, .. } | Family::Lognormal { std_dev, .. } => *std_dev,
            Family::Exponential { mean } => *mean,
            Family::Uniform { min, max } => (max - min) / 12f64.sqrt(),
            Family::Triangular { min, mode, max } => {
                let (left, right) = (mode - min, max - mode);
                ((left * left + left * right + right * right) / 18.0).sqrt()
            }
            Family::Pert { .. } | Family::Beta { .. } => {
                let form = self.beta_form().expect("pert and beta have a beta form");
                let sum = form.alpha + form.beta;
                (form.max - form.min) * (form.alpha / sum * (form.beta / sum) / (sum + 1.0)).sqrt()
            }
            Family::Discrete { values, weights } => {
                let mean = weighted_mean(values, weights);
                let squares: Vec<f64> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
                weighted_mean(&squares, weights).sqrt()
            }
            Family::Bernoulli { p } => (p * (1.0 - p)).sqrt(),
            Family::IntegerUniform { min, max } => {
                let count = max - min + 1.0;
                ((count - 1.0) * (count + 1.0) / 12.0).sqrt()
            }
            Family::Constant { .. } => 0.0,
        }
    }
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    values.iter().zip(weights).map(|(value, weight)| value * (weight / total)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_simple_families() {
        let die = Family::IntegerUniform { min: 1.0, max: 6.0 };
        assert_eq!(die.mean(), 3.5);
        assert!((die.std_dev() - (35.0f64 / 12.0).sqrt()).abs() < 1e-15);
        let pert = Family::Pert { min: 0.0, mode: 3.0, max: 6.0, lambda: 4.0 };
        assert_eq!(pert.mean(), 3.0);
        assert!((pert.std_dev() - (9.0f64 / 7.0).sqrt()).abs() < 1e-15);
        let coin = Family::Discrete { values: vec![-1.0, 1.0], weights: vec![5.0, 5.0] };
        assert_eq!((coin.mean(), coin.std_dev()), (0.0, 1.0));
    }

    #[test]
    fn the_logarithm_gives_the_moments_back() {
        for (mean, std_dev) in [(1.0, 0.5), (100.0, 1e-6), (3.0, 40.0)] {
            let (mu, sigma) = moments_of_logarithm(mean, std_dev);
            let variance = sigma * sigma;
            assert!(((mu + 0.5 * variance).exp() / mean - 1.0).abs() < 1e-14);
            assert!((variance.exp_m1().sqrt() * mean / std_dev - 1.0).abs() < 1e-13);
        }
        let (_, sigma) = moments_of_logarithm(1e-200, 1e200);
        assert!((sigma * sigma - 800.0 * 10f64.ln()).abs() < 1e-10);
    }
}
