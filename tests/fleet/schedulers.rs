//! Two schedulers, and the one that leads is stopped or dies.

use std::time::Duration;

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, jobs_ran_elsewhere};
use crate::workers_killed::{JOBS, SEEN, await_slice};

/// Another scheduler leads within this time, so that a rescue comes in time.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(12);

#[test]
fn another_scheduler_takes_over_when_the_leader_is_stopped_and_when_it_dies() {
    let fleet = Fleet::start();
    let first = fleet.scheduler();
    let mut second = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let mut workers = [fleet.worker(), fleet.worker()];
    let slice = await_slice(&fleet);
    let worker = slice.worker.clone();
    first.freeze();
    slice.victim(&mut workers).kill();
    let killed = now();
    await_term(&fleet, 2);
    // It wakes and believes to lead, until it asks.
    first.thaw();
    second.kill();
    await_term(&fleet, 3);
    everything_ended_once(&fleet, &accepted);
    assert!(jobs_ran_elsewhere(&fleet, "killed while the leader was stopped", &worker, killed) > 0);
}

fn await_term(fleet: &Fleet, term: u32) {
    let query = format!("select term >= {term} from leaderships where held_until > now()");
    fleet.database.wait_until("another scheduler leads", TAKEN_OVER_WITHIN.max(SEEN), &query);
}
