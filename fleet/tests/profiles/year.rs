//! A year of a timetable, from one tick to the next.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use fermiac_fleet::schedule::{Fate, Schedule, Standing, Timetable};

/// What happened.
pub struct Year {
    /// By schedule, when each tick was done and what became of it.
    pub ticks: BTreeMap<String, Vec<(DateTime<Utc>, Fate)>>,
}

/// The year 2028, in which a scheduler always looks and every job ends at once.
pub fn year(timetable: &Timetable) -> Year {
    let ticks = timetable.schedules.iter().map(|schedule| {
        let alone = Timetable { schedules: vec![schedule.clone()], windows: timetable.windows.clone() };
        (schedule.name.clone(), year_of(&alone, schedule))
    });
    Year { ticks: ticks.collect() }
}

fn year_of(timetable: &Timetable, schedule: &Schedule) -> Vec<(DateTime<Utc>, Fate)> {
    let begin: DateTime<Utc> = "2027-12-31T23:59:59Z".parse().unwrap();
    let end: DateTime<Utc> = "2029-01-01T00:00:00Z".parse().unwrap();
    let cron = schedule.cron.as_str().to_owned();
    let mut standing = Standing { cron, mark: begin, unfinished: None };
    let mut done = Vec::new();
    while let Some((_, start)) = timetable.next(schedule, standing.mark) {
        if start >= end {
            break;
        }
        let standings = HashMap::from([(schedule.name.clone(), standing.clone())]);
        let looked = timetable.look(&standings, start);
        let [(_, decision)] = looked.as_slice() else { panic!("{} does nothing at {start}", schedule.name) };
        assert!(decision.missed.is_none(), "{}: {decision:?}", schedule.name);
        done.extend(decision.tick.map(|(_, fate)| (start, fate)));
        standing.mark = decision.mark;
    }
    done
}
