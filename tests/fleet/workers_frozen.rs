//! A worker stops by SIGSTOP, as a machine does that swaps or is moved, and wakes when others have its jobs.

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, jobs_ran_elsewhere};
use crate::workers_killed::{JOBS, SEEN, await_slice, hold_slice};

/// What a worker says when it is told that a job is no longer its own.
const SUPERSEDED: &str = "another worker has this job";

#[test]
fn worker_that_wakes_past_its_lease_changes_nothing_and_works_again() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let mut accepted = fleet.submit(JOBS);
    let mut workers = [fleet.worker(), fleet.worker()];
    let slice = await_slice(&fleet);
    let worker = slice.worker.clone();
    slice.victim(&mut workers).freeze();
    let frozen = now();
    fleet.await_all_ended();
    assert!(jobs_ran_elsewhere(&fleet, "frozen in the middle", &worker, frozen) > 0);
    let [mut others, mut sleeper] = workers;
    if others.name() == worker {
        std::mem::swap(&mut others, &mut sleeper);
    }
    others.kill();
    sleeper.thaw();
    // Alone, it has to hear.
    accepted.extend(fleet.submit(50));
    everything_ended_once(&fleet, &accepted);
    let done = format!(
        "select count(*) from journal where worker = '{worker}' and after = 'succeeded' and at > {frozen}"
    );
    assert!(fleet.database.count(&done) >= 50);
}

#[test]
fn worker_frozen_in_its_settlement_holds_nobody_up() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let mut workers = [fleet.worker(), fleet.worker()];
    let (slice, lock) = hold_slice(&fleet);
    slice.await_blob(&fleet);
    let settling = "select count(*) > 0 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%lock jobs%'";
    fleet.database.wait_until("its settlement waits", SEEN, settling);
    let victim = slice.victim(&mut workers);
    victim.freeze();
    let frozen = now();
    // The row is now the sleeper's, in a transaction that goes no further.
    lock.release();
    fleet.await_all_ended();
    assert!(jobs_ran_elsewhere(&fleet, "frozen in its settlement", &slice.worker, frozen) > 0);
    let victim = slice.victim(&mut workers);
    victim.thaw();
    victim.await_message(SUPERSEDED);
    everything_ended_once(&fleet, &accepted);
}
