//! What the store promises of jobs, one statement a function, each held on both databases, and on Postgres by way of
//! PgBouncer.

use std::collections::HashSet;
use std::time::Duration;

use fermiac_fleet::delivery::{Held, Outcome, Produced, Retry};
use fermiac_fleet::ids::JobId;
use fermiac_fleet::job::{Job, Kind, Label, NewJob, Priority, Start, State};
use fermiac_fleet::store::{Cancellation, JobFilter, LeaseState, Renewal, StoreError};

use crate::support::{Bench, LEASE, again, completed, failed, family, job, noon};

on_all!(
    submitted_job_is_claimed_and_settled_once,
    settlement_under_an_older_epoch_writes_nothing,
    job_is_claimed_by_one_of_many,
    failure_waits_and_is_promoted,
    dead_letter_keeps_its_error_and_is_retried_by_hand,
    lease_that_ran_out_spends_the_attempt,
    renewed_lease_is_not_rescued,
    released_job_keeps_its_attempt,
    claim_is_known_under_its_worker,
    parent_is_ready_after_its_last_child,
    dead_child_fails_its_parent_and_ends_its_siblings,
    retried_family_keeps_what_succeeded,
    cancelled_job_is_never_claimed,
    running_job_is_asked_to_stop,
    known_key_gives_the_job_that_is_there,
    impossible_jobs_are_refused_whole,
    ready_jobs_are_paged_in_order,
    outstanding_jobs_are_counted,
    listed_jobs_are_newest_first,
    settle_and_claim_is_both,
    job_of_a_later_time_waits_for_it,
    results_come_in_the_order_of_the_call,
);

async fn submitted_job_is_claimed_and_settled_once(bench: Bench) {
    let new = NewJob { trace_context: Some("00-trace".to_owned()), ..job() };
    let submitted = bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    assert_eq!((submitted.jobs.as_slice(), submitted.bells.len()), (&[new.id][..], 1));
    let delivery = bench.claim(new.id).await;
    assert_eq!((delivery.epoch, delivery.attempt, delivery.max_attempts), (1, 1, 3));
    assert_eq!((delivery.payload.as_slice(), delivery.timeout), (&b"payload"[..], Duration::from_secs(60)));
    assert_eq!(delivery.trace_context.as_deref(), Some("00-trace"));
    assert!(bench.store.claim("other", &[new.id], LEASE).await.unwrap().is_empty());
    let settlement = delivery.settle(completed());
    let twice = vec![again(&settlement), again(&settlement)];
    let settled = bench.store.settle(twice).await.unwrap();
    assert_eq!((settled.written, settled.superseded), (vec![settlement.held], vec![settlement.held]));
    assert_eq!(bench.store.settle(vec![settlement]).await.unwrap().written, []);
    let Job { state, worker, finished_at, .. } = bench.store.job(new.id).await.unwrap();
    assert_eq!((state, worker, finished_at), (State::Succeeded, None, Some(noon())));
    assert_eq!(bench.store.result(new.id).await.unwrap().result.as_deref(), Some(&b"result"[..]));
}

async fn settlement_under_an_older_epoch_writes_nothing(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    let zombie = bench.claim(new.id).await;
    bench.clock.advance(LEASE * 2);
    assert_eq!(bench.store.rescue(10).await.unwrap().bells.len(), 1);
    let holder = bench.claim(new.id).await;
    assert!(holder.epoch > zombie.epoch);
    let held = zombie.held();
    let settled = bench.store.settle(vec![zombie.settle(failed(Retry::Never))]).await.unwrap();
    assert_eq!((settled.written, settled.superseded), (vec![], vec![held]));
    assert_eq!(bench.state(new.id).await, State::Running);
    bench.store.settle(vec![holder.settle(completed())]).await.unwrap();
    assert_eq!(bench.state(new.id).await, State::Succeeded);
}

async fn job_is_claimed_by_one_of_many(bench: Bench) {
    let jobs: Vec<NewJob> = (0..50).map(|_| job()).collect();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    bench.store.submit(&jobs).await.unwrap();
    let mut claims = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let (store, mut ids) = (bench.store.clone(), ids.clone());
        ids.rotate_left(worker * 7);
        claims.spawn(async move { store.claim(&format!("worker {worker}"), &ids, LEASE).await.unwrap() });
    }
    let claimed: Vec<JobId> = claims.join_all().await.iter().flatten().map(|delivery| delivery.job).collect();
    assert_eq!(claimed.len(), 50);
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 50);
}

async fn failure_waits_and_is_promoted(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    bench.run(new.id, failed(Retry::Later)).await;
    assert_eq!(bench.state(new.id).await, State::Scheduled);
    assert_eq!(bench.store.promote(10).await.unwrap(), []);
    bench.clock.advance(Duration::from_secs(2));
    assert_eq!(bench.store.promote(10).await.unwrap().len(), 1);
    assert_eq!(bench.claim(new.id).await.attempt, 2);
}

