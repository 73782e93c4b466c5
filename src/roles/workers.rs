//! The workers that are alive, and what they compute on.

use chrono::{DateTime, SecondsFormat, Utc};
use fermiac_fleet::job::Label;
use fermiac_fleet::store::{ALIVE, Store, Worker};
use serde::Serialize;

use super::failed;
use crate::document;
use crate::failure::Failure;
use crate::terminal::printable;

/// One worker.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    labels: Vec<Label>,
    slots: u32,
    /// `cpu`, or its GPUs.
    device: String,
    version: String,
    started_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

/// Prints a line for each.
pub async fn show(store: &Store, json: bool) -> Result<(), Failure> {
    let alive = store.workers(ALIVE).await.map_err(failed)?;
    let lines: Vec<Line> = alive.into_iter().map(Line::of).collect();
    if json { document::print_json(&lines) } else { document::print(&table(&lines)) }
}

impl Line {
    fn of(Worker { beat, started_at, seen_at }: Worker) -> Line {
        Line {
            id: beat.id,
            labels: beat.labels,
            slots: beat.slots,
            device: beat.device,
            version: beat.version,
            started_at,
            seen_at,
        }
    }
}

fn table(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.id.chars().count()).max().unwrap_or(0).max("worker".len());
    let head = format!("{:width$}  {:24} {:>5}  {:20}  device\n", "worker", "labels", "slots", "since");
    let rows = lines.iter().map(|line| {
        let labels: Vec<&str> = line.labels.iter().map(|label| label.name()).collect();
        let since = line.started_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let (id, device) = (printable(&line.id), printable(&line.device));
        format!("{id:width$}  {:24} {:>5}  {since:20}  {device}\n", labels.join(","), line.slots)
    });
    std::iter::once(head).chain(rows).collect()
}
