//! The store from outside: what it promises, on SQLite and on Postgres; and that nothing is lost or done twice,
//! whatever happens in whatever order.

#![expect(clippy::unwrap_used, reason = "in a test, an error is a failure")]

mod conformance;
mod crowd;
mod outage;
mod pgbouncer;
mod seeded;
mod speed;
mod support;