async fn dead_letter_keeps_its_error_and_is_retried_by_hand(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    bench.run(new.id, failed(Retry::Never)).await;
    let dead = bench.store.job(new.id).await.unwrap();
    assert_eq!((dead.state, dead.error.as_deref()), (State::Failed, Some("no")));
    assert_eq!(bench.store.retry(new.id).await.unwrap().len(), 1);
    assert!(matches!(bench.store.retry(new.id).await, Err(StoreError::Conflict { .. })));
    let delivery = bench.claim(new.id).await;
    assert_eq!((delivery.attempt, delivery.epoch), (1, 2));
    let refused = bench.store.retry(new.id).await.unwrap_err();
    assert!(refused.to_string().contains("running"), "{refused}");
    let nobody = bench.store.retry(JobId::new()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound { what: "job" })));
}

async fn lease_that_ran_out_spends_the_attempt(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    for attempt in 1..=3 {
        let delivery = bench.claim(new.id).await;
        assert_eq!((delivery.attempt, delivery.alone), (attempt, attempt == 3));
        assert_eq!(bench.store.begin_alone(delivery.held()).await.unwrap(), delivery.alone);
        assert!(bench.store.rescue(10).await.unwrap().bells.is_empty());
        bench.clock.advance(LEASE);
        let rescued = bench.store.rescue(10).await.unwrap();
        assert_eq!((rescued.bells.len(), rescued.dead.len()), if attempt < 3 { (1, 0) } else { (0, 1) });
    }
    let dead = bench.store.job(new.id).await.unwrap();
    assert_eq!(dead.state, State::Failed);
    assert_eq!(dead.error.as_deref(), Some("its worker died or stopped answering 3 times"));
}

async fn renewed_lease_is_not_rescued(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    let held = bench.claim(new.id).await.held();
    bench.clock.advance(LEASE / 2);
    let renewal = Renewal { held, progress: Some(7) };
    assert_eq!(bench.store.renew(&[renewal], LEASE).await.unwrap(), [(held, LeaseState::Kept)]);
    bench.clock.advance(LEASE * 3 / 4);
    assert!(bench.store.rescue(10).await.unwrap().bells.is_empty());
    assert_eq!(bench.store.job(new.id).await.unwrap().progress, 7);
    bench.clock.advance(LEASE);
    bench.store.rescue(10).await.unwrap();
    assert_eq!(bench.store.renew(&[renewal], LEASE).await.unwrap(), [(held, LeaseState::Lost)]);
}

async fn released_job_keeps_its_attempt(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    for epoch in 1..=5 {
        let delivery = bench.claim(new.id).await;
        assert_eq!((delivery.attempt, delivery.epoch), (1, epoch));
        assert_eq!(bench.store.release(&[delivery.held()]).await.unwrap().len(), 1);
    }
}

/// Where the answer of a claim is lost, this tells what was claimed.
async fn claim_is_known_under_its_worker(bench: Bench) {
    let jobs = [job(), job()];
    bench.store.submit(&jobs).await.unwrap();
    bench.store.claim("one", &[jobs[0].id], LEASE).await.unwrap();
    bench.store.claim("another", &[jobs[1].id], LEASE).await.unwrap();
    let held = bench.store.held_by("one").await.unwrap();
    assert_eq!(held, [Held { job: jobs[0].id, epoch: 1 }]);
    assert_eq!(bench.store.release(&held).await.unwrap().len(), 1);
    assert_eq!(bench.store.held_by("one").await.unwrap(), []);
}

async fn parent_is_ready_after_its_last_child(bench: Bench) {
    let jobs = family(3);
    let submitted = bench.store.submit(&jobs).await.unwrap();
    assert_eq!(submitted.bells.len(), 3);
    let parent = jobs[0].id;
    let first = bench.claim(jobs[1].id).await.settle(completed());
    let second = bench.claim(jobs[2].id).await.settle(completed());
    assert_eq!(bench.store.settle(vec![first, second]).await.unwrap().bells, []);
    assert_eq!(bench.store.job(parent).await.unwrap().pending_children, 1);
    let last = bench.claim(jobs[3].id).await.settle(completed());
    let bells = bench.store.settle(vec![last]).await.unwrap().bells;
    assert_eq!(bells.iter().map(|bell| bell.job).collect::<Vec<_>>(), [parent]);
    bench.run(parent, completed()).await;
}

