//! Cleanups on real servers: rows of Postgres, blobs of S3.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use fermiac_fleet::backup::BackupKind;
use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, S3Keys};
use fermiac_fleet::delivery::{Outcome, Produced};
use fermiac_fleet::ids::{JobId, SimulationId, UserId, WorkbookId};
use fermiac_fleet::job::{Kind, Label, NewJob, Priority, Start};
use fermiac_fleet::orphans::{Freed, Reprieve, Spared, free};
use fermiac_fleet::retention::{Class, RetentionArguments};
use fermiac_fleet::simulation::{result_key, samples_key, workbook_key};
use fermiac_fleet::store::{
    ManualClock, NewSimulation, NewWorkbook, Store, StoreClock, StoreSettings, Viewer,
};
use fermiac_harness::{ACCESS_KEY, PostgresServer, S3Server, SECRET_KEY};
use fermiac_maintenance::MaintenanceError;
use fermiac_maintenance::retention::cleanup::{Amount, Homes, Mandate, clean_up, forecast};

const DAY: Duration = Duration::from_secs(86_400);
const MONTH: RetentionArguments =
    RetentionArguments { uploads_days: Some(30), results_days: Some(30), dead_letters_days: Some(30) };
const BY_HAND: Mandate<'static> = Mandate { job: None, is_stopping: &|| false };

struct Bench {
    store: Store,
    blobs: Blobs,
    clock: ManualClock,
    owner: UserId,
    server: S3Server,
}

impl Bench {
    async fn new() -> Bench {
        let clock = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let settings =
            StoreSettings { clock: StoreClock::Manual(clock.clone()), ..StoreSettings::of("testing") };
        let store = Store::connect(&PostgresServer::shared().create_database(), &settings).await.unwrap();
        store.migrate().await.unwrap();
        let server = S3Server::start("data");
        let keys = S3Keys { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() };
        let settings = BlobSettings {
            endpoint: Some(server.endpoint()),
            addressing: Addressing::PathStyle,
            keys: Some(keys),
            ..BlobSettings::at("s3://data")
        };
        let owner = store.add_user("ada", false).await.unwrap().user.id;
        Bench { store, blobs: Blobs::connect(&settings).unwrap(), clock, owner, server }
    }

