//! Backups, restores and drills, with real servers: Postgres, S3, and the programs of Postgres.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod drill;
mod restore;
mod retention;
mod support;
mod taken;
