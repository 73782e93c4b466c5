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

    /// Says that a thing which deletes has to wait, and for what, if it has to.
    ///
    /// # Errors
    /// In words, when no window is open.
    pub fn check(&self, what: &str, now: DateTime<Utc>) -> Result<(), String> {
        if self.open_since(now).is_some() {
            return Ok(());
        }
        let next = self.next(now).map_or("is unknown".to_owned(), |(opens, window)| {
            format!("is {:?} at {}", window.name, opens.to_rfc3339())
        });
        Err(format!("{what} deletes, and no maintenance window is open; the next {next}"))
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
