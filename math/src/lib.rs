//! Functions that every device computes to the same bit.
//!
//! Only `+ - x / sqrt fma` and integer operations on the bits are used, in a fixed order, so that a
//! processor with AVX2, one with AVX-512 and a GPU agree. The platform's libm is never called, but for its fma where
//! the target has no such instruction: it is exact there too, only slow.
//!
//! The functions have no branches that depend on their arguments, unless their comment says so: inlined into a loop
//! over lanes inside a function of a wider target feature, they become vector instructions.
//!
//! Errors are given in units in the last place of the result (ulp; a correctly rounded result has at most 0.5). They
//! were measured by `cargo run --release -p fermiac-math --example ulp` against tables made by
//! `reference/values.py`; the tests read smaller tables of the same kind.
#![forbid(unsafe_code)]

mod beta;
mod double;
pub mod exp;
mod gamma;
mod log;
mod normal;
mod polynomial;
mod pow;
mod quantile;
pub mod quantile_rows;
mod round;

pub use beta::Beta;
pub use exp::exp;
pub use gamma::ln_gamma;
pub use log::{ln, ln_1p, log10};
pub use normal::{normal_cdf, normal_pdf};
pub use pow::pow;
pub use quantile::normal_quantile;
pub use quantile_rows::QuantileRows;
pub use round::{Place, at_15_digits, round_down, round_half_away, round_up};
