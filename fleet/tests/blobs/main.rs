//! The blobs: one suite for both homes, and what can happen on the way to S3.

mod conformance;
mod faults;
mod support;
