//! Random numbers by counter, and draws from distributions.
//!
//! A draw is a pure function of the seed, the trial and the input's identity: [`philox`] turns a counter that holds
//! trial and identity into random bits, [`uniform`] makes numbers in (0, 1) of them, [`sampling`] may stratify these, and
//! [`draw`] takes them through the inverse distribution function, after a [`copula`] has tied those that move together. One uniform makes one value, so that truncation, stratified sampling, copulas
//! and the replay of a single trial need nothing else.

pub mod copula;
pub mod draw;
pub(crate) mod image;
mod lanes;
mod latin;
mod normal;
pub mod philox;
mod quantile_table;
pub mod sampling;
mod sobol;
mod steps;
pub mod uniform;

pub use draw::Sampler;
pub use sampling::Sampling;
pub use uniform::Uniforms;
