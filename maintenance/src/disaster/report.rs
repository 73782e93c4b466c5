//! What a recovery came to, for those who were not there.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Event, Journal, Plan, Step};

/// The end of a recovery.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What it was to do.
    pub plan: Plan,
    /// The backup that was restored.
    pub label: Option<String>,
    /// The instant whose data it holds.
    pub taken_at: Option<DateTime<Utc>>,
    /// When the service did its work again.
    pub recovered_at: Option<DateTime<Utc>>,
    /// From the loss to there.
    pub recovery: Measured,
    /// From that instant to the loss: what was written then is gone.
    pub lost: Measured,
    /// Every step, with all that it took.
    pub steps: Vec<Stage>,
}

/// A span, and how long it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// How long it was, where that is known.
    pub took_ms: Option<u64>,
    /// How long it may be.
    pub goal_ms: u64,
    /// Whether it was no longer.
    pub is_met: bool,
}

/// A step, over all its attempts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// Which.
    pub step: Step,
    /// How often it was begun.
    pub attempts: usize,
    /// How long these took together.
    pub took_ms: u64,
    /// Why attempts failed.
    pub errors: Vec<String>,
    /// What it found in the end.
    pub found: Option<Value>,
}

impl Report {
    /// Of a recovery so far.
    #[must_use]
    pub fn of(journal: &Journal) -> Report {
        let plan = journal.plan().clone();
        let found = journal.found(Step::Assess);
        let taken_at = found.and_then(|found| found["taken_at"].as_str()?.parse().ok());
        let recovered_at = done_at(journal, Step::Monitor);
        Report {
            label: found.and_then(|found| Some(found["label"].as_str()?.to_owned())),
            taken_at,
            recovered_at,
            recovery: Measured::between(Some(plan.lost_at), recovered_at, plan.recovery_goal_ms),
            lost: Measured::between(taken_at, Some(plan.lost_at), plan.lost_goal_ms),
            steps: Step::ALL.iter().map(|step| Stage::of(journal, *step)).collect(),
            plan,
        }
    }

    /// As a page of Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let Plan { environment, actor, into, lost_at, .. } = &self.plan;
        let mut page = format!("# Recovery of {environment}\n\n");
        let mut line = |words: String| page.push_str(&format!("- {words}\n"));
        line(format!("lost: {lost_at}; recovered by {actor} into `{into}`"));
        if let (Some(label), Some(taken_at)) = (&self.label, self.taken_at) {
            line(format!("restored: `{label}`, as of {taken_at}"));
        }
        line(format!("recovery time: {}", self.recovery));
        line(format!("lost time: {}", self.lost));
        page.push_str("\n| step | attempts | took | |\n|---|---|---|---|\n");
        for Stage { step, attempts, took_ms, errors, found } in &self.steps {
            let end = match step {
                // It ends with this page: nobody reads it if it does not.
                Step::Document => "this page",
                _ if found.is_some() => "done",
                _ => "not done",
            };
            // A text in memory takes whatever is written.
            let _ = writeln!(page, "| {} | {attempts} | {} | {end} |", step.name(), seconds(*took_ms));
            errors.iter().for_each(|error| {
                let error = error.replace(['\n', '|'], " ");
                let _ = writeln!(page, "| | | | failed once: {error} |");
            });
        }
        page
    }
}

impl Measured {
    fn between(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, goal_ms: u64) -> Measured {
        let took = from.zip(to).map(|(from, to)| (to - from).num_milliseconds());
        let took_ms = took.map(|took| u64::try_from(took).unwrap_or(0));
        Measured { took_ms, goal_ms, is_met: took_ms.is_some_and(|took| took <= goal_ms) }
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let goal = seconds(self.goal_ms);
        match self.took_ms {
            Some(took) if self.is_met => {
                write!(formatter, "{}, within the {goal} of the profile", seconds(took))
            }
            Some(took) => write!(formatter, "{}, MORE than the {goal} of the profile", seconds(took)),
            None => write!(formatter, "not known yet, of {goal}"),
        }
    }
}

impl Stage {
    fn of(journal: &Journal, wanted: Step) -> Stage {
        let mut stage = Stage { step: wanted, attempts: 0, took_ms: 0, errors: Vec::new(), found: None };
        for entry in journal.entries() {
            match &entry.event {
                Event::Begun { step } if *step == wanted => stage.attempts += 1,
                Event::Done { step, took_ms, found } if *step == wanted => {
                    stage.took_ms += took_ms;
                    stage.found = Some(found.clone());
                }
                Event::Failed { step, took_ms, error } if *step == wanted => {
                    stage.took_ms += took_ms;
                    stage.errors.push(error.clone());
                }
                _ => {}
            }
        }
        stage
    }
}

fn done_at(journal: &Journal, wanted: Step) -> Option<DateTime<Utc>> {
    let is_it = |event: &Event| matches!(event, Event::Done { step, .. } if *step == wanted);
    journal.entries().iter().find(|entry| is_it(&entry.event)).map(|entry| entry.at)
}

fn seconds(milliseconds: u64) -> String {
    format!("{:.1} s", milliseconds as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::journal::tests::{done, instant, plan};
    use super::*;

    #[test]
    fn what_it_took_is_held_to_the_goals() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::begin(&folder.path().join("journal"), plan(), instant(10)).unwrap();
        assert_eq!(Report::of(&journal).recovery.took_ms, None);
        journal.write(Event::Begun { step: Step::Assess }, instant(10)).unwrap();
        let found = json!({ "label": "b", "taken_at": instant(-600) });
        journal.write(done(Step::Assess, found), instant(11)).unwrap();
        for attempt in 0..2 {
            journal.write(Event::Begun { step: Step::Monitor }, instant(20)).unwrap();
            if attempt == 0 {
                let error = "no answer".to_owned();
                journal
                    .write(Event::Failed { step: Step::Monitor, took_ms: 500, error }, instant(21))
                    .unwrap();
            }
        }
        journal.write(done(Step::Monitor, Value::Null), instant(14_401)).unwrap();
        let report = Report::of(&journal);
        let measured = |took_ms, goal_ms, is_met| Measured { took_ms: Some(took_ms), goal_ms, is_met };
        assert_eq!(report.recovery, measured(14_401_000, 14_400_000, false));
        assert_eq!(report.lost, measured(600_000, 900_000, true));
        assert_eq!((report.label.as_deref(), report.recovered_at), (Some("b"), Some(instant(14_401))));
        let monitor = &report.steps[5];
        assert_eq!((monitor.attempts, monitor.took_ms, monitor.errors.len()), (2, 1_500, 1));
        let page = report.page();
        assert!(page.contains("| document | 0 | 0.0 s | this page |"), "{page}");
        assert!(page.contains("| verify | 0 | 0.0 s | not done |"), "{page}");
        assert!(page.contains("recovery time: 14401.0 s, MORE than the 14400.0 s"), "{page}");
        assert!(
            page.contains("lost time: 600.0 s, within") && page.contains("failed once: no answer"),
            "{page}"
        );
    }
}
