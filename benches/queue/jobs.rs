//! Jobs that do nothing: submitted in bulk, then drained by one worker; each durable in Postgres, and fenced.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use fermiac_fleet::blobs::{BlobSettings, Blobs};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start};
use fermiac_fleet::store::Store;
use fermiac_harness::await_until;
use fermiac_worker::{Settings, Worker};
use tokio_util::sync::CancellationToken;

use crate::servers::{Homes, Servers};

/// Jobs of one call.
const BULK: usize = 5_000;
/// Bytes of a payload.
const PAYLOAD: usize = 200;
/// Far beyond what anything here takes.
const DEADLINE: Duration = Duration::from_secs(300);

/// How many jobs a second.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Submitted, their bells rung.
    pub submit: f64,
    /// From the start of the worker until all are settled.
    pub drain: f64,
}

/// One round on new homes.
pub async fn measure(servers: &mut Servers, count: usize) -> Rates {
    let homes = servers.homes().await;
    let jobs: Vec<NewJob> = (0..count).map(|_| nothing()).collect();
    let started = Instant::now();
    for bulk in jobs.chunks(BULK) {
        let submitted = homes.store.submit(bulk).await.unwrap();
        homes.queue.ring(&submitted.bells).await.unwrap();
    }
    let submit = count as f64 / started.elapsed().as_secs_f64();
    let started = Instant::now();
    let draining = CancellationToken::new();
    let working = tokio::spawn(worker(servers, &homes).await.run(draining.clone()));
    settled(&homes.store, jobs[count - 1].id).await;
    let drain = count as f64 / started.elapsed().as_secs_f64();
    draining.cancel();
    working.await.unwrap();
    homes.store.close().await;
    Rates { submit, drain }
}

/// A job that does nothing.
pub fn nothing() -> NewJob {
    NewJob {
        id: JobId::new(),
        kind: Kind::Probe,
        label: Label::Cpu,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload: vec![b'x'; PAYLOAD],
        start: Start::Now,
        max_attempts: 3,
        timeout: Duration::from_secs(60),
        idempotency_key: None,
        trace_context: None,
    }
}

/// A worker with the settings of a profile that says nothing.
pub async fn worker(servers: &Servers, homes: &Homes) -> Worker {
    let settings = Settings {
        labels: vec![Label::Cpu],
        slots: NonZeroUsize::MIN,
        threads: NonZeroUsize::MIN,
        lease: Duration::from_secs(10),
        drain: Duration::from_secs(20),
        cache_bytes: 1 << 28,
    };
    let blobs = Blobs::connect(&BlobSettings::at(servers.blobs.path().display().to_string())).unwrap();
    Worker::new(homes.store.clone(), homes.queue.clone(), blobs, settings)
}

/// Waits for the job that was submitted last, which costs the database next to nothing, and then for any that it overtook.
async fn settled(store: &Store, last: JobId) {
    let is_over = async || store.job(last).await.unwrap().state.is_terminal();
    await_until("the last job is over", DEADLINE, is_over).await;
    await_until("all jobs are over", DEADLINE, async || store.outstanding().await.unwrap().is_empty()).await;
}
