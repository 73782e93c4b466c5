//! The reader of `.xlsx` files as a whole: what it understands, what it refuses, and what it survives.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

mod constructs;
mod hostile;
mod mutations;
mod oracle;
mod package;
mod refusals;
