//! A drill passes when the data can be had again, and fails when it cannot.

use std::io::Write;

use fermiac_maintenance::MaintenanceError;
use fermiac_maintenance::backup::{BackupArguments, backup};
use fermiac_maintenance::drill::{DrillArguments, drill};
use fermiac_maintenance::postgres::dump;
use fermiac_maintenance::vault::Identity;

use crate::support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_restores_measures_writes_down_and_tears_down() {
    let bench = Bench::new().await;
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let held = drill(&bench.context, &DrillArguments::default()).await.unwrap();
    assert!(held.passed());
    assert!(held.recovery_time.unwrap() < bench.context.recovery_time);
    assert!(held.lost_time.unwrap() < bench.context.lost_time);
    let written = bench.store.drills(10).await.unwrap();
    assert_eq!((written[0].id, written[0].label.clone()), (held.id, held.label));
    assert!(bench.is_torn_down());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_takes_longer_than_promised_fails() {
    let bench = Bench::new().await;
    let mut context = bench.context.clone();
    context.recovery_time = std::time::Duration::ZERO;
    let error = drill(&context, &DrillArguments::default()).await.unwrap_err();
    assert!(error.to_string().contains("is promised"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_fails_where_more_would_be_lost_than_promised() {
    let bench = Bench::new().await;
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.sql("update backups set taken_at = taken_at - interval '16 minutes'");
    let error = drill(&bench.context, &DrillArguments::default()).await.unwrap_err();
    assert!(error.to_string().contains("of work would be lost"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_fails_the_drill() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let key = bench.context.places.vault.key_of(&taken.label, "database.dump.age");
    bench.flip_a_byte(&key).await;
    fails(&bench, &bench.context, &taken.label, "cannot be read to its end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_fails_the_drill() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let other = Identity::generate();
    let context = bench.with(&[("FERMIAC_BACKUP_IDENTITY", other.secret().expose())]).await;
    fails(&bench, &context, &taken.label, "cannot be opened with this identity").await;
}

/// The dump is whole by every hash, and yet a row is missing: only counting what was restored can tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_row_fails_the_drill() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.sql("delete from workbooks");
    let mut snapshot = bench.context.store.snapshot().await.unwrap();
    let (name, database) = (snapshot.export().await.unwrap(), bench.context.database.clone());
    let vault = &bench.context.places.vault;
    let write = move |into: &mut dyn Write| dump::dump(&database, &name, into);
    let mut manifest = vault.manifest(&taken.label).await.unwrap().0;
    manifest.database = vault.seal(&manifest.database.key, write).await.unwrap();
    vault.write_manifest(&manifest).await.unwrap();
    fails(&bench, &bench.context, &taken.label, "workbooks has 0 rows, and had 1").await;
}

/// As many rows as there were, and one of them is another.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_fails_the_drill() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let vault = &bench.context.places.vault;
    let mut manifest = vault.manifest(&taken.label).await.unwrap().0;
    let users = manifest.tables.iter_mut().find(|table| table.table == "public.users").unwrap();
    users.digest = "0:0".to_owned();
    vault.write_manifest(&manifest).await.unwrap();
    fails(&bench, &bench.context, &taken.label, "users has other rows than it had").await;
}

async fn fails(bench: &Bench, context: &fermiac_maintenance::Context, label: &str, why: &str) {
    let arguments = DrillArguments { label: Some(label.to_owned()) };
    let error = drill(context, &arguments).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Damaged(_) | MaintenanceError::Differs(_)), "{error}");
    assert!(error.to_string().contains(why), "{error}");
    let written = bench.store.drills(1).await.unwrap().remove(0);
    assert!(!written.passed() && written.findings.concat().contains(why), "{written:?}");
    assert!(bench.is_torn_down());
}
