//! A job that kills whoever runs it.

use crate::fleet::Fleet;
use crate::judge::{blobs_are_there, every_job_ended_once};
use crate::load::{costly_model, request};
use crate::workers_killed::SEEN;

/// A worker dies so often of one job.
const DEATHS: usize = 3;

#[test]
fn job_that_kills_its_worker_three_times_is_a_dead_letter_and_others_are_unhurt() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    // Long enough to be killed in; a precision is never cut into slices.
    let long = request(&costly_model(), 50_000_000, 1, false)
        .replace("\"samples\": false", "\"until\": \"mean(c63)+-0.000001%\"");
    let poison = fleet.client.submit(&long, "poison");
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
    let failed = format!("select count(*) > 0 from jobs where simulation = '{poison}' and state = 'failed'");
    fleet.database.wait_until("the job is a dead letter", SEEN, &failed);
    let error = format!("select error from jobs where simulation = '{poison}'");
    assert_eq!(fleet.database.value::<String>(&error), "its worker died or stopped answering 3 times");
    let _workers = [fleet.worker(), fleet.worker()];
    fleet.await_all_ended();
    every_job_ended_once(&fleet);
    blobs_are_there(&fleet);
    let others = "select count(*) from simulations join jobs on jobs.id = root and state = 'succeeded'";
    assert_eq!(fleet.database.count(others) as usize, accepted.len());
}
