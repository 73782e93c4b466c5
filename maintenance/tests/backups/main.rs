//! Backups, restores and drills, with real servers: Postgres, S3, and the programs of Postgres.

mod drill;
mod restore;
mod retention;
mod support;
mod taken;
