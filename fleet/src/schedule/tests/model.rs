//! The same decisions by brute force: every minute is looked at, and every tick has its own entry.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// The fields of a cron as sets; none for `*`.
#[derive(Debug, Clone)]
pub struct Fields {
    minutes: Vec<u32>,
    hours: Option<Vec<u32>>,
    days: Option<Vec<u32>>,
    months: Option<Vec<u32>>,
    weekdays: Option<Vec<u32>>,
}

impl Fields {
    /// Any.
    pub fn any() -> impl Strategy<Value = Fields> {
        let field = |values: std::ops::Range<u32>, most| option::of(btree_set(values, 1..most));
        let minutes = btree_set(0..60_u32, 1..4);
        (minutes, field(0..24, 5), option::weighted(0.3, btree_set(1..32_u32, 1..6)), field(1..13, 12))
            .prop_flat_map(|(minutes, hours, days, months)| {
                let weekdays = option::weighted(0.3, btree_set(0..7_u32, 1..4));
                (Just((minutes, hours, days, months)), weekdays)
            })
            .prop_map(|((minutes, hours, days, months), weekdays)| {
                let list = |set: std::collections::BTreeSet<u32>| set.into_iter().collect();
                // A month that has every day is among them: no cron of these is without a tick for years.
                let months = months.map(|mut months| {
                    months.insert(8);
                    list(months)
                });
                Fields {
                    minutes: list(minutes),
                    hours: hours.map(list),
                    days: days.map(list),
                    months,
                    weekdays: weekdays.map(list),
                }
            })
    }

    /// As cron writes them.
    pub fn text(&self) -> String {
        let list = |values: &[u32]| values.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let field = |values: &Option<Vec<u32>>| values.as_deref().map_or("*".to_owned(), list);
        let [hours, days, months, weekdays] =
            [&self.hours, &self.days, &self.months, &self.weekdays].map(field);
        format!("{} {hours} {days} {months} {weekdays}", list(&self.minutes))
    }

    /// Whether they tick in this minute. Where both days are given, either will do.
    pub fn tick_at(&self, minute: DateTime<Utc>) -> bool {
        let holds =
            |values: &Option<Vec<u32>>, value| values.as_ref().is_none_or(|values| values.contains(&value));
        let (day, weekday) = (minute.day(), minute.weekday().num_days_from_sunday());
        let of_days = match (&self.days, &self.weekdays) {
            (Some(days), Some(weekdays)) => days.contains(&day) || weekdays.contains(&weekday),
            (days, weekdays) => holds(days, day) && holds(weekdays, weekday),
        };
        self.minutes.contains(&minute.minute())
            && holds(&self.hours, minute.hour())
            && holds(&self.months, minute.month())
            && of_days
    }

    /// All ticks after one instant up to another.
    pub fn ticks(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let first = whole_minute(after) + TimeDelta::minutes(1);
        let minutes = std::iter::successors(Some(first), |minute| Some(*minute + TimeDelta::minutes(1)));
        minutes.take_while(|minute| *minute <= until).filter(|minute| self.tick_at(*minute)).collect()
    }
}

/// The minute that an instant is in.
pub fn whole_minute(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp().div_euclid(60) * 60, 0).unwrap()
}

/// What became of each tick.
#[derive(Debug, Default)]
pub struct Ledger {
    pub fates: BTreeMap<DateTime<Utc>, Fate>,
    pub mark: DateTime<Utc>,
}

impl Ledger {
    /// A look by brute force. Gives the tick that is emitted or skipped.
    pub fn look(
        &mut self,
        schedule: &Schedule,
        fields: &Fields,
        now: DateTime<Utc>,
        busy: bool,
    ) -> Option<(DateTime<Utc>, Fate)> {
        let mut due = fields.ticks(self.mark, now);
        due.retain(|tick| schedule.due(*tick) <= now);
        let newest = *due.last()?;
        due.iter().for_each(|tick| _ = self.fates.insert(*tick, Fate::Missed));
        self.mark = newest;
        let late = now - schedule.due(newest);
        let is_last_before = |until: DateTime<Utc>| fields.ticks(newest, until).is_empty();
        let caught_up = match schedule.catch_up {
            CatchUp::Skip => false,
            CatchUp::Newest => true,
            CatchUp::Interval => is_last_before(now),
            CatchUp::Within(span) => newest + span >= now,
        };
        let fate = match (late <= schedule.start_deadline, caught_up) {
            (true, _) if !busy => Fate::Emitted,
            (false, true) if !busy => Fate::CaughtUp,
            (false, false) => return None,
            _ => Fate::Skipped,
        };
        self.fates.insert(newest, fate);
        Some((newest, fate))
    }
}
