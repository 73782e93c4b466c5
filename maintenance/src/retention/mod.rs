//! What is kept, and what may go: backups by a policy of days, weeks and months, and of the data what is over.

pub mod cleanup;
mod expire;
mod keep;
pub mod lifecycle;
mod lost;

pub use expire::{Plan, carry_out, plan};
pub use keep::{Candidate, Policy, Reason, Standing, keep};
pub use lost::fail_lost;
