//! The job domain and its homes.
//!
//! The database is the truth, the queue is the bell: a [`job`] exists once its row commits, and whatever rings is only
//! a hint that it may be claimed. A claim is a row that turns to running under a new *epoch*; from then on only the
//! holder of that epoch can settle it. Losing every bell loses no job, and ringing twice does no harm.

#![forbid(unsafe_code)]

pub mod audit;
pub mod backup;
pub mod blobs;
pub mod delivery;
pub mod hex;
pub mod host;
pub mod ids;
pub mod job;
pub mod orphans;
pub mod panics;
pub mod probes;
pub mod profile;
pub mod queue;
pub mod reconnect;
pub mod retention;
pub mod schedule;
pub mod shutdown;
pub mod simulation;
pub mod store;
pub mod telemetry;
