//! What follows a job is submitted in the transaction that writes its end: once, and only by the one who still holds it.

use std::time::Duration;

use fermiac_fleet::delivery::{Outcome, Produced, Settlement};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Kind, NewJob, State};
use fermiac_fleet::store::{JobFilter, StoreError};

use crate::support::{Bench, LEASE, again, job};

on_all!(
    follower_comes_with_the_end_of_its_job,
    end_that_is_written_twice_has_one_follower,
    lost_lease_has_no_follower,
    follower_that_cannot_be_keeps_the_end_from_being_written,
);

fn follower_of(job: JobId) -> NewJob {
    NewJob { id: job.follower(Kind::SmokeTest), kind: Kind::SmokeTest, ..self::job() }
}

fn followed_by(next: NewJob) -> Outcome {
    Outcome::Completed(Produced { followed_by: Some(Box::new(next)), ..Produced::default() })
}

async fn claimed(bench: &Bench) -> JobId {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    new.id
}

async fn follower_comes_with_the_end_of_its_job(bench: Bench) {
    let id = claimed(&bench).await;
    let next = follower_of(id);
    let settlement = bench.claim(id).await.settle(followed_by(next.clone()));
    let settled = bench.store.settle(vec![settlement]).await.unwrap();
    assert_eq!(settled.bells.iter().map(|bell| bell.job).collect::<Vec<_>>(), [next.id]);
    assert_eq!((bench.state(id).await, bench.state(next.id).await), (State::Succeeded, State::Ready));
    let delivery = bench.claim(next.id).await;
    assert_eq!((delivery.kind, delivery.payload), (Kind::SmokeTest, next.payload));
}

async fn end_that_is_written_twice_has_one_follower(bench: Bench) {
    let id = claimed(&bench).await;
    let settlement = bench.claim(id).await.settle(followed_by(follower_of(id)));
    bench.store.settle(vec![again(&settlement)]).await.unwrap();
    let repeated = bench.store.settle(vec![settlement]).await.unwrap();
    assert_eq!((repeated.written.len(), repeated.superseded.len(), repeated.bells), (0, 1, vec![]));
    let all = JobFilter { limit: 10, ..JobFilter::default() };
    assert_eq!(bench.store.jobs(all).await.unwrap().len(), 2);
}

async fn lost_lease_has_no_follower(bench: Bench) {
    let id = claimed(&bench).await;
    let late = bench.claim(id).await.settle(followed_by(follower_of(id)));
    bench.clock.advance(LEASE + Duration::from_secs(1));
    bench.store.rescue(10).await.unwrap();
    bench.claim(id).await;
    let settled = bench.store.settle(vec![late]).await.unwrap();
    assert_eq!((settled.superseded.len(), settled.bells), (1, vec![]));
    let follower = bench.store.job(id.follower(Kind::SmokeTest)).await.unwrap_err();
    assert!(matches!(follower, StoreError::NotFound { .. }), "{follower:?}");
}

async fn follower_that_cannot_be_keeps_the_end_from_being_written(bench: Bench) {
    let id = claimed(&bench).await;
    let held = bench.claim(id).await.held();
    let outcome = followed_by(NewJob { max_attempts: 0, ..follower_of(id) });
    let refused = bench.store.settle(vec![Settlement { held, outcome }]).await.unwrap_err();
    assert!(refused.to_string().contains("at least once"), "{refused}");
    assert_eq!(bench.state(id).await, State::Running);
}
