//! From text to a [`plan::Plan`].
//!
//! The path of a model: a [`workbook`] file is read into sheets of cells, each formula is interned as a
//! template relative to its cell ([`formula`]), inputs get their [`distribution`], and the compiler
//! binds, folds, prunes and lowers what remains into a flat tape ([`plan`]).
#![forbid(unsafe_code)]

pub mod cell;
pub mod compile;
pub mod correlation;
pub mod distribution;
pub mod formula;
pub mod json_model;
pub mod plan;
pub mod selection;
pub mod value;
pub mod workbook;
