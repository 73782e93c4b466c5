//! What the store promises, one statement a function, each held on both databases, and on Postgres by way of PgBouncer.

use std::collections::HashSet;
use std::time::Duration;

use fermiac_fleet::delivery::{Held, Outcome, Produced, Retry};
use fermiac_fleet::ids::{JobId, SimulationId, WorkbookId};
use fermiac_fleet::job::{Job, Kind, Label, NewJob, Priority, Start, State};
use fermiac_fleet::simulation::{part_key, result_key};
use fermiac_fleet::store::{
    Cancellation, JobFilter, LeaseState, MigrationStatus, NewWorkbook, Renewal, SimulationFilter,
    SimulationState, Store, StoreError, StoreSettings, SubmittedSimulation, Viewer, WorkerBeat,
};

use crate::support::{Bench, Home, LEASE, again, completed, failed, family, job, noon, simulation};

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
    simulation_stands_as_its_jobs_do,
    repeated_simulation_is_the_one_that_is_there,
    simulation_is_seen_by_its_owner_and_operators,
    workbook_in_use_is_not_deleted,
    key_opens_until_it_is_revoked,
    office_is_held_for_a_term,
    silent_worker_is_forgotten,
    blob_is_needed_while_a_row_points_to_it,
    migrating_twice_changes_nothing,
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
        assert_eq!(delivery.attempt, attempt);
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

async fn simulation_stands_as_its_jobs_do(bench: Bench) {
    let owner = bench.user("ada").await;
    let mut jobs = family(2);
    let new = simulation(owner, &mut jobs);
    let submitted = bench.store.submit_simulation(&new, &jobs).await.unwrap();
    assert!(matches!(submitted, SubmittedSimulation::New { bells } if bells.len() == 2));
    let viewer = Viewer::Owner(owner);
    let bench = &bench;
    let look = || async { bench.store.simulation(viewer, new.id).await.unwrap() };
    assert_eq!(look().await.state, SimulationState::Queued);
    let delivery = bench.claim(jobs[1].id).await;
    bench.store.renew(&[Renewal { held: delivery.held(), progress: Some(300) }], LEASE).await.unwrap();
    assert_eq!((look().await.state, look().await.trials_done), (SimulationState::Running, 300));
    let produced = Produced { progress: Some(500), ..Produced::default() };
    bench.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
    assert_eq!(look().await.trials_done, 500);
    let listed = |state| SimulationFilter { viewer, state: Some(state), after: None, limit: 10 };
    let of = |state| async move { bench.store.simulations(listed(state)).await.unwrap().len() };
    assert_eq!((of(SimulationState::Running).await, of(SimulationState::Queued).await), (1, 0));
}

async fn repeated_simulation_is_the_one_that_is_there(bench: Bench) {
    let owner = bench.user("ada").await;
    let mut jobs = vec![job()];
    let mut first = simulation(owner, &mut jobs);
    first.idempotency_key = Some("key".to_owned());
    bench.store.submit_simulation(&first, &jobs).await.unwrap();
    let mut jobs = vec![job()];
    let mut second = simulation(owner, &mut jobs);
    second.idempotency_key = Some("key".to_owned());
    let known = bench.store.submit_simulation(&second, &jobs).await.unwrap();
    assert_eq!(known, SubmittedSimulation::Known { id: first.id });
    second.request = b"another".to_vec();
    let conflict = bench.store.submit_simulation(&second, &jobs).await;
    assert!(matches!(conflict, Err(StoreError::Conflict { .. })), "{conflict:?}");
    assert!(matches!(bench.store.job(jobs[0].id).await, Err(StoreError::NotFound { .. })));
}

async fn simulation_is_seen_by_its_owner_and_operators(bench: Bench) {
    let (ada, bob) = (bench.user("ada").await, bench.user("bob").await);
    let mut jobs = vec![job()];
    let new = simulation(ada, &mut jobs);
    bench.store.submit_simulation(&new, &jobs).await.unwrap();
    let page = |viewer| SimulationFilter { viewer, state: None, after: None, limit: 10 };
    for (viewer, sees) in [(Viewer::Owner(ada), true), (Viewer::Operator, true), (Viewer::Owner(bob), false)]
    {
        assert_eq!(bench.store.simulation(viewer, new.id).await.is_ok(), sees);
        assert_eq!(bench.store.simulations(page(viewer)).await.unwrap().len(), usize::from(sees));
    }
    let cancelled = bench.store.cancel_simulation(Viewer::Owner(bob), new.id).await;
    assert!(matches!(cancelled, Err(StoreError::NotFound { what: "simulation" })));
    let early = bench.store.simulation_result(Viewer::Owner(ada), new.id).await;
    assert!(matches!(early, Err(StoreError::Conflict { .. })));
    bench.run(jobs[0].id, completed()).await;
    let result = bench.store.simulation_result(Viewer::Owner(ada), new.id).await.unwrap();
    assert_eq!(result.result.as_deref(), Some(&b"result"[..]));
    let done = bench.store.simulation(Viewer::Owner(ada), new.id).await.unwrap();
    assert_eq!((done.state, done.trials_done), (SimulationState::Succeeded, 1_000));
    let late = bench.store.cancel_simulation(Viewer::Owner(ada), new.id).await;
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
}

