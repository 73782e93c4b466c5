//! A unit of work, and how it may change.
//!
//! ```text
//!                     ┌───────────── retry by hand ──────────────┐
//!                     ▼                                          │
//!  scheduled ──────▶ ready ──── claim ────▶ running ──▶ failed ──┘
//!      ▲               ▲                    │ │ │ │
//!      │            waiting                 │ │ │ └───▶ succeeded
//!      │      (for its children)            │ │ └─────▶ cancelled  (also from scheduled, waiting, ready)
//!      │               ▲                    │ │
//!      │               └── release, rescue ─┘ │
//!      └────────── a failure to be retried ───┘
//! ```
//! The same machine stands as constraints in `migrations/`.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::ids::{JobId, SimulationId, UserId};

/// A payload has at most so many bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// A result that is kept in the row has at most so many bytes; a larger one goes to the blobs.
pub const MAX_INLINE_RESULT_BYTES: usize = 1 << 20;
/// An error that is kept has at most so many bytes; the rest is cut off.
pub const MAX_ERROR_BYTES: usize = 4 << 10;
/// One call submits at most so many jobs.
pub const MAX_BULK: usize = 10_000;
/// A job has at most so many children.
pub const MAX_CHILDREN: usize = 4_096;

/// Declares an enum whose variants have one name each, the same in SQL, JSON, metrics and logs.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $type {
            $($(#[$variant_doc])* #[serde(rename = $name)] $variant),+
        }

        impl $type {
            /// All of them, in their order.
            pub const ALL: &[$type] = &[$($type::$variant),+];

            /// Its name in rows, keys, JSON, metrics and logs.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }

            /// The one of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<$type> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.name())
            }
        }
    };
}

pub(crate) use named;

named! {
    /// What is to be done.
    Kind {
        /// A whole simulation in one go.
        Simulate = "simulate",
        /// Some blocks of a simulation.
        Slice = "slice",
        /// The slices of a simulation, merged into its result.
        Combine = "combine",
        /// Nothing: shows that the queue works, and how fast.
        Probe = "probe",
        /// Copies what the platform holds to where its loss does not reach.
        Backup = "backup",
        /// Restores the last backup beside the platform, and checks what came back.
        RestoreDrill = "restore_drill",
        /// Deletes what has been kept long enough.
        Retention = "retention",
        /// Checks that each part of the platform does its work.
        SmokeTest = "smoke_test",
        /// Looks at the memory and the disks of its machine.
        ResourceWatch = "resource_watch",
    }
}

named! {
    /// Which workers may do it.
    Label {
        /// Any with a processor.
        Cpu = "cpu",
        /// Those with a GPU.
        Gpu = "gpu",
        /// Those that keep the platform in order.
        Maintenance = "maintenance",
    }
}

named! {
    /// Which is claimed first, most urgent first.
    Priority {
        /// Before all others.
        High = "high",
        /// As most are.
        Normal = "normal",
        /// When nothing else waits.
        Low = "low",
    }
}

named! {
    /// Where a job stands.
    State {
        /// Waits for a time: of its own, or to be tried again.
        Scheduled = "scheduled",
        /// Waits for its children.
        Waiting = "waiting",
        /// May be claimed.
        Ready = "ready",
        /// In a worker's hands, under a lease.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Given up: a dead letter, with its error. May be retried by hand.
        Failed = "failed",
        /// No longer wanted.
        Cancelled = "cancelled",
    }
}

impl Kind {
    /// Whether it keeps the platform in order rather than serve a user: a schedule may emit it.
    #[must_use]
    pub fn is_maintenance(self) -> bool {
        match self {
            Kind::Simulate | Kind::Slice | Kind::Combine => false,
            Kind::Probe
            | Kind::Backup
            | Kind::RestoreDrill
            | Kind::Retention
            | Kind::SmokeTest
            | Kind::ResourceWatch => true,
        }
    }

    /// Whether it works on the data as a whole, so that it is to be seen afterwards that everything still does its work.
    #[must_use]
    pub fn calls_for_smoke_test(self) -> bool {
        match self {
            Kind::Backup | Kind::RestoreDrill | Kind::Retention => true,
            Kind::Simulate
            | Kind::Slice
            | Kind::Combine
            | Kind::Probe
            | Kind::SmokeTest
            | Kind::ResourceWatch => false,
        }
    }

    /// Whether it deletes what users have.
    #[must_use]
    pub fn is_destructive(self) -> bool {
        self == Kind::Retention
    }
}

impl State {
    /// Whether nothing but a retry by hand changes it any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, State::Succeeded | State::Failed | State::Cancelled)
    }
}

/// A job to be submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its name, given by the one who submits.
    pub id: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// Which workers may do it.
    pub label: Label,
    /// Which is claimed first.
    pub priority: Priority,
    /// Whose it is; none of the platform's own.
    pub owner: Option<UserId>,
    /// Which simulation it is part of.
    pub simulation: Option<SimulationId>,
    /// Which job waits for it.
    pub parent: Option<JobId>,
    /// What its kind needs to know, at most [`MAX_PAYLOAD_BYTES`].
    pub payload: Vec<u8>,
    /// When it may be claimed.
    pub start: Start,
    /// How often it is tried before it is given up, at least once.
    pub max_attempts: u16,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Submitting the same key for the same owner again gives the job that is there.
    pub idempotency_key: Option<String>,
    /// The caller's `traceparent`.
    pub trace_context: Option<String>,
}

/// When a job may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// Not before.
    At(DateTime<Utc>),
    /// When so many children, submitted in the same call, have succeeded.
    AfterChildren(u32),
}

/// A job as it is looked at: nothing can be done with it. To work on one, claim a [`crate::delivery::Delivery`].
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// What is to be done.
    pub kind: Kind,
    /// Which workers may do it.
    pub label: Label,
    /// Which is claimed first.
    pub priority: Priority,
    /// Where it stands.
    pub state: State,
    /// Whose it is.
    pub owner: Option<UserId>,
    /// Which simulation it is part of.
    pub simulation: Option<SimulationId>,
    /// Which job waits for it.
    pub parent: Option<JobId>,
    /// How many children it waits for.
    pub pending_children: u32,
    /// How often it was tried; an attempt that was handed back or interrupted is not counted.
    pub attempt: u16,
    /// How often it is tried.
    pub max_attempts: u16,
    /// How often it was claimed: the fence.
    pub epoch: i64,
    /// Who holds it.
    pub worker: Option<String>,
    /// How far it is, in units of its kind (trials of a simulation).
    pub progress: u64,
    /// Why the last attempt that failed did.
    pub error: Option<String>,
    /// Whether its holder should stop.
    pub cancel_requested: bool,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// When it was first claimed.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached a terminal state.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Rings for one job that became ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bell {
    /// Which job.
    pub job: JobId,
    /// Who should hear it.
    pub label: Label,
    /// How urgent it is.
    pub priority: Priority,
}
