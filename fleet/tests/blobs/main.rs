//! The blobs: one suite for both homes, and what can happen on the way to S3.

#![expect(clippy::unwrap_used, reason = "statements that several tests share are tests too")]

mod conformance;
mod encryption;
mod faults;
mod lifecycle;
mod support;
