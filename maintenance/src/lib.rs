//! The platform's own jobs: what keeps the data when a disk, a database or an operator does not.
//!
//! A [`backup`](mod@backup) seals the database, its blobs and the settings into a [`vault`], a bucket of their own, and is
//! worth nothing before it was read back. [`restore`] brings it back, and a [`drill`](mod@drill) proves every month that it
//! can. [`retention`] says which backups may go.
#![forbid(unsafe_code)]

pub mod backup;
pub mod context;
pub mod disaster;
pub mod drill;
pub mod error;
pub mod pgbackrest;
pub mod postgres;
pub mod restore;
pub mod retention;
pub mod vault;

pub use context::{Context, Places};
pub use error::{MaintenanceError, Result};
