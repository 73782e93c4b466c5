//! Logarithms: split off the exponent, then the series of the inverse hyperbolic tangent.

use crate::double::Double;
use crate::exp::{LN2_HIGH, LN2_LOW};
use crate::polynomial::{even_odd, horner};

const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;
const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;
const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;
/// 2^52, whose low bits hold an integer added to it.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const TWO_54: f64 = 18_014_398_509_481_984.0;

/// (2 atanh(s) / s - 2) / s^2 as a polynomial in s^2 <= 0.0295; greatest error 2^-59 of the logarithm.
const LOGARITHM: [f64; 7] = [
    0.6666666666666715,
    0.3999999999952008,
    0.2857142872216396,
    0.22222200423389848,
    0.18183476780842373,
    0.15316119537395392,
    0.1477662359134897,
];
/// What follows 2/3 + 2/5 s^2 + 2/7 s^4 in the same series, over s^6; greatest relative error 2^-42.
const LOGARITHM_REST: [f64; 6] = [
    0.2222222222221893,
    0.1818181818986943,
    0.1538461220188851,
    0.13333792497046504,
    0.11734871513080876,
    0.11412079735100251,
];
const TWO_THIRDS: Double = Double { high: 0.6666666666666666, low: 3.700743415417188e-17 };
const TWO_FIFTHS: Double = Double { high: 0.4, low: -2.2204460492503132e-17 };
const TWO_SEVENTHS: f64 = 0.2857142857142857;
const LOG10_E: Double = Double { high: std::f64::consts::LOG10_E, low: 1.098319650216765e-17 };

/// ln x.
///
/// 0 gives -infinity, a negative number NaN; NaN in, NaN out.
/// Worst measured error 0.82 ulp, over 100,000 arguments, half of them in 0.5..2.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let (exponent, m) = split(x);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    // ln(1 + f) = f - f^2/2 + s (f^2/2 + z L(z)): the leading terms are exact or nearly so (fdlibm, 1993).
    let correction = s * z.mul_add(even_odd(z, &LOGARITHM), half_square);
    let low = exponent.mul_add(LN2_LOW, correction);
    let value = exponent.mul_add(LN2_HIGH, f - (half_square - low));
    special(x, value)
}

/// ln(1 + x).
///
/// -1 gives -infinity, below it NaN; NaN in, NaN out.
/// Worst measured error 1.07 ulp, over 100,000 arguments.
#[inline(always)]
pub fn ln_1p(x: f64) -> f64 {
    let sum = 1.0 + x;
    // What the addition lost, as a first-order correction; none where the sum is no finite positive number.
    let lost = if x < 1.0 { x - (sum - 1.0) } else { 1.0 - (sum - x) };
    let correction = lost / sum;
    let value = ln(sum);
    if sum > 0.0 && sum < f64::INFINITY { value + correction } else { value }
}

/// log10 x; powers of ten give exact integers.
///
/// 0 gives -infinity, a negative number NaN; NaN in, NaN out.
/// Worst measured error 0.50 ulp, over 100,000 arguments, half of them in 0.5..2.
#[inline(always)]
pub fn log10(x: f64) -> f64 {
    special(x, ln_double(x).times(LOG10_E).high)
}

/// ln y without its special cases, for 0 < y <= 1 and an absolute error of an ulp of 1 at most.
#[inline(always)]
pub(crate) fn ln_of_fraction(y: f64) -> f64 {
    let (exponent, m) = split_normal(y);
    let f = m - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    exponent.mul_add(std::f64::consts::LN_2, (s * z).mul_add(even_odd(z, &LOGARITHM), s + s))
}

/// ln x for a positive finite x, with a relative error below 2^-68.
#[inline(always)]
pub(crate) fn ln_double(x: f64) -> Double {
    let (exponent, m) = split(x);
    let f = m - 1.0;
    let d = m + 1.0;
    let d_low = m - (d - 1.0);
    let inverse = 1.0 / d;
    let s_high = f * inverse;
    let s_low = ((-s_high).mul_add(d, f) - s_high * d_low) * inverse;
    let s = Double { high: s_high, low: s_low };
    let z = s.times(s);
    let rest = z.high.mul_add(horner(z.high, &LOGARITHM_REST), TWO_SEVENTHS);
    let series = TWO_THIRDS.plus(z.times(TWO_FIFTHS.plus(z.times_number(rest))));
    let mantissa = Double { high: 2.0 * s_high, low: 2.0 * s_low }.plus(s.times(z).times(series));
    // The product with the trimmed ln 2 is exact, and greater than the logarithm of the mantissa or 0.
    let sum = Double::fast_sum(exponent * LN2_HIGH, mantissa.high);
    Double::fast_sum(sum.high, sum.low + exponent.mul_add(LN2_LOW, mantissa.low))
}

/// (k, m) with x = 2^k m and sqrt(1/2) <= m < sqrt(2), for positive finite x; subnormals included.
#[inline(always)]
fn split(x: f64) -> (f64, f64) {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = if subnormal { x * TWO_54 } else { x };
    let shift = if subnormal { 54.0 } else { 0.0 };
    let (exponent, m) = split_normal(scaled);
    (exponent - shift, m)
}

/// As [`split`], for normal x.
#[inline(always)]
fn split_normal(x: f64) -> (f64, f64) {
    let moved = x.to_bits().wrapping_add(ONE_BITS - SQRT_HALF_BITS);
    let m = f64::from_bits((moved & MANTISSA).wrapping_add(SQRT_HALF_BITS));
    // The exponent's field becomes a double without a conversion, which AVX2 lacks.
    let biased = f64::from_bits((moved >> 52) | TWO_52.to_bits());
    (biased - (TWO_52 + 1023.0), m)
}

/// `value`, or what the logarithm is outside the positive finite numbers.
#[inline(always)]
fn special(x: f64, value: f64) -> f64 {
    let value = if x == f64::INFINITY { x } else { value };
    let value = if x == 0.0 { f64::NEG_INFINITY } else { value };
    if x >= 0.0 { value } else { f64::NAN }
}