async fn dead_child_fails_its_parent_and_ends_its_siblings(bench: Bench) {
    let jobs = family(3);
    bench.store.submit(&jobs).await.unwrap();
    let held = bench.claim(jobs[2].id).await.held();
    bench.run(jobs[1].id, failed(Retry::Never)).await;
    let parent = bench.store.job(jobs[0].id).await.unwrap();
    assert_eq!(parent.state, State::Failed);
    assert_eq!(parent.error.unwrap(), format!("slice {} failed: no", jobs[1].id));
    assert_eq!(bench.state(jobs[3].id).await, State::Cancelled);
    let renewal = Renewal { held, progress: None };
    assert_eq!(bench.store.renew(&[renewal], LEASE).await.unwrap(), [(held, LeaseState::CancelRequested)]);
}

async fn retried_family_keeps_what_succeeded(bench: Bench) {
    let jobs = family(4);
    bench.store.submit(&jobs).await.unwrap();
    bench.run(jobs[1].id, completed()).await;
    let stopping = bench.claim(jobs[2].id).await;
    bench.run(jobs[3].id, failed(Retry::Never)).await;
    let bells = bench.store.retry(jobs[3].id).await.unwrap();
    let rung: HashSet<JobId> = bells.iter().map(|bell| bell.job).collect();
    assert_eq!(rung, HashSet::from([jobs[3].id, jobs[4].id]));
    let parent = bench.store.job(jobs[0].id).await.unwrap();
    assert_eq!((parent.state, parent.pending_children), (State::Waiting, 3));
    // Its worker stopped for a wish that was taken back: another goes on.
    bench.store.settle(vec![stopping.settle(Outcome::Cancelled)]).await.unwrap();
    for child in &jobs[2..] {
        bench.run(child.id, completed()).await;
    }
    bench.run(jobs[0].id, completed()).await;
}

async fn cancelled_job_is_never_claimed(bench: Bench) {
    let jobs = family(2);
    bench.store.submit(&jobs).await.unwrap();
    assert_eq!(bench.store.cancel(jobs[0].id).await.unwrap(), Cancellation::Cancelled);
    assert_eq!(bench.store.cancel(jobs[0].id).await.unwrap(), Cancellation::Already);
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    assert!(bench.store.claim("worker", &ids, LEASE).await.unwrap().is_empty());
    for job in ids {
        assert_eq!(bench.state(job).await, State::Cancelled);
    }
    assert!(matches!(bench.store.retry(jobs[0].id).await, Err(StoreError::Conflict { .. })));
}

async fn running_job_is_asked_to_stop(bench: Bench) {
    let new = job();
    bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
    let delivery = bench.claim(new.id).await;
    assert_eq!(bench.store.cancel(new.id).await.unwrap(), Cancellation::Requested);
    let renewal = Renewal { held: delivery.held(), progress: None };
    let renewed = bench.store.renew(&[renewal], LEASE).await.unwrap();
    assert_eq!(renewed, [(delivery.held(), LeaseState::CancelRequested)]);
    bench.store.settle(vec![delivery.settle(failed(Retry::Later))]).await.unwrap();
    assert_eq!(bench.state(new.id).await, State::Cancelled);
}

async fn known_key_gives_the_job_that_is_there(bench: Bench) {
    let owner = bench.user("ada").await;
    let first = NewJob { idempotency_key: Some("key".to_owned()), owner: Some(owner), ..job() };
    let second = NewJob { id: JobId::new(), ..first.clone() };
    let platform = NewJob { owner: None, ..second.clone() };
    bench.store.submit(std::slice::from_ref(&first)).await.unwrap();
    let again = bench.store.submit(&[second, job()]).await.unwrap();
    assert_eq!((again.jobs[0], again.bells.len()), (first.id, 1));
    let other = bench.store.submit(std::slice::from_ref(&platform)).await.unwrap();
    assert_eq!(other.jobs, [platform.id]);
    let repeated = NewJob { id: JobId::new(), ..platform.clone() };
    assert_eq!(bench.store.submit(&[repeated]).await.unwrap().jobs, [platform.id]);
    let same_name = bench.store.submit(std::slice::from_ref(&platform)).await.unwrap();
    assert_eq!((same_name.jobs, same_name.bells), (vec![platform.id], vec![]));
    let taken = NewJob { kind: Kind::Slice, idempotency_key: None, ..platform };
    assert!(matches!(bench.store.submit(&[taken]).await, Err(StoreError::Conflict { .. })));
}

