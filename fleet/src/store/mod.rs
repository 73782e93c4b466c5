//! The truth: jobs, simulations, workbooks, users and leases, in Postgres or in SQLite.
//!
//! Every call is one transaction, and may be repeated when it says [`StoreError::Unavailable`]. What a transition
//! means is written once, in [`machine`] and [`families`], over a handful of statements that each database has in its
//! own words: in bulk on Postgres, row by row on SQLite.
//!
//! **Locks.** Whatever ends a run, cancels or retries locks first the parents, then the jobs, each in the order of
//! their ids; a claim or a renewal locks jobs alone, in the same order. So batches wait for each other in a line. A ring is
//! left to chance where someone still holds a delivery of a family that was tried again by hand: Postgres breaks it, and
//! one of the two is told [`StoreError::Unavailable`].
//!
//! **Time.** `now()` of the database, or the manual clock's instant in its place: `coalesce($n, now())`.

mod clock;
mod columns;
mod connect;
mod error;
mod row;
mod transaction;

mod schema;

mod families;
mod jobs;
mod machine;

mod archiver;
mod audit;
mod backups;
mod drills;
mod leaderships;
mod read_only;
mod references;
mod retention;
mod schedules;
mod simulations;
mod snapshot;
mod synthetic;
mod users;
mod workbooks;
mod workers;

use std::sync::Arc;

use sqlx::{PgPool, SqlitePool};

pub use archiver::Archiver;
pub use audit::AuditCounts;
pub use clock::{ManualClock, StoreClock};
pub use connect::{PoolGauges, StoreSettings};
pub use error::StoreError;
pub use families::{Cancellation, Rescued, Settled};
pub use jobs::claim::{LeaseState, Renewal};
pub use jobs::due::Cursor;
pub use jobs::look::{JobFilter, MOST_COUNTED, Outstanding};
pub use jobs::submit::Submitted;
pub use leaderships::Leadership;
pub use read_only::ReadOnly;
pub use retention::{KeptPage, Retired};
pub use schedules::desired::DesiredWorkers;
pub use schedules::emit::{Emission, OutsideWindows};
pub use schedules::{ListedTick, RecordedTick};
pub use schema::{Applied, MigrationState, MigrationStatus};
pub use simulations::submit::{NewSimulation, SubmittedSimulation};
pub use simulations::{Simulation, SimulationFilter, SimulationState, Viewer};
pub use snapshot::{Snapshot, TableDigest};
pub use users::{NewUser, User};
pub use workbooks::{NewWorkbook, Workbook};
pub use workers::{ALIVE, Worker, WorkerBeat};

/// The store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    home: Home,
    settings: Arc<StoreSettings>,
    /// Who stands in the entries of the audit trail.
    actor: Arc<str>,
}

/// Where the rows are.
#[derive(Debug, Clone)]
enum Home {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}
