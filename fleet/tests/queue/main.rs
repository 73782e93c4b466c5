//! The queue: one suite for both homes, and what can happen to a Redis server.

mod conformance;
mod faults;
mod rescue;
mod support;
