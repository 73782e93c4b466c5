//! The programs of Postgres, which own the bytes: dumps, restores and servers for one restore.

pub mod address;
pub mod dump;
pub mod programs;
pub mod scratch;

pub use address::DatabaseAddress;
pub use scratch::Scratch;
