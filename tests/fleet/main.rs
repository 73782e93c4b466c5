//! The fleet under faults: real processes over real servers, killed, stopped, starved and cut off while they work.
//!
//! Each test submits simulations over HTTP, does its harm, and holds what is left against one judgement
//! ([`judge::everything_ended_once`]): every accepted simulation ended exactly once, with the right bytes, and every
//! blob that a row names is there. What happens in between is read from a journal that a trigger keeps of every change
//! of a job's state ([`database`]); it also says how long recovery took.
//!
//! `cargo test --test fleet -- --nocapture` prints the recoveries; `LONG_TESTS=1` makes the absences long.

mod alone;
mod client;
mod database;
#[path = "../driver/mod.rs"]
mod driver;
mod duplicates;
mod fleet;
mod gpus;
mod judge;
mod load;
mod poison;
mod postgres;
mod redis;
mod role;
mod schedulers;
mod storage;
mod switch;
mod termination;
mod turn;
mod workers_frozen;
mod workers_killed;
