//! What has been kept long enough goes, and nothing that somebody needs goes with it.

use std::time::Duration;

use fermiac_fleet::backup::{BackupKind, UploadedBackup};
use fermiac_fleet::delivery::{Held, Outcome, Produced, Retry};
use fermiac_fleet::ids::{JobId, WorkbookId};
use fermiac_fleet::job::NewJob;
use fermiac_fleet::retention::{Class, Kept, Limits, RetentionArguments};
use fermiac_fleet::store::{NewSimulation, NewWorkbook, Retired, StoreError, Viewer};
use uuid::Uuid;

use crate::support::{Bench, completed, failed, family, job, simulation};

on_all!(
    simulation_goes_with_its_jobs_and_names_its_blobs,
    simulation_stays_while_one_of_its_jobs_runs,
    dead_letter_that_is_tried_again_stays,
    job_goes_with_its_children,
    workbook_stays_while_a_simulation_names_it,
    one_who_lost_the_job_deletes_nothing,
    many_rows_are_found_page_by_page,
    backup_that_is_being_taken_is_known,
);

const DAY: Duration = Duration::from_secs(86_400);

fn limits(bench: &Bench) -> Limits {
    let days = Some(7);
    RetentionArguments { uploads_days: days, results_days: days, dead_letters_days: days }
        .limits(bench.clock.now())
}

/// Everything that is found, and may go.
async fn going(bench: &Bench, kept: Kept) -> Vec<Uuid> {
    let (mut going, mut after) = (Vec::new(), None);
    loop {
        let page = bench.store.kept_page(kept, after).await.unwrap();
        let goes = page.found.iter().filter(|found| found.goes(&limits(bench)).is_some());
        going.extend(goes.map(|found| found.id));
        after = page.next;
        if after.is_none() {
            return going;
        }
    }
}

async fn retire(bench: &Bench, kept: Kept, ids: &[Uuid]) -> Vec<Retired> {
    bench.store.retire(kept, ids, &limits(bench), None).await.unwrap()
}

/// A simulation of these jobs, whose root is the first.
async fn submitted(bench: &Bench, name: &str, jobs: &mut [NewJob]) -> NewSimulation {
    let new = simulation(bench.user(name).await, jobs);
    bench.store.submit_simulation(&new, jobs).await.unwrap();
    new
}

async fn simulation_goes_with_its_jobs_and_names_its_blobs(bench: Bench) {
    let mut jobs = family(1);
    let new = submitted(&bench, "ada", &mut jobs).await;
    // Its part is no longer needed, and nobody waits for this to be said.
    let part = Produced { result_key: Some("slices/a/b-1".to_owned()), ..Produced::default() };
    bench.run(jobs[1].id, Outcome::Completed(part)).await;
    let samples = Some("samples/a/c-1.parquet".to_owned());
    let result = Produced { result: Some(vec![0; 100]), samples_key: samples, ..Produced::default() };
    bench.run(jobs[0].id, Outcome::Completed(result)).await;
    bench.clock.advance(7 * DAY);
    assert!(going(&bench, Kept::Simulations).await.is_empty());
    assert_eq!(retire(&bench, Kept::Simulations, &[new.id.0]).await, []);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(going(&bench, Kept::Simulations).await, [new.id.0]);
    // Jobs of a simulation go with it and not by themselves.
    assert!(going(&bench, Kept::Jobs).await.is_empty());
    let retired = retire(&bench, Kept::Simulations, &[new.id.0]).await;
    let bytes = (new.request.len() + 2 * jobs[0].payload.len() + 100) as u64;
    let blobs = vec!["samples/a/c-1.parquet".to_owned()];
    assert_eq!(retired, [Retired { id: new.id.0, class: Class::Results, bytes, blobs }]);
    let noted = bench.store.audit_entries(Some("retention.applied"), 10).await.unwrap();
    let [entry] = noted.as_slice() else { panic!("{noted:?}") };
    assert_eq!((&*entry.subject, &entry.detail), ("simulations", &new.id.0.simple().to_string()));
    for job in &jobs {
        assert!(matches!(bench.store.job(job.id).await, Err(StoreError::NotFound { .. })));
    }
    let gone = bench.store.simulation_result(Viewer::Operator, new.id).await;
    assert!(matches!(gone, Err(StoreError::NotFound { what: "simulation" })), "{gone:?}");
    assert_eq!(retire(&bench, Kept::Simulations, &[new.id.0]).await, []);
}

