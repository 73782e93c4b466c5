//! The API from outside: real HTTP, real stores.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod connections;
mod events;
mod health;
mod refusals;
mod server;
mod simulations;
mod workbooks;
