//! HTTP in, domain calls, HTTP out.
//!
//! A request passes [`http`]: it gets an id, a place in the log, a time to be answered in, and its answer the headers
//! that every answer has. A [`caller`] is who its key says. What it may ask for stands in [`simulations`],
//! [`workbooks`] and [`jobs`]; probes are answered as in every other role. Whatever goes wrong is an [`error::ApiError`], and leaves as
//! `application/problem+json`. Models are compiled here or refused here ([`models`]), with a bound on how many at a
//! time and on the wait.
//!
//! What is accepted is written, with all its jobs, in one transaction; then bells are rung. If they cannot be, the
//! relay rings them later: what was written was accepted.

#![forbid(unsafe_code)]

mod access;
mod api;
mod caller;
mod error;
mod http;
mod input;
mod instant;
mod jobs;
mod models;
mod page;
mod read_only;
mod router;
mod server;
mod simulations;
mod spool;
mod workbooks;

pub use api::Api;
pub use router::router;
pub use server::serve;