    fn homes(&self) -> Homes<'_> {
        Homes { store: &self.store, blobs: &self.blobs }
    }

    async fn upload(&self, hash: &str) -> WorkbookId {
        self.blobs.put(&workbook_key(hash), Bytes::from(vec![1; 1_000])).await.unwrap();
        let workbook = NewWorkbook {
            id: WorkbookId::new(),
            owner: self.owner,
            name: "model.xlsx".to_owned(),
            hash: hash.to_owned(),
            bytes: 1_000,
            cells: 4,
            formulas: 3,
        };
        self.store.add_workbook(&workbook).await.unwrap();
        workbook.id
    }

    /// A simulation whose job is not claimed yet.
    async fn submit(&self, workbook: Option<WorkbookId>) -> NewSimulation {
        let simulation = SimulationId::new();
        let job = NewJob {
            id: JobId::new(),
            kind: Kind::Simulate,
            label: Label::Cpu,
            priority: Priority::Normal,
            owner: Some(self.owner),
            simulation: Some(simulation),
            parent: None,
            payload: b"{}".to_vec(),
            start: Start::Now,
            max_attempts: 3,
            timeout: DAY,
            idempotency_key: None,
            trace_context: None,
        };
        let new = NewSimulation {
            id: simulation,
            owner: self.owner,
            workbook,
            idempotency_key: None,
            request: b"{}".to_vec(),
            trials: 1_000,
            root: job.id,
        };
        self.store.submit_simulation(&new, &[job]).await.unwrap();
        new
    }

    /// It succeeds, with a result and samples among the blobs.
    async fn succeed(&self, simulation: &NewSimulation) -> [String; 2] {
        let delivery = self.store.claim("worker", &[simulation.root], DAY).await.unwrap().remove(0);
        let (result, samples) =
            (result_key(simulation.id, delivery.held()), samples_key(simulation.id, delivery.held()));
        for key in [&result, &samples] {
            self.blobs.put(key, Bytes::from(vec![2; 500])).await.unwrap();
        }
        let produced = Produced {
            result_key: Some(result.clone()),
            samples_key: Some(samples.clone()),
            ..Produced::default()
        };
        self.store.settle(vec![delivery.settle(Outcome::Completed(produced))]).await.unwrap();
        [result, samples]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foretold_goes_and_nothing_else() {
    let bench = Bench::new().await;
    let (unread, read) = (bench.upload(&"aa".repeat(32)).await, bench.upload(&"bb".repeat(32)).await);
    let old = bench.submit(Some(read)).await;
    let unfinished = bench.submit(Some(read)).await;
    bench.succeed(&old).await;
    bench.clock.advance(31 * DAY);
    let young = bench.submit(None).await;
    let mut kept = bench.succeed(&young).await.to_vec();
    kept.push(workbook_key(&"bb".repeat(32)));
    kept.sort();
    let before = bench.server.keys("data");
    let told = forecast(bench.homes(), &MONTH).await.unwrap();
    let going: Vec<_> = told.going.iter().map(|going| (going.class, going.id)).collect();
    assert_eq!(going, [(Class::Uploads, unread.0), (Class::Results, old.id.0)]);
    assert_eq!(told.classes[&Class::Uploads], Amount { count: 1, blobs: 1, bytes: 1_000 });
    assert_eq!(told.classes[&Class::Results], Amount { count: 1, blobs: 2, bytes: 1_004 });
    assert_eq!(bench.server.keys("data"), before, "a forecast deletes nothing");
    let cleaned = clean_up(bench.homes(), &MONTH, BY_HAND).await.unwrap();
    assert_eq!(cleaned.classes, told.classes);
    assert_eq!(bench.server.keys("data"), kept);
    for simulation in [young.id, unfinished.id] {
        bench.store.simulation(Viewer::Operator, simulation).await.unwrap();
    }
    assert!(bench.store.simulation(Viewer::Operator, old.id).await.is_err());
    assert_eq!(clean_up(bench.homes(), &MONTH, BY_HAND).await.unwrap().classes.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_blob_goes_while_a_backup_is_being_taken() {
    let bench = Bench::new().await;
    let old = bench.submit(None).await;
    let keys = bench.succeed(&old).await;
    bench.clock.advance(31 * DAY);
    bench.store.begin_backup("label", BackupKind::PgDump).await.unwrap();
    let told = forecast(bench.homes(), &MONTH).await.unwrap();
    let cleaned = clean_up(bench.homes(), &MONTH, BY_HAND).await.unwrap();
    assert_eq!((cleaned.classes[&Class::Results].count, cleaned.classes[&Class::Results].blobs), (1, 0));
    assert_eq!(cleaned.spared, Spared { blobs: 2, because: Some(Reprieve::BackupRunning) });
    assert_eq!((told.classes, told.spared), (cleaned.classes, cleaned.spared));
    assert!(bench.blobs.exists(&keys[0]).await.unwrap());
    bench.store.backup_failed("label", "it broke off").await.unwrap();
    // What collects orphans comes by later.
    let freed: Result<Freed, MaintenanceError> = free(&bench.store, &bench.blobs, &keys).await;
    assert_eq!(freed.unwrap(), Freed { blobs: 2, bytes: 1_000, ..Freed::default() });
    assert!(bench.server.keys("data").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_service_is_not_cleaned_up_even_where_nothing_would_go() {
    let bench = Bench::new().await;
    bench.store.make_read_only("moving house").await.unwrap();
    let refused = clean_up(bench.homes(), &MONTH, BY_HAND).await.unwrap_err();
    assert!(refused.to_string().contains("moving house"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_told_to_stop_goes_on_later() {
    let bench = Bench::new().await;
    for _ in 0..150 {
        let simulation = bench.submit(None).await;
        let delivery = bench.store.claim("worker", &[simulation.root], DAY).await.unwrap().remove(0);
        bench.store.settle(vec![delivery.settle(Outcome::Completed(Produced::default()))]).await.unwrap();
    }
    bench.clock.advance(31 * DAY);
    let batches = AtomicUsize::new(0);
    let is_stopping = || batches.fetch_add(1, Ordering::SeqCst) == 1;
    let stopped = clean_up(bench.homes(), &MONTH, Mandate { job: None, is_stopping: &is_stopping }).await;
    assert!(matches!(stopped, Err(MaintenanceError::Stopped)), "{stopped:?}");
    let cleaned = clean_up(bench.homes(), &MONTH, BY_HAND).await.unwrap();
    assert_eq!(cleaned.classes[&Class::Results].count, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_that_was_left_aside_has_its_name_back_if_it_is_needed() {
    let bench = Bench::new().await;
    let [needed, forgotten] = ["dd".repeat(32), "ee".repeat(32)];
    bench.upload(&needed).await;
    let aside = [&needed, &forgotten].map(|hash| format!("uploads/{hash}.{}", WorkbookId::new()));
    bench.blobs.rename(&workbook_key(&needed), &aside[0]).await.unwrap();
    bench.blobs.put(&aside[1], Bytes::from(vec![1; 10])).await.unwrap();
    let freed: Result<Freed, MaintenanceError> = free(&bench.store, &bench.blobs, &aside).await;
    assert_eq!(freed.unwrap(), Freed { blobs: 1, bytes: 10, ..Freed::default() });
    assert_eq!(bench.server.keys("data"), [workbook_key(&needed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_that_is_uploaded_again_meanwhile_keeps_its_blob() {
    let bench = Bench::new().await;
    let hash = "cc".repeat(32);
    bench.upload(&hash).await;
    let freed: Result<Freed, MaintenanceError> =
        free(&bench.store, &bench.blobs, &[workbook_key(&hash)]).await;
    assert_eq!(freed.unwrap(), Freed::default());
    assert_eq!(bench.server.keys("data"), [workbook_key(&hash)]);
}
