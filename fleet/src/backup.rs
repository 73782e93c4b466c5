//! What is known of backups and of the drills that proved them.
//!
//! ```text
//!  running ──▶ uploaded ──▶ verified
//!     │           │            │
//!     └───────────┴────────────┴──▶ failed
//! ```
//! The catalogue is a convenience: a bucket's manifests alone suffice to restore.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::job::named;

named! {
    /// How a backup was made.
    BackupKind {
        /// A portable dump, for one instant.
        PgDump = "pg_dump",
        /// The whole cluster, from which any later instant can be reached by its log.
        Full = "pgbackrest_full",
        /// What changed in the cluster since the one before.
        Incremental = "pgbackrest_incremental",
    }
}

named! {
    /// Where a backup stands.
    BackupState {
        /// It is being taken.
        Running = "running",
        /// It is in the bucket.
        Uploaded = "uploaded",
        /// It was read back, and is whole.
        Verified = "verified",
        /// It broke off, or is damaged.
        Failed = "failed",
    }
}

/// A backup in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// What it is called: its instant, its kind, and something that makes it unique.
    pub label: String,
    /// How it was made.
    pub kind: BackupKind,
    /// Where it stands.
    pub state: BackupState,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
    /// The instant whose data it holds, once that is known.
    pub taken_at: Option<DateTime<Utc>>,
    /// When it was last found whole.
    pub verified_at: Option<DateTime<Utc>>,
    /// When retention deleted it.
    pub expired_at: Option<DateTime<Utc>>,
    /// How large it is in the bucket.
    pub bytes: u64,
    /// The SHA-256 of its manifest, in hexadecimal digits; nothing where another tool keeps the manifest.
    pub manifest_sha256: Option<String>,
    /// Whether a second place has it too.
    pub is_copied: bool,
    /// The backup without which it cannot be restored.
    pub needs: Option<String>,
    /// Why somebody wants it kept.
    pub pinned: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// What is known of a backup once it is in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedBackup {
    /// The instant whose data it holds.
    pub taken_at: DateTime<Utc>,
    /// How large it is.
    pub bytes: u64,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: Option<String>,
    /// Whether a second place has it too.
    pub is_copied: bool,
    /// The backup without which it cannot be restored.
    pub needs: Option<String>,
}

/// A restore drill that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// Which one.
    pub id: Uuid,
    /// The backup that was restored; none if it did not come so far.
    pub label: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took from the beginning of the restore to a database that passed every check.
    pub recovery_time: Option<Duration>,
    /// How much would have been lost.
    pub lost_time: Option<Duration>,
    /// What was wrong; nothing if it passed.
    pub findings: Vec<String>,
}

impl Drill {
    /// Whether nothing was wrong.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}
