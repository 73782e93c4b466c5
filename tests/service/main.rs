//! The whole system over HTTP: what it answers, and what it tells of itself.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

mod figures;
mod probes;
mod read_only;
mod results;
mod service;
mod smoke;
mod system;