async fn workbook_in_use_is_not_deleted(bench: Bench) {
    let owner = bench.user("ada").await;
    let viewer = Viewer::Owner(owner);
    let hash = "ab".repeat(32);
    let workbook = NewWorkbook {
        id: WorkbookId::new(),
        owner,
        name: "model.xlsx".to_owned(),
        hash: hash.clone(),
        bytes: 5,
        cells: 4,
        formulas: 3,
    };
    bench.store.add_workbook(&workbook).await.unwrap();
    assert_eq!(bench.store.workbook(viewer, workbook.id).await.unwrap().added, workbook);
    assert_eq!(bench.store.workbooks(viewer, None, 10).await.unwrap().len(), 1);
    let mut jobs = vec![job()];
    let mut new = simulation(owner, &mut jobs);
    new.workbook = Some(workbook.id);
    bench.store.submit_simulation(&new, &jobs).await.unwrap();
    let refused = bench.store.delete_workbook(viewer, workbook.id).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    let in_use = bench.store.hashes_in_use(&[hash.clone(), "cd".repeat(32)]).await.unwrap();
    assert_eq!(in_use, [true, false]);
    bench.run(jobs[0].id, completed()).await;
    let bob = Viewer::Owner(bench.user("bob").await);
    assert!(matches!(bench.store.delete_workbook(bob, workbook.id).await, Err(StoreError::NotFound { .. })));
    bench.store.delete_workbook(viewer, workbook.id).await.unwrap();
    assert_eq!(bench.store.simulation(viewer, new.id).await.unwrap().workbook, None);
    assert_eq!(bench.store.hashes_in_use(&[hash]).await.unwrap(), [false]);
}

async fn key_opens_until_it_is_revoked(bench: Bench) {
    let added = bench.store.add_user("ada", true).await.unwrap();
    assert_eq!((added.key.len(), &added.key[..4]), (68, "fmc_"));
    assert_eq!(bench.store.user_by_key(&added.key).await.unwrap().as_ref(), Some(&added.user));
    assert_eq!(bench.store.user_by_key("fmc_0").await.unwrap(), None);
    assert!(matches!(bench.store.add_user("ada", false).await, Err(StoreError::Conflict { .. })));
    assert!(matches!(bench.store.add_user("  ", false).await, Err(StoreError::Refused { .. })));
    bench.store.revoke_user(added.user.id).await.unwrap();
    assert_eq!(bench.store.user_by_key(&added.key).await.unwrap(), None);
    bench.store.add_user("ada", false).await.unwrap();
    assert_eq!(bench.store.users().await.unwrap().len(), 2);
}

async fn office_is_held_for_a_term(bench: Bench) {
    let lead = |holder| bench.store.lead("scheduler", holder, LEASE);
    let first = lead("a").await.unwrap();
    assert_eq!((first.leading, first.term), (true, 1));
    assert!(!lead("b").await.unwrap().leading);
    assert_eq!(lead("a").await.unwrap(), first);
    bench.clock.advance(LEASE);
    let second = lead("b").await.unwrap();
    assert_eq!((second.leading, second.term), (true, 2));
    assert!(!lead("a").await.unwrap().leading);
    bench.store.resign("scheduler", "a").await.unwrap();
    assert!(!lead("a").await.unwrap().leading);
    bench.store.resign("scheduler", "b").await.unwrap();
    assert_eq!(lead("a").await.unwrap().term, 3);
}

async fn silent_worker_is_forgotten(bench: Bench) {
    let beat = WorkerBeat {
        id: "host-1".to_owned(),
        labels: vec![Label::Cpu, Label::Gpu],
        slots: 2,
        version: "0.1.0".to_owned(),
        device: "cpu".to_owned(),
    };
    bench.store.heartbeat(&beat).await.unwrap();
    bench.clock.advance(LEASE);
    bench.store.heartbeat(&WorkerBeat { id: "host-2".to_owned(), ..beat.clone() }).await.unwrap();
    let all = bench.store.workers(LEASE).await.unwrap();
    assert_eq!((all.len(), &all[0].beat), (2, &beat));
    assert_eq!(bench.store.workers(LEASE / 2).await.unwrap().len(), 1);
    assert_eq!(bench.store.forget_dead(LEASE / 2).await.unwrap(), ["host-1"]);
    bench.store.forget_worker("host-2").await.unwrap();
    assert!(bench.store.workers(LEASE).await.unwrap().is_empty());
}

