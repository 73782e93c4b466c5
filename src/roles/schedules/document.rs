//! What `fermiac schedules` shows: as JSON, or for people.

use chrono::{DateTime, Utc};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Label, State};
use fermiac_fleet::schedule::{self, Fate, show_span};
use fermiac_fleet::store::{DesiredWorkers, ListedTick};
use serde::Serialize;

use crate::document;
use crate::failure::Failure;

/// One document of plain data.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Document {
    /// Of `fermiac schedules`.
    Schedules(Schedules),
    /// Of `fermiac schedules run`.
    Emitted(Emitted),
}

/// All schedules of an environment. Instants are UTC.
#[derive(Debug, Serialize)]
pub struct Schedules {
    pub environment: &'static str,
    pub now: DateTime<Utc>,
    pub schedules: Vec<Listed>,
    pub windows: Vec<Window>,
    pub desired_workers: Vec<Desired>,
}

/// A schedule.
#[derive(Debug, Serialize)]
pub struct Listed {
    pub name: String,
    pub kind: &'static str,
    pub cron: String,
    pub next_tick: Option<DateTime<Utc>>,
    /// Later than the tick by the jitter and the wait for a window.
    pub next_start: Option<DateTime<Utc>>,
    /// Newest first.
    pub last_ticks: Vec<Tick>,
}

/// A tick, or a run of ticks that were missed.
#[derive(Debug, Serialize)]
pub struct Tick {
    pub tick: DateTime<Utc>,
    pub through: DateTime<Utc>,
    pub ticks: u32,
    pub fate: Fate,
    pub job: Option<JobId>,
    pub state: Option<State>,
    pub error: Option<String>,
    pub reason: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

/// A maintenance window.
#[derive(Debug, Serialize)]
pub struct Window {
    pub name: String,
    pub opens: String,
    pub length: String,
    pub is_open: bool,
    pub next: Option<DateTime<Utc>>,
}

/// How many workers of a label there should be.
#[derive(Debug, Serialize)]
pub struct Desired {
    pub label: Label,
    pub workers: u32,
    pub as_of: DateTime<Utc>,
    pub schedule: String,
}

/// What was done by hand.
#[derive(Debug, Serialize)]
pub struct Emitted {
    pub schedule: String,
    pub job: Option<JobId>,
    pub workers: Option<u32>,
}

impl From<ListedTick> for Tick {
    fn from(listed: ListedTick) -> Tick {
        let ListedTick { recorded, recorded_at, state, error } = listed;
        Tick {
            tick: recorded.tick,
            through: recorded.through,
            ticks: recorded.ticks,
            fate: recorded.fate,
            job: recorded.job,
            state,
            error,
            reason: recorded.reason,
            recorded_at,
        }
    }
}

impl From<DesiredWorkers> for Desired {
    fn from(desired: DesiredWorkers) -> Desired {
        let DesiredWorkers { label, workers, as_of, schedule } = desired;
        Desired { label, workers, as_of, schedule }
    }
}

impl Window {
    pub fn of(window: &schedule::Window, now: DateTime<Utc>) -> Window {
        Window {
            name: window.name.clone(),
            opens: window.opens.as_str().to_owned(),
            length: show_span(window.length),
            is_open: window.open_since(now).is_some(),
            next: window.opens.after(now),
        }
    }
}

impl Document {
    /// Prints it.
    pub fn print(&self, json: bool) -> Result<(), Failure> {
        match self {
            _ if json => document::print_json(self),
            Document::Schedules(schedules) => document::print(&schedules.for_people()),
            Document::Emitted(emitted) => document::print(&emitted.for_people()),
        }
    }
}

impl Emitted {
    fn for_people(&self) -> String {
        match (self.job, self.workers) {
            (Some(job), _) => format!("{}: job {job}\n", self.schedule),
            (None, workers) => format!("{}: {} workers are desired\n", self.schedule, workers.unwrap_or(0)),
        }
    }
}

impl Schedules {
    fn for_people(&self) -> String {
        let head = ["schedule", "kind", "cron (UTC)", "next start", "last tick", "outcome"];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.schedules.iter().map(Listed::row));
        let mut text = table(&rows);
        for Window { name, opens, length, is_open, next } in &self.windows {
            let state = if *is_open { "open now".to_owned() } else { format!("opens {}", minute(*next)) };
            text.push_str(&format!("window {name}: {state} ({opens}, for {length})\n"));
        }
        for Desired { label, workers, as_of, schedule } in &self.desired_workers {
            let since = minute(Some(*as_of));
            text.push_str(&format!("desired workers of {label}: {workers} (by {schedule}, {since})\n"));
        }
        text
    }
}

impl Listed {
    fn row(&self) -> [String; 6] {
        let last = self.last_ticks.first();
        [
            self.name.clone(),
            self.kind.to_owned(),
            self.cron.clone(),
            minute(self.next_start),
            minute(last.map(|tick| tick.through)),
            last.map_or_else(String::new, Tick::outcome),
        ]
    }
}

impl Tick {
    fn outcome(&self) -> String {
        let mut text = self.fate.name().replace('_', " ");
        if self.ticks > 1 {
            text.push_str(&format!(" ×{}", self.ticks));
        }
        if let Some(state) = self.state {
            text.push_str(&format!(", {state}"));
        }
        match self.error.as_deref().or(self.reason.as_deref()) {
            Some(why) => format!("{text}: {why}"),
            None => text,
        }
    }
}

fn minute(instant: Option<DateTime<Utc>>) -> String {
    instant.map_or_else(|| "-".to_owned(), |instant| instant.format("%Y-%m-%d %H:%M").to_string())
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 6]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
