//! The last attempt of a job whose workers died.

use crate::fleet::Fleet;
use crate::judge::every_job_ended_once;
use crate::load::kinds;
use crate::poison::{INNOCENT, LONG, in_one_piece};
use crate::role::Role;
use crate::workers_killed::SEEN;

#[test]
fn worker_that_drains_hands_back_a_job_that_waits_to_run_alone() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _neighbour = fleet.client.submit(&in_one_piece(LONG), "neighbour");
    let (alone, first) = claimed_together(&fleet);
    first.terminate();
    let back = format!("state = 'ready' and alone and attempt = 2 and simulation = '{alone}'");
    let query = format!("select count(*) = 1 from jobs where {back}");
    fleet.database.wait_until("the job is handed back, and nothing is spent", SEEN, &query);
    let _second = worker(&fleet);
    let done = format!("state = 'succeeded' and attempt = 3 and simulation = '{alone}'");
    let query = format!("select count(*) = 1 from jobs where {done}");
    fleet.database.wait_until("another worker does it", SEEN, &query);
}

#[test]
fn worker_hears_nothing_new_until_the_job_that_runs_alone_is_done() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _neighbour = fleet.client.submit(&in_one_piece(INNOCENT), "neighbour");
    let (alone, _worker) = claimed_together(&fleet);
    let later = fleet.client.submit(&kinds()[0].request, "later");
    fleet.await_all_ended();
    every_job_ended_once(&fleet);
    let when = |simulation: &str, state: &str| {
        fleet.database.value::<f64>(&format!(
            "select journal.at from journal join jobs on jobs.id = journal.job
             where jobs.simulation = '{simulation}' and journal.after = '{state}'"
        ))
    };
    assert!(when(&alone, "succeeded") <= when(&later, "running"));
}

/// Starts a worker that claims, beside what waits, a job that is to run alone: gives its simulation.
fn claimed_together(fleet: &Fleet) -> (String, Role) {
    let alone = fleet.client.submit(&in_one_piece(INNOCENT), "alone");
    // As two deaths would leave it.
    fleet.database.execute(&format!(
        "update jobs set alone = true, attempt = 2, epoch = 2 where simulation = '{alone}' and state = 'ready'"
    ));
    let worker = worker(fleet);
    let claimed = "select count(*) = 2 from jobs where state = 'running'";
    fleet.database.wait_until("both are claimed", SEEN, claimed);
    let attempt = format!("select attempt from jobs where simulation = '{alone}'");
    assert_eq!(fleet.database.value::<i32>(&attempt), 2, "it does not begin beside another");
    (alone, worker)
}

fn worker(fleet: &Fleet) -> Role {
    fleet.worker_with(&["FERMIAC_WORKER_SLOTS=3"])
}
