//! Maintenance windows: when a job that deletes may begin.

use chrono::{DateTime, TimeDelta, Utc};

use super::cron::Cron;

/// All of an environment. Where there is none, everything may begin at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows(pub Vec<Window>);

/// A window that opens again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it is called.
    pub name: String,
    /// When it opens.
    pub opens: Cron,
    /// How long it stays open.
    pub length: TimeDelta,
}

impl Windows {
    /// Since when destructive jobs may begin, if they may now; nothing if they must wait. Without windows they may, ever
    /// since.
    #[must_use]
    pub fn open_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.0.is_empty() {
            return Some(DateTime::<Utc>::MIN_UTC);
        }
        self.0.iter().filter_map(|window| window.open_since(now)).min()
    }

    /// When the next one opens, and which it is.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, &Window)> {
        let opens = self.0.iter().filter_map(|window| Some((window.opens.after(now)?, window)));
        opens.min_by_key(|(instant, _)| *instant)
    }
}

impl Window {
    /// When it opened, if it is open.
    #[must_use]
    pub fn open_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let opened = self.opens.at_or_before(now)?;
        (now < opened + self.length).then_some(opened)
    }
}