async fn simulation_stays_while_one_of_its_jobs_runs(bench: Bench) {
    let mut jobs = family(2);
    let new = submitted(&bench, "ada", &mut jobs).await;
    let running = bench.claim(jobs[1].id).await;
    bench.run(jobs[2].id, failed(Retry::Never)).await;
    bench.clock.advance(8 * DAY);
    assert!(going(&bench, Kept::Simulations).await.is_empty());
    assert_eq!(retire(&bench, Kept::Simulations, &[new.id.0]).await, []);
    bench.store.settle(vec![running.settle(Outcome::Cancelled)]).await.unwrap();
    assert_eq!(going(&bench, Kept::Simulations).await, [new.id.0]);
    assert_eq!(retire(&bench, Kept::Simulations, &[new.id.0]).await[0].class, Class::DeadLetters);
}

async fn dead_letter_that_is_tried_again_stays(bench: Bench) {
    let jobs = [job(), job()];
    bench.store.submit(&jobs).await.unwrap();
    bench.run(jobs[0].id, failed(Retry::Never)).await;
    bench.run(jobs[1].id, failed(Retry::Never)).await;
    bench.clock.advance(8 * DAY);
    let found = going(&bench, Kept::Jobs).await;
    assert_eq!(found.len(), 2);
    bench.store.retry(jobs[0].id).await.unwrap();
    let retired = retire(&bench, Kept::Jobs, &found).await;
    assert_eq!(
        retired.iter().map(|one| (one.id, one.class)).collect::<Vec<_>>(),
        [(jobs[1].id.0, Class::DeadLetters)]
    );
    bench.run(jobs[0].id, completed()).await;
    assert!(matches!(bench.store.retry(jobs[1].id).await, Err(StoreError::NotFound { .. })));
}

async fn job_goes_with_its_children(bench: Bench) {
    let jobs = family(2);
    bench.store.submit(&jobs).await.unwrap();
    bench.run(jobs[1].id, completed()).await;
    bench.clock.advance(8 * DAY);
    // Its parent still waits for the other.
    assert!(going(&bench, Kept::Jobs).await.is_empty());
    bench.run(jobs[2].id, completed()).await;
    bench.run(jobs[0].id, completed()).await;
    bench.clock.advance(8 * DAY);
    assert_eq!(going(&bench, Kept::Jobs).await, [jobs[0].id.0]);
    assert_eq!(retire(&bench, Kept::Jobs, &[jobs[0].id.0]).await[0].class, Class::Jobs);
    for job in &jobs {
        assert!(matches!(bench.store.job(job.id).await, Err(StoreError::NotFound { .. })));
    }
}

