//! x^y as e^(y ln x), the logarithm in twice the precision.

use crate::exp::exp_of_sum;
use crate::log::ln_double;

/// x^y where the result is real.
///
/// x^0 and 1^y are 1; a negative x takes only integers y, else NaN; 0 to a negative power is infinite with the
/// sign that an odd integer y gives. NaN in, NaN out, but for those two ones.
/// Worst measured error 0.87 ulp, over 100,000 pairs with |y ln x| < 700.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let magnitude = x.abs();
    let logarithm = ln_double(magnitude);
    let high = y * logarithm.high;
    let low = y.mul_add(logarithm.high, -high) + y * logarithm.low;
    let beyond = !(high < 710.0 && high > -746.0);
    let clamped = if high > 0.0 { 710.0 } else { -746.0 };
    let power = exp_of_sum(if beyond { clamped } else { high }, if beyond { 0.0 } else { low }).value();
    let power = at_the_ends(magnitude, y, power);

    let odd = is_odd(y);
    let signed = if odd && x.is_sign_negative() { -power } else { power };
    let signed = if x < 0.0 && x > f64::NEG_INFINITY && !is_integer(y) { f64::NAN } else { signed };
    let signed = if x.is_nan() || y.is_nan() { f64::NAN } else { signed };
    if y == 0.0 || x == 1.0 { 1.0 } else { signed }
}

/// `power`, or what it is where the magnitude or the exponent is 0 or infinite.
#[inline(always)]
fn at_the_ends(magnitude: f64, y: f64, power: f64) -> f64 {
    let grows = if y > 0.0 { f64::INFINITY } else { 0.0 };
    let shrinks = if y > 0.0 { 0.0 } else { f64::INFINITY };
    let power = if magnitude == f64::INFINITY { grows } else { power };
    let power = if magnitude == 0.0 { shrinks } else { power };
    let endless = if magnitude > 1.0 { grows } else { shrinks };
    let endless = if magnitude == 1.0 { 1.0 } else { endless };
    if y.abs() == f64::INFINITY { endless } else { power }
}

/// 2^52: from here on every double is an integer.
const TWO_52: f64 = 4_503_599_627_370_496.0;

#[inline(always)]
fn is_integer(y: f64) -> bool {
    let magnitude = y.abs();
    magnitude >= TWO_52 || (magnitude + TWO_52) - TWO_52 == magnitude
}

#[inline(always)]
fn is_odd(y: f64) -> bool {
    // An odd integer is no multiple of two but a multiple of one; from 2^53 on all are even.
    is_integer(y) && !is_integer(0.5 * y) && y.abs() < 2.0 * TWO_52
}
