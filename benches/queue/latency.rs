//! From submitting a job to its start, at a steady pace.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Job, State};
use fermiac_fleet::store::{JobFilter, Store};
use fermiac_harness::await_until;
use tokio_util::sync::CancellationToken;

use crate::jobs::{nothing, worker};
use crate::servers::Servers;

const EVERY: Duration = Duration::from_millis(10);
const JOBS: usize = 2_000;
const DEADLINE: Duration = Duration::from_secs(30);

/// Milliseconds from the call that submits a job to the transaction that settles it, by the one clock of this machine:
/// it started no later than that.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Half of the jobs were not slower.
    pub p50: f64,
    /// All but one in a hundred.
    pub p99: f64,
    /// None.
    pub max: f64,
}

/// One round on new homes.
pub async fn measure(servers: &mut Servers) -> Latency {
    let homes = servers.homes().await;
    let draining = CancellationToken::new();
    let working = tokio::spawn(worker(servers, &homes).await.run(draining.clone()));
    let alive = async || !homes.store.workers(DEADLINE).await.unwrap().is_empty();
    await_until("the worker is there", DEADLINE, alive).await;
    let mut every = tokio::time::interval(EVERY);
    let mut submitted: HashMap<JobId, DateTime<Utc>> = HashMap::new();
    while submitted.len() < JOBS {
        every.tick().await;
        let job = nothing();
        submitted.insert(job.id, Utc::now());
        let bells = homes.store.submit(&[job]).await.unwrap().bells;
        homes.queue.ring(&bells).await.unwrap();
    }
    await_until("all jobs are over", DEADLINE, async || homes.store.outstanding().await.unwrap().is_empty())
        .await;
    draining.cancel();
    working.await.unwrap();
    let mut waits: Vec<f64> =
        all_jobs(&homes.store).await.iter().map(|job| wait(job, submitted[&job.id])).collect();
    homes.store.close().await;
    assert_eq!(waits.len(), JOBS);
    waits.sort_unstable_by(f64::total_cmp);
    let quantile = |part: f64| waits[((JOBS - 1) as f64 * part).round() as usize];
    Latency { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1.0) }
}

fn wait(job: &Job, submitted: DateTime<Utc>) -> f64 {
    assert_eq!(job.state, State::Succeeded);
    let settled = job.finished_at.unwrap();
    (settled - submitted).as_seconds_f64() * 1_000.0
}

async fn all_jobs(store: &Store) -> Vec<Job> {
    let mut all: Vec<Job> = Vec::new();
    loop {
        let after = all.last().map(|job| job.id);
        let page = store.jobs(JobFilter { after, limit: 1_000, ..JobFilter::default() }).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}
