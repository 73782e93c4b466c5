//! The store from outside: what it promises, on SQLite and on Postgres; and that nothing is lost or done twice,
//! whatever happens in whatever order.

mod conformance;
mod pgbouncer;
mod seeded;
mod speed;
mod support;
