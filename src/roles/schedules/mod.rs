//! What happens by the clock: looked at, and done by hand.

mod document;

use fermiac_fleet::profile::Profile;
use fermiac_fleet::schedule::Work;
use fermiac_fleet::store::{OutsideWindows, Store, StoreError};

use super::failed;
use super::homes::Homes;
use crate::arguments::{SchedulesArguments, SchedulesCommand};
use crate::failure::Failure;
use document::{Desired, Document, Emitted, Listed, Schedules, Tick, Window};

/// So many of a schedule's last ticks are listed.
const LAST: u32 = 5;

/// Lists all, or does one now.
pub async fn manage(homes: &Homes, profile: &Profile, arguments: &SchedulesArguments) -> Result<(), Failure> {
    let document = match &arguments.command {
        None => list(&homes.store, profile).await?,
        Some(SchedulesCommand::Run { name, outside_windows }) => {
            let outside = if *outside_windows { OutsideWindows::Allowed } else { OutsideWindows::Refused };
            run(homes, profile, name, outside).await?
        }
    };
    document.print(arguments.json)
}

/// Every schedule of the profile, with its next and its last ticks.
async fn list(store: &Store, profile: &Profile) -> Result<Document, Failure> {
    let (timetable, now) = (&profile.timetable, store.now().await.map_err(failed)?);
    let mut schedules = Vec::new();
    for schedule in &timetable.schedules {
        let ticks = store.schedule_ticks(&schedule.name, LAST).await.map_err(failed)?;
        let next = timetable.next(schedule, now);
        schedules.push(Listed {
            name: schedule.name.clone(),
            kind: schedule.work.name(),
            cron: schedule.cron.as_str().to_owned(),
            next_tick: next.map(|(tick, _)| tick),
            next_start: next.map(|(_, start)| start),
            last_ticks: ticks.into_iter().map(Tick::from).collect(),
        });
    }
    let windows = timetable.windows.0.iter().map(|window| Window::of(window, now)).collect();
    let desired = store.desired_workers().await.map_err(failed)?;
    let desired_workers = desired.into_iter().map(Desired::from).collect();
    let environment = profile.environment.name();
    Ok(Document::Schedules(Schedules { environment, now, schedules, windows, desired_workers }))
}

/// Does one now, and rings for its job.
async fn run(
    homes: &Homes,
    profile: &Profile,
    name: &str,
    outside: OutsideWindows,
) -> Result<Document, Failure> {
    let timetable = &profile.timetable;
    let Some(schedule) = timetable.named(name) else {
        let names: Vec<&str> = timetable.schedules.iter().map(|schedule| schedule.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(Failure::Refused(format!(
            "there is no schedule {name:?}; {} has {known}",
            profile.environment
        )));
    };
    let emission = homes.store.emit_by_hand(timetable, name, outside).await.map_err(|error| match error {
        StoreError::Refused { .. } => Failure::refused(error),
        other => failed(other),
    })?;
    homes.ring(&emission.bells).await;
    let workers = match schedule.work {
        Work::Scale { workers, .. } => Some(workers),
        Work::Job(_) => None,
    };
    let job = emission.bells.first().map(|bell| bell.job);
    Ok(Document::Emitted(Emitted { schedule: name.to_owned(), job, workers }))
}