async fn blob_is_needed_while_a_row_points_to_it(bench: Bench) {
    let jobs = family(1);
    bench.store.submit(&jobs).await.unwrap();
    let needed = |key: String| async { bench.store.referenced(&[key]).await.unwrap()[0] };
    let simulation = SimulationId::new();
    let part = part_key(simulation, Held { job: jobs[1].id, epoch: 1 });
    let result = result_key(simulation, Held { job: jobs[0].id, epoch: 1 });
    assert!(!needed(part.clone()).await);
    let delivery = bench.claim(jobs[1].id).await;
    assert!(needed(part.clone()).await, "its job is writing it");
    let produced = Produced { result_key: Some(part.clone()), ..Produced::default() };
    bench.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
    assert!(needed(part.clone()).await, "the parent will read it");
    let produced = Produced { result_key: Some(result.clone()), ..Produced::default() };
    bench.run(jobs[0].id, Outcome::Completed(produced)).await;
    assert!(!needed(part).await && needed(result.clone()).await);
    assert!(!needed(result.replace("-1.json", "-2.json")).await);
    assert!(needed("of/somebody/else".to_owned()).await);
}

async fn migrating_twice_changes_nothing(bench: Bench) {
    assert_eq!(bench.store.migrate().await.unwrap(), []);
    let states = bench.store.migration_state().await.unwrap();
    assert!(states.iter().all(|state| matches!(state.status, MigrationStatus::Applied { .. })));
    bench.store.check_schema().await.unwrap();
    bench.store.ping().await.unwrap();
    assert!(bench.store.pool_gauges().open >= 1);
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

#[tokio::test]
async fn database_without_a_schema_is_refused() {
    for home in [Home::Postgres, Home::Sqlite] {
        let bench = Bench::empty_on(home).await;
        let refused = bench.store.check_schema().await.unwrap_err();
        assert!(matches!(refused, StoreError::Schema { .. }), "{refused:?}");
        assert!(refused.to_string().contains("fermiac migrate"), "{refused}");
    }
}

#[tokio::test]
async fn database_of_another_environment_is_refused() {
    let bench = Bench::on(Home::Postgres).await;
    let production = StoreSettings { environment: "production".to_owned(), ..bench.settings.clone() };
    let stranger = Store::connect(&bench.url, &production).await.unwrap();
    for refused in [stranger.check_schema().await, stranger.migrate().await.map(drop)] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("testing") && refused.contains("production"), "{refused}");
    }
}

#[tokio::test]
async fn newer_and_altered_schemas_are_refused() {
    let server = fermiac_harness::PostgresServer::shared();
    for (statement, words) in [
        ("insert into migrations values (99, 'later', '', now())", "newer"),
        ("update migrations set hash = 'other' where version = 2", "another text"),
    ] {
        let bench = Bench::on(Home::Postgres).await;
        let database = bench.url.rsplit('/').next().unwrap();
        server.sql(database, statement);
        let refused = bench.store.check_schema().await.unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn constraints_hold_the_state_machine() {
    let bench = Bench::on(Home::Postgres).await;
    bench.store.submit(&[job()]).await.unwrap();
    let pool = sqlx::PgPool::connect(&bench.url).await.unwrap();
    for statement in [
        "update jobs set state = 'running'",
        "update jobs set state = 'waiting'",
        "update jobs set state = 'succeeded'",
        "update jobs set state = 'failed', finished_at = now()",
        "update jobs set result = ''",
        "update jobs set cancel_requested = true",
        "update jobs set attempt = 4, epoch = 4",
        "update jobs set state = 'asleep'",
    ] {
        let refused = sqlx::query(statement).execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("constraint"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn sqlite_file_holds_what_was_committed() {
    let folder = fermiac_harness::Folder::new("sqlite");
    let url = format!("sqlite:{}", folder.path().join("fermiac.db").display());
    let new = job();
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    store.migrate().await.unwrap();
    store.submit(std::slice::from_ref(&new)).await.unwrap();
    store.close().await;
    let store = Store::connect(&url, &StoreSettings::of("testing")).await.unwrap();
    assert_eq!(store.claim("worker", &[new.id], LEASE).await.unwrap().len(), 1);
}
