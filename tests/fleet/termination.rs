//! SIGTERM: a worker hands back what it has, in time, and spends no attempt.

use std::time::{Duration, Instant};

use fermiac_harness::wait_until;

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, work_went_on};
use crate::workers_killed::{JOBS, SEEN, hold_slice};

/// How long a worker may drain, as its profile has it, and a little more for a busy machine.
const DRAINED_WITHIN: Duration = Duration::from_secs(25);
/// What does not wait for anything.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn worker_that_is_terminated_under_load_spends_no_attempt() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let (mut first, _second) = (fleet.worker(), fleet.worker());
    fleet.await_ended(200);
    let worker = first.name();
    first.terminate();
    let status = first.end_within(DRAINED_WITHIN);
    let ended = now();
    assert_eq!(status.code(), Some(0), "{}", first.log());
    let left = format!("select count(*) from jobs where worker = '{worker}'");
    assert_eq!(fleet.database.count(&left), 0, "jobs that it did not hand back");
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "terminated under load", ended);
    assert_eq!(
        fleet.database.count("select count(*) from jobs where attempt <> 1"),
        0,
        "attempts were spent"
    );
}

#[test]
fn second_signal_ends_a_worker_at_once() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(200);
    let mut first = fleet.worker();
    // It cannot settle, so it does not end by itself.
    let (_, lock) = hold_slice(&fleet);
    first.terminate();
    first.await_message("worker drains");
    let asked = Instant::now();
    first.terminate();
    let status = first.end_within(AT_ONCE);
    eprintln!("second signal: ended after {:.2} s", asked.elapsed().as_secs_f64());
    assert_eq!(status.code(), Some(130), "{}", first.log());
    lock.release();
    let _second = fleet.worker();
    everything_ended_once(&fleet, &accepted);
}

#[test]
fn worker_without_a_database_ends_by_its_deadline() {
    let mut fleet = Fleet::with_own_postgres();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(200);
    let mut first = fleet.worker_with(&["FERMIAC_WORKER_DRAIN_MS=2000"]);
    fleet.await_ended(20);
    let postgres = fleet.postgres.as_mut().expect("it is the fleet's own");
    postgres.stop();
    let failing = |role: &crate::role::Role| role.message("cannot ").is_some();
    wait_until("the worker misses the database", SEEN, || failing(&first));
    first.terminate();
    let status = first.end_within(DRAINED_WITHIN);
    assert_eq!(status.code(), Some(0), "{}", first.log());
    postgres.start_again();
    let _second = fleet.worker();
    everything_ended_once(&fleet, &accepted);
}
