//! `fermiac dr`: brings the service back into another database, step by step, and writes down how.
//!
//! Each step is written down before it begins and when it ended; one that failed is begun again when the command is, and
//! those before it are not. The settings in force are those of the place that is recovered to, but for the database, which
//! is still the lost one's.

mod steps;

use std::time::Instant;

use chrono::Utc;
use fermiac_fleet::profile::Profile;
use fermiac_maintenance::disaster::{Event, Journal, Plan, Report, Step};
use fermiac_maintenance::postgres::DatabaseAddress;
use serde_json::{Value, json};

use super::{audit, backups};
use crate::arguments::DisasterArguments;
use crate::document;
use crate::failure::Failure;
use steps::Recovery;

/// Goes through the steps that are not done, and shows the report.
pub async fn recover(profile: &Profile, arguments: &DisasterArguments) -> Result<(), Failure> {
    let mut journal = journal(profile, arguments)?;
    let recovery = Recovery::of(profile, &journal, arguments)?;
    while let Some(step) = journal.next() {
        eprintln!("fermiac: {} ...", step.name());
        journal.write(Event::Begun { step }, Utc::now()).map_err(backups::told)?;
        let begun = Instant::now();
        let ended = match step {
            Step::Document => document_it(&journal, arguments),
            _ => recovery.take(step, &journal).await,
        };
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        match ended {
            Ok(found) => {
                eprintln!("fermiac: {}: {found}", step.name());
                journal.write(Event::Done { step, took_ms, found }, Utc::now()).map_err(backups::told)?;
            }
            Err(failure) => {
                let error = failure.to_string();
                journal.write(Event::Failed { step, took_ms, error }, Utc::now()).map_err(backups::told)?;
                return Err(stopped(step, arguments, failure));
            }
        }
    }
    let report = Report::of(&journal);
    if arguments.json { document::print_json(&report) } else { document::print(&report.page()) }
}

/// The journal that is there, or a new one.
fn journal(profile: &Profile, arguments: &DisasterArguments) -> Result<Journal, Failure> {
    let environment = profile.environment.name();
    if arguments.journal.exists() {
        let journal = Journal::open(&arguments.journal).map_err(backups::told)?;
        let plan = journal.plan();
        let is_other =
            |typed: &Option<String>, planned: &str| typed.as_ref().is_some_and(|typed| typed != planned);
        if plan.environment != environment
            || is_other(&arguments.into, &plan.into)
            || is_other(&arguments.to, &plan.to)
        {
            let problem = "the journal is of another recovery: leave --into and --to out to go on with it";
            return Err(Failure::refused(problem));
        }
        return Ok(journal);
    }
    let into = arguments.into.clone().ok_or_else(|| {
        Failure::refused(
            "--into: say which empty database to restore into, such as postgres://fermiac@db2/fermiac",
        )
    })?;
    // Refused before anything is written down.
    DatabaseAddress::of(&backups::without_password(&into)?).map_err(backups::told)?;
    let milliseconds = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let now = Utc::now();
    let plan = Plan {
        environment: environment.to_owned(),
        actor: audit::operator(),
        into,
        to: arguments.to.clone().unwrap_or_else(|| "latest".to_owned()),
        lost_at: arguments.lost_at.unwrap_or(now),
        recovery_goal_ms: milliseconds(profile.backup.recovery_time),
        lost_goal_ms: milliseconds(profile.backup.lost_time),
    };
    Journal::begin(&arguments.journal, plan, now).map_err(backups::told)
}

/// The report as a page beside the journal.
fn document_it(journal: &Journal, arguments: &DisasterArguments) -> Result<Value, Failure> {
    let mut path = arguments.journal.clone().into_os_string();
    path.push(".report.md");
    let written = std::fs::write(&path, Report::of(journal).page());
    let path = path.to_string_lossy();
    written.map_err(|error| Failure::Failed(format!("{path}: {error}")))?;
    Ok(json!({ "report": path }))
}

fn stopped(step: Step, arguments: &DisasterArguments, failure: Failure) -> Failure {
    let (step, journal) = (step.name(), arguments.journal.display());
    let typed = arguments.environment.env.iter().map(|name| format!(" --env {name}")).collect::<String>();
    let told = |words: String| {
        format!(
            "{step}: {words}\nonce that is put right, `fermiac dr{typed} --journal {journal}` goes on with this step"
        )
    };
    match failure {
        Failure::Refused(words) => Failure::Refused(told(words)),
        Failure::Failed(words) => Failure::Failed(told(words)),
        other @ (Failure::Device(_) | Failure::Cancelled) => other,
    }
}
