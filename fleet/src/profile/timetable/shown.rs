//! A timetable as it stands in a file.

use std::fmt::Write;

use serde_json::Value;

use crate::profile::value::quoted;
use crate::schedule::{CatchUp, Overlap, Schedule, Timetable, Window, show_span};

/// The timetable as it stands in a file.
pub(in crate::profile) fn show(timetable: &Timetable) -> String {
    let mut text = String::new();
    for window in &timetable.windows.0 {
        let Window { name, opens, length } = window;
        let opens = quoted(opens.as_str());
        let block =
            format!("name = {}\nopens = {opens}\nlength = \"{}\"\n", quoted(name), show_span(*length));
        text.push_str(&format!("\n[[maintenance_windows]]\n{block}"));
    }
    for schedule in &timetable.schedules {
        text.push_str("\n[[schedules]]\n");
        shown(schedule).into_iter().for_each(|(key, value)| text.push_str(&format!("{key} = {value}\n")));
    }
    text
}

fn shown(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let catch_up = match schedule.catch_up {
        CatchUp::Skip => "skip".to_owned(),
        CatchUp::Newest => "newest".to_owned(),
        CatchUp::Interval => "interval".to_owned(),
        CatchUp::Within(span) => show_span(span),
    };
    let mut keys = vec![
        ("name", quoted(&schedule.name)),
        ("kind", quoted(schedule.work.name())),
        ("cron", quoted(schedule.cron.as_str())),
        ("catch_up", quoted(&catch_up)),
        ("start_deadline", quoted(&show_span(schedule.start_deadline))),
    ];
    match &schedule.overlap {
        Overlap::Forbid { key } => keys.extend([("overlap", quoted("forbid")), ("concurrency", quoted(key))]),
        Overlap::Allow => keys.push(("overlap", quoted("allow"))),
    }
    keys.push(("jitter", quoted(&show_span(schedule.jitter))));
    keys.push(("timeout", quoted(&show_span(schedule.timeout))));
    keys.push(("arguments", inline(&Value::Object(schedule.arguments.clone()))));
    keys
}

/// A value on one line; TOML's are JSON's but for its tables.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let mut text = String::from("{");
            for (position, (key, value)) in table.iter().enumerate() {
                let comma = if position == 0 { "" } else { "," };
                write!(text, "{comma} {} = {}", quoted(key), inline(value))
                    .expect("a text can always be written to");
            }
            text + " }"
        }
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
