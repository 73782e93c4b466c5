//! The truth is away: Postgres restarts, stays away, or cuts connections off.

use std::time::{Duration, Instant};

use fermiac_harness::{PostgresServer, TcpProxy, wait_until};

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, work_went_on};
use crate::load::Accepted;
use crate::role::Role;
use crate::workers_killed::{JOBS, SEEN};

/// How often connections are cut off, and how long between.
const CUTS: usize = 40;
const BETWEEN_CUTS: Duration = Duration::from_millis(100);

/// A claim's commit waits for a lock.
const LINGER: &str = "
create function linger() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(1);
    return null;
end $$;
create constraint trigger linger after update on jobs deferrable initially deferred for each row
    when (new.state = 'running' and old.state = 'ready') execute function linger();";

#[test]
fn postgres_that_restarts_under_load_loses_no_job() {
    let (fleet, accepted, back) = with_postgres_away(PostgresServer::stop, |_| {});
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "Postgres restarted", back);
}

#[test]
fn postgres_that_is_killed_under_load_loses_no_job() {
    let (fleet, accepted, back) = with_postgres_away(PostgresServer::kill, |_| {});
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "Postgres killed", back);
}

#[test]
fn postgres_that_stays_away_costs_no_job_and_no_attempt() {
    let away = if std::env::var_os("LONG_TESTS").is_some() { 30 } else { 12 };
    let (fleet, accepted, back) = with_postgres_away(PostgresServer::stop, |gone| {
        // Longer than a lease.
        wait_until("the absence is over", SEEN, || gone.elapsed() > Duration::from_secs(away));
    });
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, &format!("Postgres away for {away} s"), back);
    no_attempt_was_spent(&fleet);
}

/// An absence of the database is no fault of a job.
fn no_attempt_was_spent(fleet: &Fleet) {
    let spent = "select count(*) from jobs where attempt > 1";
    assert_eq!(fleet.database.count(spent), 0, "attempts were spent");
}

#[test]
fn connections_that_are_cut_off_again_and_again_lose_no_job() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let _workers = [fleet.worker(), fleet.worker()];
    let submission = fleet.begin_to_submit(JOBS);
    fleet.await_ended(50);
    for _ in 0..CUTS {
        let next = Instant::now() + BETWEEN_CUTS;
        fleet.database.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'fermiac'",
        );
        wait_until("the next cut is due", SEEN, || Instant::now() >= next);
    }
    let over = now();
    let accepted = submission.join().expect("all are accepted");
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "connections cut off", over);
    no_attempt_was_spent(&fleet);
}

#[test]
fn claim_whose_answer_is_lost_is_handed_back_at_once() {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(200);
    fleet.database.execute(LINGER);
    let lock = fleet.database.hold("select pg_advisory_xact_lock(1)");
    let proxy = TcpProxy::to(PostgresServer::shared().port());
    let mut worker =
        fleet.worker_with(&[&format!("DATABASE_URL={}", fleet.database.url_through(proxy.port()))]);
    let lingers = "select count(*) > 0 from pg_stat_activity
        where datname = current_database() and wait_event = 'advisory' and query = 'COMMIT'";
    fleet.database.wait_until("a claim is being committed", SEEN, lingers);
    proxy.cut_once();
    worker.await_message("cannot claim");
    lock.release();
    let over = now();
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "answer of a claim lost", over);
    no_attempt_was_spent(&fleet);
    assert!(worker.message("handed back jobs").is_some(), "{}", worker.log());
}

#[test]
fn connections_that_fall_silent_leave_nobody_deaf() {
    let fleet = Fleet::start();
    let proxy = TcpProxy::to(PostgresServer::shared().port());
    let by_proxy = format!("DATABASE_URL={}", fleet.database.url_through(proxy.port()));
    let _scheduler = fleet.scheduler_with(&[&by_proxy]);
    let accepted = fleet.submit(JOBS);
    let _workers = [fleet.worker_with(&[&by_proxy]), fleet.worker_with(&[&by_proxy])];
    fleet.await_ended(200);
    proxy.silence_once();
    let silent = now();
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, "connections fallen silent", silent);
}

/// A fleet under load whose database goes away, `meanwhile`, and comes back.
fn with_postgres_away(
    go_away: fn(&mut PostgresServer),
    meanwhile: impl FnOnce(Instant),
) -> (Fleet, Vec<Accepted>, f64) {
    let mut fleet = Fleet::with_own_postgres();
    let scheduler = fleet.scheduler();
    let workers = [fleet.worker(), fleet.worker()];
    let submission = fleet.begin_to_submit(JOBS);
    fleet.await_ended(200);
    let postgres = fleet.postgres.as_mut().expect("it is the fleet's own");
    go_away(postgres);
    meanwhile(Instant::now());
    postgres.start_again();
    let back = now();
    let accepted = submission.join().expect("all are accepted");
    fleet.await_all_ended();
    // They lived through it.
    for mut role in workers.into_iter().chain([scheduler]) {
        assert!(role.is_alive(), "{}", Role::log(&role));
    }
    (fleet, accepted, back)
}
