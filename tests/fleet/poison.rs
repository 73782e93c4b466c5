//! A job that kills whoever runs it.

use crate::fleet::Fleet;
use crate::judge::{blobs_are_there, every_job_ended_once};
use crate::load::{costly_model, request};
use crate::workers_killed::SEEN;

/// A worker dies so often of one job.
const DEATHS: usize = 3;
/// Trials of a model that takes a second for each 65,536: whoever has it in hand is killed before it is done.
pub const LONG: u64 = 50_000_000;
/// Trials that take some seconds: killed with a neighbour that is killed at once, done when left in peace.
pub const INNOCENT: u64 = 400_000;

#[test]
fn job_that_kills_its_worker_three_times_is_a_dead_letter_and_others_are_unhurt() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let poison = fleet.client.submit(&in_one_piece(LONG), "poison");
    let accepted = fleet.submit(500);
    for death in 1..=DEATHS {
        let mut worker = fleet.worker_with(&["FERMIAC_WORKER_LEASE_MS=2000", "FERMIAC_WORKER_SLOTS=1"]);
        let name = worker.name();
        let query = format!(
            "select count(*) > 0 from jobs where simulation = '{poison}' and worker = '{name}' and attempt = {death}"
        );
        fleet.database.wait_until("the job runs", SEEN, &query);
        worker.kill();
    }
    is_a_dead_letter(&fleet, &poison);
    let _workers = [fleet.worker(), fleet.worker()];
    fleet.await_all_ended();
    every_job_ended_once(&fleet);
    blobs_are_there(&fleet);
    let others = "select count(*) from simulations join jobs on jobs.id = root and state = 'succeeded'";
    assert_eq!(fleet.database.count(others) as usize, accepted.len());
}

#[test]
fn jobs_beside_one_that_kills_its_worker_three_times_are_unhurt() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let poison = fleet.client.submit(&in_one_piece(LONG), "poison");
    let innocents = ["one", "another"].map(|key| fleet.client.submit(&in_one_piece(INNOCENT), key));
    let settings = ["FERMIAC_WORKER_LEASE_MS=2000", "FERMIAC_WORKER_SLOTS=3"];
    for death in 1..DEATHS {
        fleet.database.wait_until(
            "all are ready",
            SEEN,
            "select count(*) = 3 from jobs where state = 'ready'",
        );
        let mut worker = fleet.worker_with(&settings);
        let query = format!("select count(*) = 3 from jobs where state = 'running' and attempt = {death}");
        fleet.database.wait_until("they run beside each other", SEEN, &query);
        worker.kill();
    }
    fleet.database.wait_until("all are ready", SEEN, "select count(*) = 3 from jobs where state = 'ready'");
    let mut worker = fleet.worker_with(&settings);
    let query = format!(
        "select count(*) > 0 from jobs where simulation = '{poison}' and state = 'running' and attempt = {DEATHS}"
    );
    fleet.database.wait_until("the job runs for the last time", SEEN, &query);
    worker.kill();
    is_a_dead_letter(&fleet, &poison);
    let _worker = fleet.worker_with(&settings);
    fleet.await_all_ended();
    every_job_ended_once(&fleet);
    for innocent in innocents {
        let state =
            format!("select state || ': ' || coalesce(error, '') from jobs where simulation = '{innocent}'");
        let state: String = fleet.database.value(&state);
        assert!(state.starts_with("succeeded"), "{state}");
    }
}

/// A precision is never cut into slices, and this one is never reached.
pub fn in_one_piece(trials: u64) -> String {
    let until = "\"until\": \"mean(c63)+-0.000001%\"";
    request(&costly_model(), trials, 1, false).replace("\"samples\": false", until)
}

fn is_a_dead_letter(fleet: &Fleet, simulation: &str) {
    let failed =
        format!("select count(*) > 0 from jobs where simulation = '{simulation}' and state = 'failed'");
    fleet.database.wait_until("the job is a dead letter", SEEN, &failed);
    let error = format!("select error from jobs where simulation = '{simulation}'");
    assert_eq!(fleet.database.value::<String>(&error), "its worker died or stopped answering 3 times");
}