async fn workbook_stays_while_a_simulation_names_it(bench: Bench) {
    let owner = bench.user("ada").await;
    let workbook = NewWorkbook {
        id: WorkbookId::new(),
        owner,
        name: "model.xlsx".to_owned(),
        hash: "ab".repeat(32),
        bytes: 5,
        cells: 4,
        formulas: 3,
    };
    bench.store.add_workbook(&workbook).await.unwrap();
    let same = NewWorkbook { id: WorkbookId::new(), ..workbook.clone() };
    bench.store.add_workbook(&same).await.unwrap();
    bench.clock.advance(8 * DAY);
    // Another has the same bytes: the blob goes with the last.
    let retired = retire(&bench, Kept::Workbooks, &[same.id.0]).await;
    assert_eq!(retired[0].blobs, Vec::<String>::new());
    assert_eq!(going(&bench, Kept::Workbooks).await, [workbook.id.0]);
    let mut jobs = vec![job()];
    let new = NewSimulation { workbook: Some(workbook.id), ..simulation(owner, &mut jobs) };
    bench.store.submit_simulation(&new, &jobs).await.unwrap();
    // It was found before, and is needed now.
    assert_eq!(retire(&bench, Kept::Workbooks, &[workbook.id.0]).await, []);
    bench.run(jobs[0].id, completed()).await;
    assert!(going(&bench, Kept::Workbooks).await.is_empty());
    bench.clock.advance(8 * DAY);
    retire(&bench, Kept::Simulations, &[new.id.0]).await;
    let retired = retire(&bench, Kept::Workbooks, &[workbook.id.0]).await;
    let blobs = vec![format!("workbooks/{}", "ab".repeat(32))];
    assert_eq!(retired, [Retired { id: workbook.id.0, class: Class::Uploads, bytes: 0, blobs }]);
    let mut late = vec![job()];
    let late_one = NewSimulation { workbook: Some(workbook.id), ..simulation(owner, &mut late) };
    let refused = bench.store.submit_simulation(&late_one, &late).await;
    assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
}

async fn one_who_lost_the_job_deletes_nothing(bench: Bench) {
    let jobs = [job(), job()];
    bench.store.submit(&jobs).await.unwrap();
    bench.run(jobs[0].id, completed()).await;
    bench.clock.advance(8 * DAY);
    let first = bench.claim(jobs[1].id).await.held();
    let (limits, ids) = (limits(&bench), [jobs[0].id.0]);
    let retire = |held: Held| bench.store.retire(Kept::Jobs, &ids, &limits, Some(held));
    bench.store.release(&[first]).await.unwrap();
    let refused = retire(first).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    let second = bench.claim(jobs[1].id).await.held();
    assert!(matches!(retire(first).await, Err(StoreError::Conflict { .. })));
    assert!(bench.store.job(jobs[0].id).await.is_ok());
    assert_eq!(retire(second).await.unwrap().len(), 1);
}

async fn many_rows_are_found_page_by_page(bench: Bench) {
    let jobs: Vec<NewJob> = (0..4_500).map(|_| job()).collect();
    bench.store.submit(&jobs).await.unwrap();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id).collect();
    for ids in ids.chunks(500) {
        let deliveries = bench.store.claim("worker", ids, DAY).await.unwrap();
        let settlements = deliveries.into_iter().map(|delivery| delivery.settle(completed()));
        bench.store.settle(settlements.collect()).await.unwrap();
    }
    bench.clock.advance(8 * DAY);
    assert_eq!(going(&bench, Kept::Jobs).await.len(), jobs.len());
    assert_eq!(bench.store.kept_page(Kept::Jobs, None).await.unwrap().found.len(), 2_000);
}

async fn backup_that_is_being_taken_is_known(bench: Bench) {
    assert!(!bench.store.is_being_backed_up().await.unwrap());
    bench.store.begin_backup("one", BackupKind::PgDump).await.unwrap();
    assert!(bench.store.is_being_backed_up().await.unwrap());
    let uploaded = UploadedBackup {
        taken_at: bench.clock.now(),
        bytes: 1,
        manifest_sha256: None,
        is_copied: false,
        needs: None,
    };
    bench.store.backup_uploaded("one", &uploaded).await.unwrap();
    assert!(!bench.store.is_being_backed_up().await.unwrap());
    bench.store.begin_backup("two", BackupKind::PgDump).await.unwrap();
    bench.clock.advance(3 * DAY);
    assert!(!bench.store.is_being_backed_up().await.unwrap(), "its taker died days ago");
}
