//! A worker dies by SIGKILL, at each point of a job's journey through it.

use std::time::Duration;

use fermiac_harness::wait_until;
use sqlx::Row;

use crate::database::now;
use crate::fleet::{BUCKET, Fleet};
use crate::judge::{everything_ended_once, jobs_ran_elsewhere};
use crate::role::Role;

/// How much is submitted in each test.
pub const JOBS: usize = 2_000;
/// Far beyond what it takes until a state is seen that comes by itself.
pub const SEEN: Duration = Duration::from_secs(60);

#[test]
fn worker_killed_after_its_claim_loses_no_job() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let (mut first, _second) = (fleet.worker(), fleet.worker());
    fleet.await_ended(200);
    // It claims, and then waits for the request that it has to run.
    let lock = fleet.database.hold("lock table simulations in access exclusive mode");
    let worker = first.name();
    await_running(&fleet, &format!("worker = '{worker}'"));
    first.kill();
    let killed = now();
    lock.release();
    everything_ended_once(&fleet, &accepted);
    assert!(jobs_ran_elsewhere(&fleet, "killed after its claim", &worker, killed) > 0);
}

#[test]
fn worker_killed_in_the_middle_of_its_jobs_loses_none() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let mut workers = [fleet.worker(), fleet.worker()];
    let slice = await_slice(&fleet);
    let worker = slice.worker.clone();
    slice.victim(&mut workers).kill();
    let killed = now();
    everything_ended_once(&fleet, &accepted);
    assert!(jobs_ran_elsewhere(&fleet, "killed in the middle", &worker, killed) > 0);
}

#[test]
fn worker_killed_between_blob_and_settlement_leaves_a_blob_that_nobody_sees() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let mut workers = [fleet.worker(), fleet.worker()];
    // Its settlement waits for the row.
    let (slice, lock) = hold_slice(&fleet);
    slice.await_blob(&fleet);
    let worker = slice.worker.clone();
    slice.victim(&mut workers).kill();
    let killed = now();
    lock.release();
    everything_ended_once(&fleet, &accepted);
    assert!(jobs_ran_elsewhere(&fleet, "killed between blob and settlement", &worker, killed) > 0);
    let named = format!("select result_key from jobs where id = '{}'", slice.job);
    assert_ne!(fleet.database.value::<String>(&named), slice.blob());
}

#[test]
fn worker_killed_before_it_answers_the_bell_loses_no_job() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let mut first = fleet.worker();
    fleet.await_ended(200);
    // It has heard a bell, and its claim waits.
    let lock = fleet.database.hold("lock table jobs in exclusive mode");
    let claims = "select count(*) > 0 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%claim jobs%'";
    fleet.database.wait_until("a claim waits", SEEN, claims);
    fleet.redis.pause();
    lock.release();
    let worker = first.name();
    await_running(&fleet, &format!("worker = '{worker}'"));
    first.kill();
    let killed = now();
    fleet.redis.resume();
    let _second = fleet.worker();
    everything_ended_once(&fleet, &accepted);
    assert!(jobs_ran_elsewhere(&fleet, "killed before its answer", &worker, killed) > 0);
}

/// A slice that runs, and where.
pub struct Slice {
    pub job: String,
    pub simulation: String,
    pub epoch: i64,
    pub worker: String,
}

impl Slice {
    /// The worker that has it.
    pub fn victim<'a>(&self, workers: &'a mut [Role]) -> &'a mut Role {
        let mut named = workers.iter_mut().map(|worker| (worker.name(), worker));
        named.find(|(name, _)| *name == self.worker).expect("one of them has it").1
    }

    /// Waits until its part is written.
    pub fn await_blob(&self, fleet: &Fleet) {
        let blob = self.blob();
        wait_until("the blob is there", SEEN, || fleet.storage.keys(BUCKET).contains(&blob));
    }

    /// Where this run of it leaves its part.
    pub fn blob(&self) -> String {
        format!("slices/{}/{}-{}", self.simulation, self.job, self.epoch)
    }
}

/// Waits until a slice runs that is long enough to be in the middle of it.
pub fn await_slice(fleet: &Fleet) -> Slice {
    let mut found = None;
    wait_until("a slice runs", SEEN, || {
        // The second of two has a single trial.
        let rows = fleet.database.rows(
            "select id::text, simulation::text, epoch, worker from jobs
             where state = 'running' and kind = 'slice' and payload like '%first_trial\":0,%'::bytea
                 and now() - started_at > interval '100 ms'",
        );
        found = rows.first().map(|row| Slice {
            job: row.get(0),
            simulation: row.get(1),
            epoch: row.get(2),
            worker: row.get(3),
        });
        found.is_some()
    });
    found.expect("it was waited for")
}

/// Waits for a slice that runs and takes its row, so that it cannot be settled.
pub fn hold_slice(fleet: &Fleet) -> (Slice, crate::database::Held) {
    loop {
        let slice = await_slice(fleet);
        let Slice { job, epoch, .. } = &slice;
        let row = format!(
            "select from jobs where id = '{job}' and epoch = {epoch} and state = 'running' for update"
        );
        let held = fleet.database.hold(&row);
        if held.rows == 1 {
            return (slice, held);
        }
        held.release();
    }
}

fn await_running(fleet: &Fleet, which: &str) {
    let query = format!("select count(*) > 0 from jobs where state = 'running' and {which}");
    fleet.database.wait_until("a job runs", SEEN, &query);
}
