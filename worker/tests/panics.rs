//! What a job that panics takes down with it: itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::num::NonZeroUsize;
use std::time::Duration;

use fermiac_fleet::blobs::{BlobSettings, Blobs};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, Job, Kind, Label, NewJob, Priority, Start, State};
use fermiac_fleet::queue::Queue;
use fermiac_fleet::store::{ManualClock, Store, StoreClock, StoreSettings};
use fermiac_worker::{End, Settings, Worker};
use tokio_util::sync::CancellationToken;

/// Far beyond what anything here takes: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_job_that_panics_fails_in_its_words_and_its_worker_goes_on() {
    // So early that there is no instant thirty days before: counting them panics.
    let clock = ManualClock::at("-262143-01-05T00:00:00Z".parse().unwrap());
    let settings = StoreSettings { clock: StoreClock::Manual(clock), ..StoreSettings::of("testing") };
    let store = Store::connect("sqlite::memory:", &settings).await.unwrap();
    store.migrate().await.unwrap();
    let (queue, folder) = (Queue::in_process(), tempfile::tempdir().unwrap());
    let blobs = Blobs::connect(&BlobSettings::at(folder.path().to_str().unwrap())).unwrap();
    let draining = CancellationToken::new();
    let worker = Worker::new(store.clone(), queue.clone(), blobs, one_at_a_time());
    let working = tokio::spawn(worker.run(draining.clone()));

    let cleanup = ended(&store, &queue, job(Kind::Retention, br#"{ "results_days": 30 }"#)).await;
    assert_eq!((cleanup.state, cleanup.attempt, cleanup.worker), (State::Failed, 1, None));
    let error = cleanup.error.unwrap();
    assert!(error.contains("the program failed") && error.contains("overflow"), "{error}");
    // The slot is free again, and so is the one worker.
    let next = ended(&store, &queue, job(Kind::ResourceWatch, b"{}")).await;
    assert_eq!((next.state, next.error), (State::Succeeded, None));
    draining.cancel();
    assert_eq!(working.await.unwrap(), End::Drained);
}

fn one_at_a_time() -> Settings {
    Settings {
        labels: vec![Label::Maintenance],
        slots: NonZeroUsize::MIN,
        threads: NonZeroUsize::MIN,
        lease: Duration::from_secs(30),
        drain: Duration::from_secs(5),
        cache_bytes: 1 << 20,
    }
}

fn job(kind: Kind, payload: &[u8]) -> NewJob {
    NewJob {
        id: JobId::new(),
        kind,
        label: Label::Maintenance,
        priority: Priority::Normal,
        owner: None,
        simulation: None,
        parent: None,
        payload: payload.to_vec(),
        start: Start::Now,
        max_attempts: 1,
        timeout: DEADLINE,
        idempotency_key: None,
        trace_context: None,
    }
}

/// Submits a job, and gives it as it ended.
async fn ended(store: &Store, queue: &Queue, new: NewJob) -> Job {
    store.submit(std::slice::from_ref(&new)).await.unwrap();
    queue.ring(&[Bell { job: new.id, label: new.label, priority: new.priority }]).await.unwrap();
    let ending = async {
        loop {
            let job = store.job(new.id).await.unwrap();
            if job.state.is_terminal() {
                return job;
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    };
    tokio::time::timeout(DEADLINE, ending).await.unwrap()
}
