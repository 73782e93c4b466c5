//! `fermiac smoke`: whether each part of a system does its work.

use fermiac_fleet::profile::Profile;
use fermiac_smoke::{Finding, Report, Smoke, Status, Subject, Suite};

use super::homes::{self, Homes};
use crate::arguments::SmokeArguments;
use crate::document;
use crate::failure::Failure;
use crate::terminal::{Screen, padded, printable};

/// The width of the names of checks and of statuses.
const NAME: usize = 14;
const STATUS: usize = 8;

/// Smoke tests over homes that answered at the start.
pub fn of(profile: &Profile, homes: Homes) -> Smoke {
    let Homes { store, queue, blobs } = homes;
    smoke(profile, fermiac_smoke::Homes { store: Ok(store), queue, blobs })
}

/// Makes a suite, prints what was found, and fails if a check did.
pub async fn test(profile: &Profile, arguments: &SmokeArguments) -> Result<(), Failure> {
    let store = match homes::store(profile).await {
        Err(refused @ Failure::Refused(_)) => return Err(refused),
        store => store.map_err(|failure| failure.to_string()),
    };
    let homes = fermiac_smoke::Homes { store, queue: homes::queue(profile)?, blobs: homes::blobs(profile)? };
    let suite = arguments.suite.unwrap_or_else(|| Suite::usual(profile.environment));
    let report = smoke(profile, homes).run(suite).await;
    if arguments.json {
        document::print_json(&report)?;
    } else {
        document::print(&table(&report, Screen::of_stdout()))?;
    }
    if report.passed { Ok(()) } else { Err(Failure::Failed(names_of_failed(&report))) }
}

fn smoke(profile: &Profile, homes: fermiac_smoke::Homes) -> Smoke {
    Smoke::of(Subject::new(profile, homes))
}

fn names_of_failed(report: &Report) -> String {
    let names: Vec<&str> = report.failed().map(|finding| finding.name.name()).collect();
    format!("the smoke test of {} failed: {}", report.environment, names.join(", "))
}

fn table(report: &Report, screen: Screen) -> String {
    let title =
        format!("{}, suite {}, {:.1} s", report.environment, report.suite.name(), report.took.as_secs_f64());
    let lines: String = report.checks.iter().map(|finding| line(finding, screen)).collect();
    format!("{}\n{lines}", screen.bold(title))
}

fn line(finding: &Finding, screen: Screen) -> String {
    let status = padded(finding.status.name(), STATUS);
    let status = match finding.status {
        Status::Passed => status,
        Status::Failed => screen.alarm(status),
        Status::Skipped => screen.dim(status),
    };
    let (name, latency) = (padded(finding.name.name(), NAME), finding.latency.as_secs_f64() * 1e3);
    let mut line = format!("{name} {status} {latency:>9.1} ms  {}\n", printable(&finding.detail));
    if let Some(remedy) = &finding.remedy {
        let indent = " ".repeat(NAME + STATUS + 16);
        line += &format!("{indent}at {}: {}\n", printable(&remedy.place), printable(&remedy.what_to_do));
    }
    line
}
