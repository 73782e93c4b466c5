//! Old backups go, and nothing that another needs goes with them.

use std::fs;
use std::time::{Duration, SystemTime};

use fermiac_fleet::backup::{BackupKind, BackupState};
use fermiac_harness::Folder;
use fermiac_maintenance::Context;
use fermiac_maintenance::backup::{BackupArguments, Depth, backup, verify};
use fermiac_maintenance::retention::{carry_out, fail_lost, plan};

use crate::support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn an_old_backup_goes_and_the_blobs_that_a_newer_one_shares_stay() {
    let bench = Bench::new().await;
    let old = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let pinned = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.sql("delete from workbooks");
    let new = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.store.pin_backup(&pinned.label, Some("wanted")).await.unwrap();
    let context = years_later(&bench, &old.label);
    let planned = plan(&context).await.unwrap();
    assert_eq!(planned.goes.keys().collect::<Vec<_>>(), [&old.label]);
    // The pinned one needs the workbook too.
    assert!(planned.blobs.is_empty());
    assert_eq!(bench.context.places.vault.labels().await.unwrap().len(), 3);
    carry_out(&context, &planned).await.unwrap();
    assert_eq!(bench.context.places.vault.labels().await.unwrap(), [pinned.label.clone(), new.label.clone()]);
    assert!(bench.store.backup(&old.label).await.unwrap().expired_at.is_some());
    verify(&context, &pinned.label, Depth::All).await.unwrap();
    verify(&context, &new.label, Depth::All).await.unwrap();
    assert!(plan(&context).await.unwrap().goes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_go_with_the_last_backup_that_needs_them() {
    let bench = Bench::new().await;
    let old = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.sql("delete from workbooks");
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let context = years_later(&bench, &old.label);
    let planned = plan(&context).await.unwrap();
    assert_eq!(planned.blobs.len(), 1);
    assert!(planned.blobs[0].contains("/workbooks/"));
    carry_out(&context, &planned).await.unwrap();
    assert!(!bench.backups.keys("backups").contains(&planned.blobs[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_wrong_place_nothing_is_deleted_and_the_catalogue_forgets_nothing() {
    let bench = Bench::new().await;
    let old = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let right = years_later(&bench, &old.label);
    let mut wrong = bench.with(&[("FERMIAC_BACKUP_URL", "s3://backups/elsewhere")]).await;
    wrong.policy = right.policy;
    let planned = plan(&wrong).await.unwrap();
    assert_eq!(planned.goes.keys().collect::<Vec<_>>(), [&old.label]);
    let refused = carry_out(&wrong, &planned).await.unwrap_err();
    assert!(refused.to_string().contains("s3://backups/elsewhere/testing/"), "{refused}");
    assert_eq!(bench.store.backup(&old.label).await.unwrap().expired_at, None);
    carry_out(&right, &planned).await.unwrap();
    assert!(bench.store.backup(&old.label).await.unwrap().expired_at.is_some());
}

/// That backup is three years older now, and of the monthly ones only the newest is kept.
fn years_later(bench: &Bench, label: &str) -> Context {
    bench
        .sql(&format!("update backups set taken_at = taken_at - interval '3 years' where label = '{label}'"));
    let mut context = bench.context.clone();
    context.policy.monthly = 1;
    context.policy.weekly = 0;
    context
}

/// A plan was made before somebody began to restore; what it says is not done.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_being_restored_stays_until_that_ends() {
    let bench = Bench::new().await;
    let old = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.sql("delete from workbooks");
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let context = years_later(&bench, &old.label);
    let vault = &context.places.vault;
    let before = plan(&context).await.unwrap();
    assert_eq!((before.goes.len(), before.blobs.len()), (1, 1));
    let working = vault.while_held(&old.label, async {
        assert!(plan(&context).await?.goes.is_empty());
        carry_out(&context, &before).await?;
        verify(&context, &old.label, Depth::All).await
    });
    working.await.unwrap();
    assert_eq!(vault.held().await.unwrap().len(), 0, "a hold goes with its work");
    carry_out(&context, &plan(&context).await.unwrap()).await.unwrap();
    assert_eq!(vault.labels().await.unwrap().len(), 1);
    assert!(
        !bench
            .backups
            .keys("backups")
            .iter()
            .any(|key| key.contains(&old.label) || before.blobs.contains(key))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_whose_holder_died_ends_by_itself() {
    let bench = Bench::new().await;
    let folder = Folder::new("vault");
    let context = bench.with(&[("FERMIAC_BACKUP_URL", folder.path().to_str().unwrap())]).await;
    let vault = &context.places.vault;
    let hold = folder.path().join("testing/holds/label/one");
    fs::create_dir_all(hold.parent().unwrap()).unwrap();
    fs::write(&hold, "in use").unwrap();
    assert_eq!(vault.held().await.unwrap().into_iter().collect::<Vec<_>>(), ["label"]);
    let written = |ago: u64| {
        let file = fs::File::options().write(true).open(&hold).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(ago)).unwrap();
    };
    written(16 * 60);
    assert!(vault.held().await.unwrap().is_empty());
    vault.sweep_holds().await.unwrap();
    assert!(hold.exists());
    written(25 * 3_600);
    vault.sweep_holds().await.unwrap();
    assert!(!hold.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_whose_taker_died_is_found_to_have_failed() {
    let bench = Bench::new().await;
    let begun = |label: &'static str| bench.store.begin_backup(label, BackupKind::PgDump);
    begun("lost").await.unwrap();
    begun("held").await.unwrap();
    bench.sql("update backups set begun_at = begun_at - interval '16 minutes'");
    begun("young").await.unwrap();
    let vault = &bench.context.places.vault;
    let lost = vault.while_held("held", fail_lost(&bench.context)).await.unwrap();
    assert_eq!(lost, ["lost"]);
    let state = async |label| bench.store.backup(label).await.unwrap().state;
    assert_eq!(state("lost").await, BackupState::Failed);
    assert_eq!((state("held").await, state("young").await), (BackupState::Running, BackupState::Running));
    // The next that is taken finds out too.
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    assert_eq!((state("held").await, state("young").await), (BackupState::Failed, BackupState::Running));
}
