//! What the store promises of a job's last attempt after its workers died: it runs alone, and counts once it begins.

use fermiac_fleet::delivery::{Delivery, Held, Outcome, Retry};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, NewJob, Priority, State};
use fermiac_fleet::store::Cancellation;

use crate::support::{Bench, LEASE, completed, failed, job};

on_all!(
    last_attempt_after_lost_workers_is_alone,
    job_that_is_handed_back_rings_at_its_own_priority,
    attempt_alone_counts_once_it_begins,
    attempt_alone_ends_as_any_other,
    beginning_alone_is_fenced,
    last_attempt_lost_in_company_is_given_again,
    cancelled_job_that_waits_to_be_alone_ends,
    retried_dead_letter_has_all_its_attempts_again,
);

async fn last_attempt_after_lost_workers_is_alone(bench: Bench) {
    let new = submitted(&bench).await;
    for attempt in [1, 2] {
        let delivery = bench.claim(new).await;
        assert_eq!((delivery.attempt, delivery.alone), (attempt, false));
        assert_eq!(lose(&bench).await, (1, 0));
    }
    // Handed back, it is as it was.
    for _ in 0..2 {
        let delivery = bench.claim(new).await;
        assert_eq!((delivery.attempt, delivery.alone), (3, true));
        assert_eq!(bench.store.release(&[delivery.held()]).await.unwrap().len(), 1);
    }
    let delivery = begun(&bench, new).await;
    assert_eq!(bench.store.release(&[delivery.held()]).await.unwrap().len(), 1);
    assert!(bench.claim(new).await.alone);
}

async fn job_that_is_handed_back_rings_at_its_own_priority(bench: Bench) {
    for &priority in Priority::ALL {
        let new = NewJob { priority, ..job() };
        bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
        for _ in [1, 2] {
            bench.claim(new.id).await;
            assert_eq!(lose(&bench).await, (1, 0));
        }
        let waits = bench.claim(new.id).await;
        let bell = Bell { job: new.id, label: new.label, priority };
        assert_eq!(bench.store.release(&[waits.held()]).await.unwrap(), [bell]);
        let begun = begun(&bench, new.id).await;
        assert_eq!(bench.store.release(&[begun.held()]).await.unwrap(), [bell]);
        bench.run(new.id, completed()).await;
    }
}

async fn attempt_alone_counts_once_it_begins(bench: Bench) {
    let new = lost_twice(&bench).await;
    for _ in 0..3 {
        assert!(bench.claim(new).await.alone);
        assert_eq!(bench.store.job(new).await.unwrap().attempt, 2);
        assert_eq!(lose(&bench).await, (1, 0));
    }
    begun(&bench, new).await;
    assert_eq!(bench.store.job(new).await.unwrap().attempt, 3);
    assert_eq!(lose(&bench).await, (0, 1));
    let dead = bench.store.job(new).await.unwrap();
    assert_eq!(dead.error.as_deref(), Some("its worker died or stopped answering 3 times"));
}

async fn attempt_alone_ends_as_any_other(bench: Bench) {
    for (outcome, state) in [(completed(), State::Succeeded), (failed(Retry::Later), State::Failed)] {
        let new = lost_twice(&bench).await;
        let delivery = begun(&bench, new).await;
        bench.store.settle(vec![delivery.settle(outcome)]).await.unwrap();
        assert_eq!(bench.state(new).await, state);
    }
}

async fn beginning_alone_is_fenced(bench: Bench) {
    let new = lost_twice(&bench).await;
    let zombie = bench.claim(new).await.held();
    lose(&bench).await;
    let holder = bench.claim(new).await;
    assert!(!bench.store.begin_alone(zombie).await.unwrap());
    assert!(!bench.store.begin_alone(Held { job: JobId::new(), epoch: 1 }).await.unwrap());
    // Once or twice: an answer may be lost.
    for _ in 0..2 {
        assert!(bench.store.begin_alone(holder.held()).await.unwrap());
        assert_eq!(bench.store.job(new).await.unwrap().attempt, 3);
    }
    let held = holder.held();
    bench.store.settle(vec![holder.settle(completed())]).await.unwrap();
    assert!(!bench.store.begin_alone(held).await.unwrap());
}

/// The attempts before it failed, so that nobody knew that it would be lost.
async fn last_attempt_lost_in_company_is_given_again(bench: Bench) {
    let new = submitted(&bench).await;
    for _ in [1, 2] {
        bench.run(new, failed(Retry::Later)).await;
        bench.clock.advance(LEASE);
        bench.store.promote(10).await.unwrap();
    }
    let delivery = bench.claim(new).await;
    assert_eq!((delivery.attempt, delivery.alone), (3, false));
    assert_eq!(lose(&bench).await, (1, 0));
    begun(&bench, new).await;
    assert_eq!(lose(&bench).await, (0, 1));
}

async fn cancelled_job_that_waits_to_be_alone_ends(bench: Bench) {
    let ready = lost_twice(&bench).await;
    assert_eq!(bench.store.cancel(ready).await.unwrap(), Cancellation::Cancelled);
    let claimed = lost_twice(&bench).await;
    let delivery = bench.claim(claimed).await;
    assert_eq!(bench.store.cancel(claimed).await.unwrap(), Cancellation::Requested);
    bench.store.settle(vec![delivery.settle(Outcome::Interrupted)]).await.unwrap();
    for job in [ready, claimed] {
        assert_eq!(bench.state(job).await, State::Cancelled);
    }
}

async fn retried_dead_letter_has_all_its_attempts_again(bench: Bench) {
    let new = lost_twice(&bench).await;
    begun(&bench, new).await;
    assert_eq!(lose(&bench).await, (0, 1));
    bench.store.retry(new).await.unwrap();
    let delivery = bench.claim(new).await;
    assert_eq!((delivery.attempt, delivery.alone), (1, false));
}

async fn submitted(bench: &Bench) -> JobId {
    let new: NewJob = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    new.id
}

/// A job whose worker died twice.
async fn lost_twice(bench: &Bench) -> JobId {
    let new = submitted(bench).await;
    for _ in [1, 2] {
        bench.claim(new).await;
        lose(bench).await;
    }
    new
}

/// Claims a job and begins it alone.
async fn begun(bench: &Bench, job: JobId) -> Delivery {
    let delivery = bench.claim(job).await;
    assert!(delivery.alone && bench.store.begin_alone(delivery.held()).await.unwrap());
    delivery
}

/// Lets all leases run out; gives how many jobs are ready again and how many are dead letters.
async fn lose(bench: &Bench) -> (usize, usize) {
    bench.clock.advance(LEASE);
    let rescued = bench.store.rescue(10).await.unwrap();
    (rescued.bells.len(), rescued.dead.len())
}
