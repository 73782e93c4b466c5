//! The journal of a recovery: one JSON document a line, each on the disk before anything follows from it.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Step;
use crate::error::{MaintenanceError, Result};

/// What a recovery is to do, fixed at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which environment is lost.
    pub environment: String,
    /// Who recovers it.
    pub actor: String,
    /// The empty database to restore into, without its password.
    pub into: String,
    /// What is restored: `latest`, an instant, or a label.
    pub to: String,
    /// When the service was lost.
    pub lost_at: DateTime<Utc>,
    /// How long a recovery may take.
    pub recovery_goal_ms: u64,
    /// How much may be lost.
    pub lost_goal_ms: u64,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The recovery begins.
    Planned {
        /// What it is to do.
        plan: Plan,
    },
    /// A step begins, perhaps not for the first time.
    Begun {
        /// Which.
        step: Step,
    },
    /// A step ended well.
    Done {
        /// Which.
        step: Step,
        /// How long it took.
        took_ms: u64,
        /// What it found.
        found: Value,
    },
    /// A step ended otherwise.
    Failed {
        /// Which.
        step: Step,
        /// How long it took.
        took_ms: u64,
        /// Why.
        error: String,
    },
}

/// What happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the clock of the machine: the database may be gone.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    plan: Plan,
    entries: Vec<Entry>,
}

impl Journal {
    /// Begins one. No file of that name may be there.
    ///
    /// # Errors
    /// When there is one, or it cannot be written.
    pub fn begin(path: &Path, plan: Plan, now: DateTime<Utc>) -> Result<Journal> {
        let file = File::options().read(true).append(true).create_new(true).open(path);
        let file = file.map_err(|error| on(path, error))?;
        lock(path, &file)?;
        let mut journal = Journal { path: path.to_owned(), file, plan: plan.clone(), entries: Vec::new() };
        journal.write(Event::Planned { plan }, now)?;
        Ok(journal)
    }

    /// Goes on with one. A line that was being written when the machine died is cut off.
    ///
    /// # Errors
    /// When it is not there, another process writes it, or it is no journal.
    pub fn open(path: &Path) -> Result<Journal> {
        let file = File::options().read(true).append(true).open(path).map_err(|error| on(path, error))?;
        lock(path, &file)?;
        let mut text = String::new();
        (&file).read_to_string(&mut text).map_err(|error| on(path, error))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64).map_err(|error| on(path, error))?;
            (&file).seek(SeekFrom::End(0)).map_err(|error| on(path, error))?;
        }
        let entries: std::result::Result<Vec<Entry>, _> =
            text[..whole].lines().map(serde_json::from_str).collect();
        let entries = entries.map_err(|error| refused(path, &error.to_string()))?;
        match entries.first() {
            Some(Entry { event: Event::Planned { plan }, .. }) => {
                Ok(Journal { path: path.to_owned(), file, plan: plan.clone(), entries })
            }
            _ => Err(refused(path, "it does not begin with a plan")),
        }
    }

    /// Writes down what happened.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn write(&mut self, event: Event, now: DateTime<Utc>) -> Result<()> {
        let entry = Entry { at: now, event };
        let mut line = serde_json::to_vec(&entry).map_err(|error| refused(&self.path, &error.to_string()))?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_all());
        written.map_err(|error| on(&self.path, error))?;
        self.entries.push(entry);
        Ok(())
    }

    /// What it is to do.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// All that happened.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The step to go on with; none when all are done.
    #[must_use]
    pub fn next(&self) -> Option<Step> {
        Step::ALL.iter().copied().find(|step| self.found(*step).is_none())
    }

    /// What a step that is done found.
    #[must_use]
    pub fn found(&self, wanted: Step) -> Option<&Value> {
        self.entries.iter().find_map(|entry| match &entry.event {
            Event::Done { step, found, .. } if *step == wanted => Some(found),
            _ => None,
        })
    }
}

/// Two that recover at once would restore over each other.
fn lock(path: &Path, file: &File) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(refused(path, "another process recovers by it at this moment")),
        Err(TryLockError::Error(error)) => Err(on(path, error)),
    }
}

fn on(path: &Path, error: io::Error) -> MaintenanceError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => refused(path, "it is there already"),
        io::ErrorKind::NotFound => refused(path, "there is no such file"),
        _ => MaintenanceError::disk(path.display().to_string())(error),
    }
}

fn refused(path: &Path, problem: &str) -> MaintenanceError {
    MaintenanceError::refused(format!("the journal {}: {problem}", path.display()))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub fn plan() -> Plan {
        Plan {
            environment: "testing".to_owned(),
            actor: "operator:ada@here".to_owned(),
            into: "postgres://db/new".to_owned(),
            to: "latest".to_owned(),
            lost_at: instant(0),
            recovery_goal_ms: 14_400_000,
            lost_goal_ms: 900_000,
        }
    }

    pub fn instant(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    pub fn done(step: Step, found: Value) -> Event {
        Event::Done { step, took_ms: 1_000, found }
    }

    #[test]
    fn a_recovery_goes_on_after_the_last_step_that_ended_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::begin(&path, plan(), instant(0)).unwrap();
        assert_eq!(journal.next(), Some(Step::Assess));
        journal.write(done(Step::Assess, json!({ "label": "b" })), instant(1)).unwrap();
        let failed = Event::Failed { step: Step::Activate, took_ms: 5, error: "no".to_owned() };
        journal.write(failed, instant(2)).unwrap();
        let entries = journal.entries().to_vec();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!((journal.entries(), journal.plan()), (&entries[..], &plan()));
        assert_eq!(
            (journal.next(), journal.found(Step::Assess)),
            (Some(Step::Activate), Some(&json!({ "label": "b" })))
        );
    }

    #[test]
    fn a_line_that_broke_off_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::begin(&path, plan(), instant(0)).unwrap();
        journal.write(done(Step::Assess, Value::Null), instant(1)).unwrap();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 10]).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.next(), Some(Step::Assess));
        journal.write(done(Step::Assess, Value::Null), instant(1)).unwrap();
        drop(journal);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn what_is_there_is_not_begun_anew_and_two_do_not_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::begin(&path, plan(), instant(0)).unwrap();
        let again = Journal::begin(&path, plan(), instant(0)).unwrap_err();
        assert!(again.to_string().contains("there already"), "{again}");
        let beside = Journal::open(&path).unwrap_err();
        assert!(beside.to_string().contains("another process"), "{beside}");
        drop(journal);
        std::fs::write(&path, "{}\n").unwrap();
        assert!(Journal::open(&path).is_err());
        let missing = Journal::open(&folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().contains("no such file"), "{missing}");
    }
}
