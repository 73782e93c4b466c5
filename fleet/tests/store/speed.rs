//! How fast the store is on Postgres, with every commit on the disk. Asked for by name:
//! `cargo test --release -p fermiac-fleet --test store -- --ignored --nocapture speed`.

use std::time::{Duration, Instant};

use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::NewJob;
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{Durability, PostgresServer};

use crate::support::{LEASE, completed, job};

const JOBS: usize = 100_000;
const BULK: usize = 5_000;
const BATCH: usize = 500;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; asked for by name"]
async fn speed_of_bulk_submit_claim_and_settle() {
    let server = PostgresServer::start(Durability::Synced);
    server.sql("postgres", "CREATE DATABASE speed");
    let store = Store::connect(&server.url("speed"), &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    for round in 1..=3 {
        let jobs: Vec<NewJob> = (0..JOBS).map(|_| NewJob { payload: vec![7; 200], ..job() }).collect();
        let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
        let before = Instant::now();
        for bulk in jobs.chunks(BULK) {
            store.submit(bulk).await.unwrap();
        }
        let submitted = before.elapsed();
        let (mut claiming, mut settling) = (Duration::ZERO, Duration::ZERO);
        for batch in ids.chunks(BATCH) {
            let before = Instant::now();
            let deliveries = store.claim("worker", batch, LEASE).await.unwrap();
            claiming += before.elapsed();
            assert_eq!(deliveries.len(), batch.len());
            let settlements = deliveries.into_iter().map(|delivery| delivery.settle(completed())).collect();
            let before = Instant::now();
            let settled = store.settle(settlements).await.unwrap();
            settling += before.elapsed();
            assert_eq!(settled.written.len(), batch.len());
        }
        let rate = |span: Duration| (JOBS as f64 / span.as_secs_f64()).round();
        println!(
            "round {round}: submit {}/s, claim {}/s, settle {}/s",
            rate(submitted),
            rate(claiming),
            rate(settling)
        );
        println!(
            "{}",
            server.sql(
                "speed",
                "select 'updates', n_tup_upd, 'hot', n_tup_hot_upd, 'dead', n_dead_tup, 'heap', \
                 pg_size_pretty(pg_relation_size('jobs')), 'wal', pg_size_pretty(pg_current_wal_lsn() - '0/0') \
                 from pg_stat_user_tables where relname = 'jobs'"
            )
        );
    }
}
