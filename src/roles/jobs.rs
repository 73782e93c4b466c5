//! What those who operate a fleet see of its jobs.

use fermiac_fleet::job::Job;
use fermiac_fleet::store::JobFilter;

use super::failed;
use super::homes::Homes;
use crate::arguments::JobsCommand;
use crate::document;
use crate::failure::Failure;

/// Lists, shows or tries again.
pub async fn manage(homes: &Homes, command: &JobsCommand) -> Result<(), Failure> {
    match command {
        JobsCommand::List { state, kind, simulation, limit, json } => {
            let filter = JobFilter {
                state: *state,
                kind: *kind,
                simulation: *simulation,
                limit: *limit,
                ..JobFilter::default()
            };
            let jobs = homes.store.jobs(filter).await.map_err(failed)?;
            if *json { document::print_json(&jobs) } else { document::print(&table(&jobs)) }
        }
        JobsCommand::Show { id } => {
            document::print_json(&homes.store.job(*id).await.map_err(Failure::refused)?)
        }
        JobsCommand::Retry { id } => {
            let bells = homes.store.retry(*id).await.map_err(Failure::refused)?;
            homes.ring(&bells).await;
            document::print(&format!("{id} is tried again\n"))
        }
    }
}

/// A line a job: what happened last to it is the instant.
fn table(jobs: &[Job]) -> String {
    let mut text = String::new();
    for job in jobs {
        let last = job.finished_at.or(job.started_at).unwrap_or(job.created_at);
        let tries = format!("{}/{}", job.attempt, job.max_attempts);
        let error = job.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
        let line = format!(
            "{}  {:13} {:11} {:9} {tries:>5}  {}  {error}",
            job.id,
            job.kind,
            job.label,
            job.state,
            last.format("%Y-%m-%d %H:%M:%S"),
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if jobs.is_empty() { "no jobs\n".to_owned() } else { text }
}
