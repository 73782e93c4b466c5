//! What is kept, and what may go.

mod expire;
mod keep;

pub use expire::{Plan, carry_out, plan};
pub use keep::{Candidate, Policy, Reason, Standing, keep};
