//! Simulations over HTTP.

pub mod cancel;
pub mod events;
pub mod look;
pub mod result;
pub mod submit;
