//! `fermiac retention`: what a job of this kind does, by hand, or only told.

use std::collections::BTreeMap;

use fermiac_fleet::job::Kind;
use fermiac_fleet::orphans::Spared;
use fermiac_fleet::profile::Profile;
use fermiac_fleet::retention::{Class, RetentionArguments as Days};
use fermiac_fleet::schedule::Work;
use fermiac_maintenance::retention::cleanup::{self, Amount, Forecast, Mandate, clean_up, forecast};
use serde_json::json;

use super::failed;
use super::homes::Homes;
use crate::arguments::RetentionArguments;
use crate::document;
use crate::failure::Failure;

/// So many are shown one by one to people.
const SHOWN: usize = 20;

/// Lists what would go, or deletes it.
pub async fn manage(homes: &Homes, profile: &Profile, arguments: &RetentionArguments) -> Result<(), Failure> {
    let days = days(profile, arguments)?;
    let places = cleanup::Homes { store: &homes.store, blobs: &homes.blobs };
    if arguments.dry_run {
        let forecast = forecast(places, &days).await.map_err(failed)?;
        let document = json!({
            "days": days, "dry_run": true, "classes": forecast.classes, "going": forecast.going,
            "spared": forecast.spared,
        });
        return show(arguments.json, &document, &foretold(&forecast));
    }
    if !arguments.outside_windows {
        let now = homes.store.now().await.map_err(failed)?;
        profile.timetable.windows.check("this", now).map_err(Failure::Failed)?;
    }
    let cleaned =
        clean_up(places, &days, Mandate { job: None, is_stopping: &|| false }).await.map_err(failed)?;
    let document = json!({
        "days": days, "dry_run": false, "classes": cleaned.classes, "spared": cleaned.spared,
    });
    let text = counted(&cleaned.classes, "deleted") + &told(&cleaned.spared, "stay");
    show(arguments.json, &document, &text)
}

/// What was typed, or else what the environment's schedule says.
fn days(profile: &Profile, arguments: &RetentionArguments) -> Result<Days, Failure> {
    let typed = Days {
        uploads_days: arguments.uploads_days,
        results_days: arguments.results_days,
        dead_letters_days: arguments.dead_letters_days,
    };
    let text = if typed == Days::default() {
        let schedules = &profile.timetable.schedules;
        let mut retentions = schedules.iter().filter(|one| one.work == Work::Job(Kind::Retention));
        match (retentions.next(), retentions.next()) {
            (Some(one), None) => json!(one.arguments),
            (first, _) => {
                let count = if first.is_some() { "more than one schedule" } else { "no schedule" };
                return Err(Failure::Refused(format!(
                    "{} has {count} of the kind retention: say what is to go, such as --results-days 30",
                    profile.environment
                )));
            }
        }
    } else {
        json!(typed)
    };
    let refused = |problem| Failure::Refused(format!("the days to keep things {problem}"));
    Days::parse(text.to_string().as_bytes()).map_err(refused)
}

fn show(json: bool, document: &serde_json::Value, text: &str) -> Result<(), Failure> {
    if json { document::print_json(document) } else { document::print(text) }
}

fn foretold(forecast: &Forecast) -> String {
    let mut text = String::new();
    for going in forecast.going.iter().take(SHOWN) {
        text += &format!("{:12}  {}  {}\n", going.class, going.id, going.since.format("%Y-%m-%d %H:%M:%S"));
    }
    let count: u64 = forecast.classes.values().map(|amount| amount.count).sum();
    if count > SHOWN as u64 {
        text += &format!("and {} more\n", count - SHOWN as u64);
    }
    text + &counted(&forecast.classes, "would go") + &told(&forecast.spared, "would stay")
}

/// A line of what is spared, if anything is.
fn told(spared: &Spared, verb: &str) -> String {
    spared.because.map_or_else(String::new, |because| {
        format!("of their blobs {} {verb} for now: {}\n", spared.blobs, because.told())
    })
}

fn counted(classes: &BTreeMap<Class, Amount>, verb: &str) -> String {
    let line = |class: &Class| {
        let Amount { count, blobs, bytes } = classes.get(class).copied().unwrap_or_default();
        format!("{class:12}  {count} {verb}, with {blobs} blobs, {bytes} bytes\n")
    };
    Class::ALL.iter().map(line).collect()
}
