//! What a job that panics takes down with it: itself.

use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Bell, Job, Kind, Label, NewJob, Priority, Start, State};
use fermiac_fleet::store::{ManualClock, StoreClock, StoreSettings};

use crate::bench::{Bench, DEADLINE};

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_job_that_panics_fails_in_its_words_and_its_worker_goes_on() {
    // So early that there is no instant thirty days before: counting them panics.
    let clock = ManualClock::at("-262143-01-05T00:00:00Z".parse().unwrap());
    let settings = StoreSettings { clock: StoreClock::Manual(clock), ..StoreSettings::of("testing") };
    let bench = Bench::with(&settings).await;
    let working = bench.worker(Label::Maintenance);
    let cleanup = ended(&bench, job(Kind::Retention, br#"{ "results_days": 30 }"#)).await;
    assert_eq!((cleanup.state, cleanup.attempt, cleanup.worker), (State::Failed, 1, None));
    let error = cleanup.error.unwrap();
    assert!(error.contains("the program failed") && error.contains("overflow"), "{error}");
    // The slot is free again, and so is the one worker.
    let next = ended(&bench, job(Kind::ResourceWatch, b"{}")).await;
    assert_eq!((next.state, next.error), (State::Succeeded, None));
    working.end().await;
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

async fn ended(bench: &Bench, new: NewJob) -> Job {
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    let bell = Bell { job: new.id, label: new.label, priority: new.priority };
    bench.ended(new.id, &[bell]).await
}
