//! Five fields of cron, in UTC: minute, hour, day of month, month, day of week.

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds, Year};

/// When a schedule ticks. Two are the same when they are written the same.
#[derive(Debug, Clone)]
pub struct Cron {
    text: String,
    pattern: croner::Cron,
}

impl Cron {
    /// Reads five fields. The error completes `"..." ...`.
    pub fn parse(text: &str) -> Result<Cron, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let text = fields.join(" ");
        if fields.len() != 5 {
            let count = fields.len();
            return Err(format!(
                "has {count} fields; write five, such as \"0 */6 * * *\": minute, hour, day of month, month, day of week"
            ));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(&text).map_err(|error| format!("is no cron expression: {error}"))?;
        let cron = Cron { text, pattern };
        match cron.after(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(cron),
            None => Err("names no day that ever comes".to_owned()),
        }
    }

    /// The five fields.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first tick after an instant.
    #[must_use]
    pub fn after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pattern.find_next_occurrence(&instant, false).ok()
    }

    /// The last tick before an instant.
    #[must_use]
    pub fn before(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pattern.find_previous_occurrence(&instant, false).ok()
    }

    /// The last tick that is not after an instant.
    #[must_use]
    pub fn at_or_before(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.pattern.find_previous_occurrence(&instant, true).ok()
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Cron) -> bool {
        self.text == other.text
    }
}

impl Eq for Cron {}
