//! Many at once on Postgres, at the same few families: they wait for each other in a line, and everything ends.

use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Outcome, Retry, Settlement};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::NewJob;
use fermiac_fleet::store::{JobFilter, Renewal, Store, StoreError};
use tokio::task::JoinSet;

use crate::support::{Bench, Home, LEASE, completed, failed, family};

/// A call that is repeated once if the store says that it may be: a stale delivery of a family that was tried again by
/// hand may meet another in a ring, of which Postgres breaks one. Twice in a row it would be no chance.
macro_rules! again {
    ($call:expr) => {
        match $call.await {
            Err(StoreError::Unavailable { .. }) => $call.await,
            answer => answer,
        }
    };
}

const FAMILIES: u32 = 20;
const CHILDREN: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn batches_at_the_same_families_wait_in_a_line() {
    let bench = Bench::on(Home::Postgres).await;
    let mut jobs: Vec<NewJob> = Vec::new();
    for _ in 0..FAMILIES {
        jobs.extend(family(CHILDREN));
    }
    bench.store.submit(&jobs).await.unwrap();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    let mut crowd = JoinSet::new();
    for worker in 0..8_usize {
        let (store, mut ids) = (bench.store.clone(), ids.clone());
        ids.rotate_left(worker * 27);
        if worker % 2 == 1 {
            ids.reverse();
        }
        crowd.spawn(async move { work(&store, worker, &ids).await });
    }
    while let Some(worker) = crowd.join_next().await {
        worker.unwrap().unwrap();
    }
    drain(&bench, &ids).await;
    for job in bench.store.jobs(JobFilter { limit: 1_000, ..JobFilter::default() }).await.unwrap() {
        assert!(job.state.is_terminal(), "{} is {}", job.id, job.state);
    }
}

/// Claims, renews and ends in overlapping batches, in an order of its own, and now and then cancels and retries.
async fn work(store: &Store, worker: usize, ids: &[JobId]) -> Result<(), StoreError> {
    for (round, batch) in ids.chunks(40).cycle().take(30).enumerate() {
        let deliveries = again!(store.claim(&format!("worker {worker}"), batch, LEASE))?;
        let renewals: Vec<Renewal> =
            deliveries.iter().map(|one| Renewal { held: one.held(), progress: Some(1) }).collect();
        again!(store.renew(&renewals, LEASE))?;
        let settle = |(number, delivery): (usize, Delivery)| delivery.settle(outcome(round + number));
        let settlements: Vec<Settlement> = deliveries.into_iter().enumerate().map(settle).collect();
        again!(store.settle(settlements.clone()))?;
        let one = batch[round % batch.len()];
        let answer = match round % 3 {
            0 => again!(store.retry(one)).map(drop),
            1 if round % 5 == 0 => again!(store.cancel(one)).map(drop),
            _ => again!(store.rescue(50)).map(drop),
        };
        match answer {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn outcome(number: usize) -> Outcome {
    match number % 11 {
        0 => failed(Retry::Never),
        1 => failed(Retry::Later),
        2 => Outcome::Interrupted,
        _ => completed(),
    }
}

async fn drain(bench: &Bench, ids: &[JobId]) {
    for _ in 0..10 {
        bench.clock.advance(Duration::from_secs(3600));
        bench.store.promote(1_000).await.unwrap();
        bench.store.rescue(1_000).await.unwrap();
        let deliveries = bench.store.claim("last", ids, LEASE).await.unwrap();
        let settlements = deliveries.into_iter().map(|one| one.settle(completed())).collect();
        bench.store.settle(settlements).await.unwrap();
    }
}
