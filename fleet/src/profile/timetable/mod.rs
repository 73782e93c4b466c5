//! Reads `[[schedules]]` and `[[maintenance_windows]]`: lists of entries, where all else are single settings.

mod entry;
mod shown;

#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use super::reader::Reader;
use crate::job::Kind;
use crate::schedule::{CatchUp, Cron, Schedule, Timetable, Window, Windows, Work, parse_span};
use entry::Entry;

pub(super) use shown::show;

/// An environment has at most so many schedules, and as many windows.
const MOST: usize = 100;
/// A name has at most so many characters.
const NAME_CHARACTERS: usize = 64;

/// The timetable of a file. What is wrong is noted, and left out.
pub(super) fn read(reader: &mut Reader<'_>) -> Timetable {
    let schedules = entries(reader, "schedules", schedule);
    let windows = entries(reader, "maintenance_windows", window);
    let mut timetable = Timetable { schedules, windows: Windows(windows) };
    timetable.schedules.sort_by(|one, other| one.name.cmp(&other.name));
    timetable
}

fn entries<T: Entitled>(
    reader: &mut Reader<'_>,
    list: &'static str,
    read: impl Fn(&mut Entry<'_, '_>) -> Option<T>,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for (position, table) in reader.take_list(list, MOST).into_iter().enumerate() {
        let mut entry = Entry { place: format!("{list} {}", position + 1), table, reader };
        let name = entry.required("name", name);
        if let Some(name) = &name {
            entry.place = format!("{list} {name:?}");
        }
        entry.table.insert("name".to_owned(), toml::Value::String(name.unwrap_or_default()));
        let Some(one) = read(&mut entry) else { continue };
        if all.iter().any(|other| other.name() == one.name()) {
            entry.mistake("name", "is given twice");
        }
        all.push(one);
    }
    all
}

trait Entitled {
    fn name(&self) -> &str;
}

impl Entitled for Schedule {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Entitled for Window {
    fn name(&self) -> &str {
        &self.name
    }
}

fn window(entry: &mut Entry<'_, '_>) -> Option<Window> {
    let name = entry.text("name")?;
    let opens = entry.required("opens", Cron::parse);
    let length = entry.required("length", |text| match parse_span(text)? {
        length if length.is_zero() => Err("must be longer than nothing".to_owned()),
        length => Ok(length),
    });
    entry.refuse_rest();
    Some(Window { name: Some(name).filter(|name| !name.is_empty())?, opens: opens?, length: length? })
}

fn schedule(entry: &mut Entry<'_, '_>) -> Option<Schedule> {
    let name = entry.text("name")?;
    let kind = entry.required("kind", kind_named);
    let cron = entry.required("cron", Cron::parse);
    let arguments = entry.arguments();
    // Where the kind is wrong, the rest is read all the same, for its mistakes.
    let usual = Usual::of(kind.unwrap_or(Named::Scale));
    let catch_up = entry.optional("catch_up", usual.catch_up, catch_up);
    let start_deadline = entry.optional("start_deadline", TimeDelta::minutes(5), parse_span);
    let overlap = entry.overlap(&name);
    let jitter = entry.optional("jitter", TimeDelta::zero(), parse_span);
    let timeout = entry.optional("timeout", usual.timeout, |text| match parse_span(text)? {
        timeout if timeout.is_zero() => Err("must be longer than nothing".to_owned()),
        timeout => Ok(timeout),
    });
    entry.refuse_rest();
    let arguments = arguments?;
    if let Some(Named::Job(Kind::Retention)) = kind {
        entry.check_retention(&arguments)?;
    }
    let work = match kind? {
        Named::Job(kind) => Work::Job(kind),
        Named::Scale => entry.scale(&arguments)?,
    };
    let environment = entry.reader.environment.name();
    Some(Schedule {
        catch_up: catch_up?,
        start_deadline: start_deadline?,
        overlap: overlap?,
        jitter: jitter?,
        timeout: timeout?,
        arguments,
        ..Schedule::new(environment, Some(&name).filter(|name| !name.is_empty())?, work, cron?)
    })
}

/// What the key `kind` names.
#[derive(Debug, Clone, Copy)]
enum Named {
    Job(Kind),
    Scale,
}

/// What a schedule does unless it says otherwise, by its kind.
struct Usual {
    catch_up: CatchUp,
    timeout: TimeDelta,
}

impl Usual {
    fn of(kind: Named) -> Usual {
        let (catch_up, timeout) = match kind {
            Named::Job(Kind::Backup) => (CatchUp::Interval, TimeDelta::hours(6)),
            Named::Job(Kind::RestoreDrill) => (CatchUp::Within(TimeDelta::days(7)), TimeDelta::hours(8)),
            Named::Job(Kind::Retention) => (CatchUp::Newest, TimeDelta::hours(1)),
            Named::Job(Kind::SmokeTest) => (CatchUp::Skip, TimeDelta::minutes(10)),
            Named::Scale => (CatchUp::Newest, TimeDelta::minutes(1)),
            Named::Job(Kind::ResourceWatch | Kind::Probe | Kind::Simulate | Kind::Slice | Kind::Combine) => {
                (CatchUp::Skip, TimeDelta::minutes(1))
            }
        };
        Usual { catch_up, timeout }
    }
}

fn name(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    if (1..=NAME_CHARACTERS).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("is no name: 1 to {NAME_CHARACTERS} small letters, digits, - and _"))
}

fn kind_named(text: &str) -> Result<Named, String> {
    if text == "scale" {
        return Ok(Named::Scale);
    }
    let known = || Kind::ALL.iter().filter(|kind| kind.is_maintenance());
    match known().find(|kind| kind.name() == text) {
        Some(kind) => Ok(Named::Job(*kind)),
        None => {
            let names: Vec<&str> = known().map(|kind| kind.name()).chain(["scale"]).collect();
            Err(format!("is none of {}", names.join(", ")))
        }
    }
}

fn catch_up(text: &str) -> Result<CatchUp, String> {
    match text {
        "skip" => Ok(CatchUp::Skip),
        "newest" => Ok(CatchUp::Newest),
        "interval" => Ok(CatchUp::Interval),
        span => parse_span(span)
            .map(CatchUp::Within)
            .map_err(|_| "is none of skip, newest, interval, and no span such as 7d".to_owned()),
    }
}
