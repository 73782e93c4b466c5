//! The queue: one suite for both homes, and what can happen to a Redis server.

#![expect(clippy::unwrap_used, reason = "statements that several tests share are tests too")]

mod conformance;
mod faults;
mod rescue;
mod support;
mod tls;
