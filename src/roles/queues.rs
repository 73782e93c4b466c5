//! What is outstanding, and what of it has been rung.

use fermiac_fleet::job::{Label, Priority, State};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{Outstanding, Store};
use serde::Serialize;

use super::failed;
use crate::document;
use crate::failure::Failure;

/// One label and priority.
#[derive(Debug, Serialize)]
struct Line {
    label: Label,
    priority: Priority,
    /// Bells that no worker has answered; nothing where the queue is another process's memory, or away.
    rung: Option<u64>,
    ready: u64,
    running: u64,
    scheduled: u64,
    waiting: u64,
    /// How long the first ready job has been so.
    oldest_ready_seconds: f64,
}

/// Prints a line for each label and priority.
pub async fn show(store: &Store, mut queue: Option<&Queue>, json: bool) -> Result<(), Failure> {
    let outstanding = store.outstanding().await.map_err(failed)?;
    let mut lines = Vec::new();
    for &label in Label::ALL {
        for &priority in Priority::ALL {
            let rung = match queue {
                Some(queue) => rung(queue, label, priority).await,
                None => None,
            };
            // Once is enough for what would be said of every line.
            queue = queue.filter(|_| rung.is_some());
            lines.push(line(&outstanding, label, priority, rung));
        }
    }
    if json { document::print_json(&lines) } else { document::print(&table(&lines)) }
}

async fn rung(queue: &Queue, label: Label, priority: Priority) -> Option<u64> {
    let length = queue.length(label, priority).await;
    length.inspect_err(|error| eprintln!("fermiac: the queue: {error}")).ok()
}

fn line(outstanding: &[Outstanding], label: Label, priority: Priority, rung: Option<u64>) -> Line {
    let of = |state| {
        outstanding.iter().find(|one| (one.label, one.priority, one.state) == (label, priority, state))
    };
    let count = |state| of(state).map_or(0, |one| one.count);
    Line {
        label,
        priority,
        rung,
        ready: count(State::Ready),
        running: count(State::Running),
        scheduled: count(State::Scheduled),
        waiting: count(State::Waiting),
        oldest_ready_seconds: of(State::Ready).map_or(0.0, |one| one.oldest_age.as_secs_f64()),
    }
}

fn table(lines: &[Line]) -> String {
    let head = ["label", "priority", "rung", "ready", "running", "scheduled", "waiting", "oldest ready"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(lines.iter().map(|line| {
        [
            line.label.to_string(),
            line.priority.to_string(),
            line.rung.map_or("-".to_owned(), |rung| rung.to_string()),
            line.ready.to_string(),
            line.running.to_string(),
            line.scheduled.to_string(),
            line.waiting.to_string(),
            format!("{:.1} s", line.oldest_ready_seconds),
        ]
    }));
    let row = |[label, priority, counts @ ..]: &[String; 8]| {
        let counts: Vec<String> = counts.iter().map(|count| format!("{count:>10}")).collect();
        format!("{label:12}{priority:8}{}\n", counts.join(" "))
    };
    rows.iter().map(row).collect()
}
