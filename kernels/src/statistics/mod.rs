//! What is known of a column of results.
//!
//! A column holds one packed value a trial. A finite `f64` is a number; all else is an error of that trial,
//! which [`errors`] counts by kind and every other statistic leaves out. [`moments`] are made per block of
//! trials and merged by [`moments_tree`] in an order that block numbers alone decide; [`percentile`],
//! [`histogram`] and [`rank`] rest on integer counts, which no order can change. [`replicates`]
//! tell how well a mean is known where trials are not independent. [`summary`] puts them together.

mod bracket;
mod counters;
pub mod errors;
mod grid;
pub mod histogram;
pub mod key;
pub mod moments;
pub mod moments_tree;
mod order;
pub mod percentile;
pub mod rank;
pub mod replicates;
mod scale;
pub(crate) mod segments;
pub mod selection;
mod sieve;
pub mod sifted;
pub(crate) mod spread;
pub mod summary;
pub(crate) mod tally;
