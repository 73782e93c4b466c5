//! Functions that every device computes to the same bit.
//!
//! Only `+ - x / sqrt fma` and integer operations on the bits are used, in a fixed order, so that a
//! processor with AVX2, one with AVX-512 and a GPU agree. The platform's libm is never called.
#![forbid(unsafe_code)]

// The shapes below stand in for the real ones, which are made of exact operations only.

/// e^x.
pub fn exp(x: f64) -> f64 {
    x.exp()
}
/// ln x.
pub fn ln(x: f64) -> f64 {
    x.ln()
}
/// log10 x.
pub fn log10(x: f64) -> f64 {
    x.log10()
}
/// x^y for any x and y whose result is real.
pub fn pow(x: f64, y: f64) -> f64 {
    x.powf(y)
}
/// Standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 + x
}
/// Standard normal density.
pub fn normal_pdf(x: f64) -> f64 {
    x
}
/// Standard normal quantile of 0 < p < 1.
pub fn normal_quantile(p: f64) -> f64 {
    p
}
/// Rounds half away from zero at `digits` decimal places, as a spreadsheet does: 2.675 at 2 is 2.68.
pub fn round_half_away(x: f64, digits: i32) -> f64 {
    let s = 10f64.powi(digits);
    (x * s).round() / s
}
/// Rounds away from zero at `digits` decimal places.
pub fn round_up(x: f64, digits: i32) -> f64 {
    let s = 10f64.powi(digits);
    (x * s).abs().ceil().copysign(x) / s
}
/// Rounds toward zero at `digits` decimal places.
pub fn round_down(x: f64, digits: i32) -> f64 {
    let s = 10f64.powi(digits);
    (x * s).trunc() / s
}
