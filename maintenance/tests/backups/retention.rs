//! Old backups go, and nothing that another needs goes with them.

use fermiac_maintenance::Context;
use fermiac_maintenance::backup::{BackupArguments, Depth, backup, verify};
use fermiac_maintenance::retention::{carry_out, plan};

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

/// That backup is three years older now, and of the monthly ones only the newest is kept.
fn years_later(bench: &Bench, label: &str) -> Context {
    bench
        .sql(&format!("update backups set taken_at = taken_at - interval '3 years' where label = '{label}'"));
    let mut context = bench.context.clone();
    context.policy.monthly = 1;
    context.policy.weekly = 0;
    context
}
