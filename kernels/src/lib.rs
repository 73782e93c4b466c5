//! From a [`fermiac_model::plan::Plan`] to summaries.
//!
//! The path of a trial: a counter-based generator ([`random`]) gives each input its uniform, the inverse
//! distribution function turns it into a draw, an [`engine`] walks the tape for a run of trials at a time, and
//! [`statistics`] are made block by block and merged as a fixed tree; [`simulation`] drives them all.

pub mod engine;
mod exponential;
mod memory;
pub mod random;
pub mod simd;
pub mod simulation;
pub mod statistics;
