//! The logarithm of the gamma function, in the form that its users need without loss of digits.

use crate::log::{ln, ln_1p};

const LN_SQRT_2PI: f64 = 0.9189385332046728;
/// From here on five terms of Stirling's series are enough.
const SERIES_FROM: f64 = 16.0;

/// ln gamma(x) for x > 0, with an absolute error of a few ulps of the greater of 1 and the result.
///
/// Loops at most 16 times.
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    (x - 0.5) * ln(x) - x + LN_SQRT_2PI + stirling_error(x)
}

/// ln gamma(x) less Stirling's approximation (x - 1/2) ln x - x + ln sqrt(2 pi), for x > 0 (Loader, 2000).
#[inline]
pub(crate) fn stirling_error(x: f64) -> f64 {
    let mut total = 0.0;
    let mut x = x;
    while x < SERIES_FROM {
        total += (x + 0.5) * ln_1p(1.0 / x) - 1.0;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let z = inverse * inverse;
    // Bernoulli numbers over 2k (2k - 1).
    let series = 1.0 / 12.0
        - z * (1.0 / 360.0
            - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * (691.0 / 360_360.0)))));
    total + inverse * series
}

/// x ln(x / mean) + mean - x, for positive x and mean: the exponent of a density near its mode, without the
/// cancellation of the direct form (Loader, 2000).
#[inline]
pub(crate) fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * ln(x / mean) - difference;
    }
    // With v = (x - mean) / (x + mean): the series of 2 x atanh(v), its first term combined with the difference.
    let v = difference / (x + mean);
    let square = v * v;
    let mut power = 2.0 * x * v;
    let mut total = difference * v;
    // |v| < 0.1: each term is a hundredth of the one before.
    for odd in 1..=10 {
        power *= square;
        total += power / f64::from(2 * odd + 1);
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_gamma_of_integers_is_the_logarithm_of_factorials() {
        let mut factorial = 1.0f64;
        for n in 1..=100 {
            let expected = factorial.ln();
            let value = ln_gamma(f64::from(n));
            assert!((value - expected).abs() < 4e-15 * expected.max(1.0), "{n}: {value} {expected}");
            factorial *= f64::from(n);
        }
    }

    #[test]
    fn ln_gamma_at_known_points() {
        let cases = [
            (0.5, 0.572_364_942_924_700_1),
            (1e-10, 23.025_850_929_882_735),
            (0.1, 2.252_712_651_734_206),
            (2.5, 0.284_682_870_472_919_2),
            (1e5, 1_051_287.708_973_657),
            (1e10, 220_258_509_288.810_58),
        ];
        for (x, expected) in cases {
            let value = ln_gamma(x);
            assert!((value - expected).abs() < 3e-15 * f64::max(expected, 1.0), "{x}: {value} {expected}");
        }
    }

    #[test]
    fn deviance_joins_where_its_forms_meet() {
        for mean in [1e-3, 1.0, 50.0, 1e6] {
            // (x - m) / (x + m) = 0.1 at x = m 11 / 9.
            let at = mean * 11.0 / 9.0;
            let (below, above) = (deviance(at * (1.0 - 1e-12), mean), deviance(at * (1.0 + 1e-12), mean));
            assert!(((above - below) / above).abs() < 1e-10, "{mean}");
        }
        assert_eq!(deviance(3.0, 3.0), 0.0);
    }
}
