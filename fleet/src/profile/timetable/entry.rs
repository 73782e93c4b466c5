//! One entry of a list of a profile, and how its keys are read.

use serde_json::{Map, Value};

use super::name;
use crate::job::Label;
use crate::profile::reader::Reader;
use crate::retention::RetentionArguments;
use crate::schedule::{Overlap, Work};

/// The arguments of a schedule have at most so many bytes as JSON.
const ARGUMENT_BYTES: usize = 16 << 10;
/// A schedule wants at most so many workers.
const MOST_WORKERS: u32 = 10_000;

/// One entry of a list, from which what is read is taken.
pub(super) struct Entry<'r, 'v> {
    pub(super) place: String,
    pub(super) table: toml::Table,
    pub(super) reader: &'r mut Reader<'v>,
}

impl Entry<'_, '_> {
    pub(super) fn mistake(&mut self, key: &str, problem: &str) {
        let what = format!("{}: {}: {key}", self.reader.file_name(), self.place);
        self.reader.mistake(&what, problem);
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        match self.table.remove(key)? {
            toml::Value::String(text) => Some(text),
            _ => {
                self.mistake(key, "must be a text in quotes");
                None
            }
        }
    }

    pub(super) fn required<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.mistake(key, "is needed");
            return None;
        }
        let text = self.text(key)?;
        self.parsed(key, &text, parse)
    }

    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        usual: T,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.table.contains_key(key) { self.required(key, parse) } else { Some(usual) }
    }

    fn parsed<T>(&mut self, key: &str, text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(text) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.mistake(key, &format!("{text:?} {problem}"));
                None
            }
        }
    }

    pub(super) fn overlap(&mut self, schedule: &str) -> Option<Overlap> {
        let key = self.optional("concurrency", schedule.to_owned(), name);
        let is_allowed = self.optional("overlap", false, |text| match text {
            "forbid" => Ok(false),
            "allow" => Ok(true),
            _ => Err("is none of forbid, allow".to_owned()),
        });
        Some(if is_allowed? { Overlap::Allow } else { Overlap::Forbid { key: key? } })
    }

    pub(super) fn arguments(&mut self) -> Option<Map<String, Value>> {
        let table = match self.table.remove("arguments") {
            None => return Some(Map::new()),
            Some(toml::Value::Table(table)) => table,
            Some(_) => {
                self.mistake("arguments", "must be a table");
                return None;
            }
        };
        let json = serde_json::to_value(table).ok().filter(|json| json.to_string().len() <= ARGUMENT_BYTES);
        let Some(Value::Object(arguments)) = json else {
            self.mistake("arguments", &format!("are more than {ARGUMENT_BYTES} bytes of plain values"));
            return None;
        };
        Some(arguments)
    }

    /// A job that would be refused is refused here.
    pub(super) fn check_retention(&mut self, arguments: &Map<String, Value>) -> Option<()> {
        let text = Value::Object(arguments.clone()).to_string();
        match RetentionArguments::parse(text.as_bytes()) {
            Ok(_) => Some(()),
            Err(problem) => {
                self.mistake("arguments", &problem);
                None
            }
        }
    }

    pub(super) fn scale(&mut self, arguments: &Map<String, Value>) -> Option<Work> {
        let workers =
            arguments.get("workers").and_then(Value::as_u64).and_then(|count| count.try_into().ok());
        let label = arguments.get("label").map_or(Some(Label::Cpu), |name| Label::named(name.as_str()?));
        let is_more = arguments.keys().any(|key| key != "workers" && key != "label");
        match (workers, label, is_more) {
            (Some(workers), Some(label), false) if workers <= MOST_WORKERS => {
                Some(Work::Scale { label, workers })
            }
            _ => {
                let labels = Label::ALL.iter().map(|label| label.name()).collect::<Vec<_>>().join(", ");
                let problem = format!(
                    "of the kind scale are workers, from 0 to {MOST_WORKERS}, and perhaps label, one of {labels}"
                );
                self.mistake("arguments", &problem);
                None
            }
        }
    }

    pub(super) fn refuse_rest(&mut self) {
        for key in std::mem::take(&mut self.table).into_iter().map(|(key, _)| key) {
            self.mistake(&key, "there is no such setting here");
        }
    }
}
