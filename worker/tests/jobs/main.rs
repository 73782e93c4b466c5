//! Jobs as a worker runs them, beside a store, a queue and blobs of its own process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod panics;
mod parts;
