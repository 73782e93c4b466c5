//! Duties: small periodic tasks that keep the fleet going.
//!
//! Each duty is idempotent and bounded in its work, and its period is its retry: what one tick does not reach or fails
//! at, the next one takes up. Several schedulers may run; they ask for a lease row, and the one that holds it does the
//! duties. Leadership saves work and nothing else: two that both believe to lead do no harm.
//!
//! | duty | what it holds up |
//! |---|---|
//! | [`duties::relay`] | a job that is ready rings, whatever Redis lost |
//! | [`duties::promote`] | a job whose time has come is ready |
//! | [`duties::rescue`] | a job whose worker is gone runs elsewhere |
//! | [`duties::schedules`] | what happens by the clock happens, once |
//! | [`duties::orphans`] | a blob that no row names is deleted |
//! | [`duties::measure`] | what waits and how long is known |

#![forbid(unsafe_code)]

pub mod duties;
mod leader;
mod scheduler;

pub use scheduler::{Periods, Scheduler};
