//! The bell breaks: Redis dies, forgets, or is full.

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, work_went_on};
use crate::workers_killed::JOBS;

#[test]
fn redis_that_dies_and_comes_back_empty_loses_no_job() {
    let mut fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _workers = [fleet.worker(), fleet.worker()];
    let submission = fleet.begin_to_submit(JOBS);
    fleet.await_ended(200);
    fleet.redis.kill();
    fleet.redis.restart();
    let back = now();
    let accepted = submission.join().expect("all are accepted");
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "Redis killed", back);
}

#[test]
fn redis_that_is_emptied_under_load_loses_no_job() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    let _workers = [fleet.worker(), fleet.worker()];
    fleet.await_ended(200);
    fleet.redis.command(&["FLUSHALL"]);
    let emptied = now();
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "Redis emptied", emptied);
    // Whoever was at work when the bells were lost had heard its own.
    let late = format!(
        "select count(*) > 0 from journal where after = 'running' and at > {emptied} + 0.5 and epoch = 1"
    );
    assert!(fleet.database.value::<bool>(&late), "bells were rung again");
}

#[test]
fn full_redis_refuses_no_simulation_and_its_bells_ring_later() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _workers = [fleet.worker(), fleet.worker()];
    fleet.redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let accepted = fleet.submit(JOBS);
    assert_eq!(fleet.database.count("select count(*) from journal"), 0, "nothing can have rung");
    fleet.redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    let freed = now();
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "Redis full", freed);
}
