//! Many at once on Postgres, at the same few families: nobody meets a deadlock, and everything ends.

use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Outcome, Retry};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::NewJob;
use fermiac_fleet::store::{JobFilter, Renewal, Store, StoreError};
use tokio::task::JoinSet;

use crate::support::{Bench, Home, LEASE, completed, failed, family};

const FAMILIES: u32 = 20;
const CHILDREN: u32 = 10;

#[tokio::test(flavor = "multi_thread")]
async fn batches_at_the_same_families_never_deadlock() {
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
        let deliveries = store.claim(&format!("worker {worker}"), batch, LEASE).await?;
        let renewals: Vec<Renewal> =
            deliveries.iter().map(|one| Renewal { held: one.held(), progress: Some(1) }).collect();
        store.renew(&renewals, LEASE).await?;
        let settle = |(number, delivery): (usize, Delivery)| delivery.settle(outcome(round + number));
        store.settle(deliveries.into_iter().enumerate().map(settle).collect()).await?;
        let one = batch[round % batch.len()];
        let answer = match round % 3 {
            0 => store.retry(one).await.map(drop),
            1 if round % 5 == 0 => store.cancel(one).await.map(drop),
            _ => store.rescue(50).await.map(drop),
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