async fn impossible_jobs_are_refused_whole(bench: Bench) {
    let mut orphans = family(2);
    orphans.remove(0);
    let mut short = family(2);
    short.pop();
    let twice = vec![job(); 2];
    let never = vec![NewJob { max_attempts: 0, ..job() }];
    let large = vec![NewJob { payload: vec![0; (1 << 20) + 1], ..job() }];
    let many = (0..10_001).map(|_| job()).collect();
    let keyed = vec![NewJob { idempotency_key: Some(String::new()), ..job() }];
    for jobs in [orphans, short, twice, never, large, many, keyed] {
        let with_another: Vec<NewJob> = [job()].into_iter().chain(jobs).collect();
        let refused = bench.store.submit(&with_another).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(bench.store.jobs(JobFilter { limit: 10, ..JobFilter::default() }).await.unwrap(), []);
}

async fn ready_jobs_are_paged_in_order(bench: Bench) {
    let mut ids = Vec::new();
    for _ in 0..5 {
        let new = job();
        bench.store.submit(std::slice::from_ref(&new)).await.unwrap();
        ids.push(new.id);
        bench.clock.advance(Duration::from_secs(1));
    }
    bench.store.submit(&[NewJob { priority: Priority::High, ..job() }]).await.unwrap();
    let (label, priority) = (Label::Cpu, Priority::Normal);
    assert_eq!(bench.store.ready_count(label, priority, 100).await.unwrap(), 5);
    assert_eq!(bench.store.ready_count(label, priority, 3).await.unwrap(), 3);
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = bench.store.ready_page(label, priority, cursor, Duration::from_secs(2), 2).await.unwrap();
        seen.extend(page.0.iter().map(|bell| bell.job));
        cursor = page.1;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids[..4]);
}

async fn outstanding_jobs_are_counted(bench: Bench) {
    bench.store.submit(&family(2)).await.unwrap();
    bench.clock.advance(Duration::from_secs(3));
    let outstanding = bench.store.outstanding().await.unwrap();
    let counted: Vec<_> = outstanding.iter().map(|one| (one.state, one.count, one.oldest_age)).collect();
    let age = Duration::from_secs(3);
    assert_eq!(counted, [(State::Ready, 2, age), (State::Waiting, 1, age)]);
}

async fn listed_jobs_are_newest_first(bench: Bench) {
    let owner = bench.user("ada").await;
    let jobs: Vec<NewJob> = (0..3).map(|_| NewJob { owner: Some(owner), ..job() }).collect();
    bench.store.submit(&jobs).await.unwrap();
    bench.store.submit(&[job()]).await.unwrap();
    let filter = JobFilter { owner: Some(owner), limit: 2, ..JobFilter::default() };
    let first = bench.store.jobs(filter).await.unwrap();
    assert_eq!(first.iter().map(|job| job.id).collect::<Vec<_>>(), [jobs[2].id, jobs[1].id]);
    let rest = bench.store.jobs(JobFilter { after: Some(first[1].id), ..filter }).await.unwrap();
    assert_eq!(rest.iter().map(|job| job.id).collect::<Vec<_>>(), [jobs[0].id]);
    let running = JobFilter { state: Some(State::Running), ..filter };
    assert_eq!(bench.store.jobs(running).await.unwrap(), []);
    let slices = JobFilter { kind: Some(Kind::Slice), ..filter };
    assert_eq!(bench.store.jobs(slices).await.unwrap(), []);
}

async fn settle_and_claim_is_both(bench: Bench) {
    let jobs = [job(), job()];
    bench.store.submit(&jobs).await.unwrap();
    let first = bench.claim(jobs[0].id).await.settle(completed());
    let next = [jobs[1].id];
    let (settled, deliveries) =
        bench.store.settle_and_claim(vec![first], "worker", &next, LEASE).await.unwrap();
    assert_eq!((settled.written.len(), deliveries.len()), (1, 1));
}

async fn job_of_a_later_time_waits_for_it(bench: Bench) {
    let later = NewJob { start: Start::At(noon() + Duration::from_secs(60)), ..job() };
    assert_eq!(bench.store.submit(std::slice::from_ref(&later)).await.unwrap().bells, []);
    bench.clock.advance(Duration::from_secs(59));
    assert_eq!(bench.store.promote(10).await.unwrap(), []);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.store.promote(10).await.unwrap()[0].job, later.id);
    bench.claim(later.id).await;
}

async fn results_come_in_the_order_of_the_call(bench: Bench) {
    let jobs: Vec<NewJob> = (0..3).map(|_| job()).collect();
    bench.store.submit(&jobs).await.unwrap();
    for (place, job) in jobs.iter().enumerate() {
        let result_key = Some(format!("part {place}"));
        bench.run(job.id, Outcome::Completed(Produced { result_key, ..Produced::default() })).await;
    }
    let wanted = [jobs[2].id, jobs[0].id, jobs[1].id];
    let produced = bench.store.produced(&wanted).await.unwrap();
    let keys: Vec<&str> = produced.iter().map(|produced| produced.result_key.as_deref().unwrap()).collect();
    assert_eq!(keys, ["part 2", "part 0", "part 1"]);
    let unknown = bench.store.produced(&[jobs[0].id, JobId::new()]).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { .. }), "{unknown:?}");
    let waits = job();
    bench.store.submit(std::slice::from_ref(&waits)).await.unwrap();
    assert!(matches!(bench.store.produced(&[waits.id]).await, Err(StoreError::Conflict { .. })));
}
