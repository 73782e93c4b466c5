//! What was backed up comes back.

use chrono::TimeDelta;
use fermiac_fleet::backup::BackupState;
use fermiac_fleet::blobs::Blobs;
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::Folder;
use fermiac_maintenance::MaintenanceError;
use fermiac_maintenance::backup::{BackupArguments, backup};
use fermiac_maintenance::restore::{Target, blobs, into_database, note, rehearse};

use crate::support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_backup_comes_back_and_what_was_written_after_does_not() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let users = bench.store.users().await.unwrap();
    bench.store.add_user("too late", false).await.unwrap();
    let database = bench.empty_database();
    let restored = into_database(&bench.context.places, &Target::Newest, &database).await.unwrap();
    assert_eq!((restored.label, restored.taken_at), (taken.label, taken.taken_at));
    let names: Vec<&str> = restored.checks.iter().map(|check| check.name).collect();
    assert_eq!(names, ["schema", "results", "schema_version_recorded", "rows_and_digests", "blobs"]);
    let store = Store::connect(database.url().expose(), &StoreSettings::of("testing")).await.unwrap();
    store.check_schema().await.unwrap();
    assert_eq!(store.users().await.unwrap(), users);
}

/// Its dump saw it while it was being taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_restored_catalogue_holds_the_backup_that_it_came_from() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let (places, database) = (&bench.context.places, bench.empty_database());
    into_database(places, &Target::Newest, &database).await.unwrap();
    let store = Store::connect(database.url().expose(), &StoreSettings::of("testing")).await.unwrap();
    assert_eq!(store.backup(&taken.label).await.unwrap().state, BackupState::Running);
    note(places, &database, &taken.label, "operator:ada@here".to_owned()).await.unwrap();
    let known = store.backup(&taken.label).await.unwrap();
    assert_eq!((known.state, known.bytes), (BackupState::Verified, taken.bytes));
    note(places, &database, &taken.label, "operator:ada@here".to_owned()).await.unwrap();
    assert_eq!(store.backup(&taken.label).await.unwrap().state, BackupState::Verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_needs_an_empty_database() {
    let bench = Bench::new().await;
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let error =
        into_database(&bench.context.places, &Target::Newest, &bench.context.database).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_checks_every_page_and_leaves_nothing() {
    let bench = Bench::new().await;
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let restored = rehearse(&bench.context.places, &Target::Newest).await.unwrap();
    assert!(restored.checks.iter().any(|check| check.name == "amcheck"));
    assert!(bench.is_torn_down());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_means_the_newest_backup_that_holds_nothing_later() {
    let bench = Bench::new().await;
    let first = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let second = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let between = first.taken_at + (second.taken_at - first.taken_at) / 2;
    let places = &bench.context.places;
    let restored = into_database(places, &Target::Time(between), &bench.empty_database()).await.unwrap();
    assert_eq!(restored.label, first.label);
    let before = first.taken_at - TimeDelta::seconds(1);
    let error = into_database(places, &Target::Time(before), &bench.empty_database()).await.unwrap_err();
    assert!(error.to_string().contains("all are later"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_blobs_come_back_from_the_backup() {
    let bench = Bench::new().await;
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let keys = bench.context.store.snapshot().await.unwrap().blobs().await.unwrap();
    let folder = Folder::new("blobs");
    let home =
        Blobs::connect(&fermiac_fleet::blobs::BlobSettings::at(folder.path().to_str().unwrap())).unwrap();
    assert_eq!(blobs(&bench.context.places, &Target::Newest, &home).await.unwrap(), keys.len());
    for key in keys {
        assert_eq!(home.get(&key, 1_000).await.unwrap(), bench.context.blobs.get(&key, 1_000).await.unwrap());
    }
    assert_eq!(blobs(&bench.context.places, &Target::Newest, &home).await.unwrap(), 0);
}
