//! Whose time counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The clock that a store writes rows by.
#[derive(Debug, Clone, Default)]
pub enum StoreClock {
    /// The database's own, so that machines whose clocks differ agree: Postgres's `now()`. SQLite lives in one process
    /// and takes that one's.
    #[default]
    Database,
    /// One that is set by hand.
    Manual(ManualClock),
}

impl StoreClock {
    /// The instant to write by, where it is not the database's.
    pub(super) fn instant(&self) -> Option<DateTime<Utc>> {
        match self {
            StoreClock::Database => None,
            StoreClock::Manual(clock) => Some(clock.now()),
        }
    }
}

/// A clock that stands still until it is set. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock {
    milliseconds: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        ManualClock { milliseconds: Arc::new(AtomicI64::new(now.timestamp_millis())) }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.milliseconds.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        self.milliseconds.fetch_add(milliseconds(by), Ordering::SeqCst);
    }

    /// Sets it, backwards too.
    pub fn set(&self, now: DateTime<Utc>) {
        self.milliseconds.store(now.timestamp_millis(), Ordering::SeqCst);
    }
}

/// A span as a database takes it.
pub(super) fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4)
}
