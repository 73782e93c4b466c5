//! Claims jobs, runs them, settles them.
//!
//! A [`Worker`] listens for bells as long as it has room ([`intake`]), claims what they ring for, and runs each
//! delivery by its kind ([`jobs`]). While a job runs its lease is renewed and its owner's wish to cancel is heard
//! ([`running`]); the last attempt of a job whose workers died has the worker to itself ([`alone`]); how each ended is
//! written in batches ([`settling`]). Told to drain, it stops listening, lets running jobs finish until a deadline,
//! interrupts the rest, and hands back what it did not begin: no attempt is spent.
//!
//! What a slot computes on is its [place](places): a GPU of its own, or the processor. A GPU that fails fails the job that
//! it ran, which is tried again elsewhere; one that will not recover is not used any more.

#![forbid(unsafe_code)]

mod alone;
mod figures;
mod intake;
mod jobs;
mod models;
mod patience;
mod places;
mod running;
mod sensors;
mod settings;
mod settling;
mod worker;

pub use settings::Settings;
pub use worker::{End, Worker};
