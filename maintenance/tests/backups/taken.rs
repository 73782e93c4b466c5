//! What a backup is, and when it is none.

use fermiac_fleet::backup::{BackupKind, BackupState};
use fermiac_maintenance::backup::{BackupArguments, Depth, backup, verify};
use fermiac_maintenance::restore::{Target, rehearse};
use fermiac_maintenance::vault::Identity;
use fermiac_maintenance::{Context, MaintenanceError};

use crate::support::{Bench, SECRET_TEXT};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_uploaded_verified_and_in_the_catalogue() {
    let bench = Bench::new().await;
    let pin = Some("before the migration".to_owned());
    let arguments = BackupArguments { pin, ..BackupArguments::default() };
    let taken = backup(&bench.context, &arguments).await.unwrap();
    // One workbook, and the results of every second simulation.
    assert_eq!((taken.blobs, taken.new_blobs, taken.is_verified), (3, 3, true));
    let written = bench.store.backup(&taken.label).await.unwrap();
    assert_eq!(written.state, BackupState::Verified);
    assert_eq!((written.taken_at, written.bytes), (Some(taken.taken_at), taken.bytes));
    assert_eq!(written.pinned.as_deref(), Some("before the migration"));
    assert_eq!(bench.backups.unfinished_uploads(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_users_wrote_can_be_read_in_the_bucket() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let keys = bench.backups.keys("backups");
    assert!(keys.iter().any(|key| key.contains(&taken.label)));
    for key in keys {
        let content = bench.bucket().get(&key, 1 << 30).await.unwrap();
        let found = content.windows(SECRET_TEXT.len()).any(|window| window == SECRET_TEXT.as_bytes());
        assert!(!found, "{key}");
        assert!(!String::from_utf8_lossy(&content).contains("AGE-SECRET-KEY"), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_are_there_already_are_not_copied_again() {
    let bench = Bench::new().await;
    let first = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.work(2).await;
    let second = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    assert_eq!((first.blobs, second.blobs, second.new_blobs), (3, 5, 2));
    assert!(second.label > first.label);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_identity_a_backup_is_taken_but_not_called_verified() {
    let bench = Bench::new().await;
    let context = bench.with(&[("FERMIAC_BACKUP_IDENTITY", "")]).await;
    let taken = backup(&context, &BackupArguments::default()).await.unwrap();
    assert_eq!(bench.store.backup(&taken.label).await.unwrap().state, BackupState::Uploaded);
    verify(&bench.context, &taken.label, Depth::All).await.unwrap();
    assert_eq!(bench.store.backup(&taken.label).await.unwrap().state, BackupState::Verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_a_backup_was_not_sealed_for_says_nothing_about_it() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let other = Identity::generate();
    let context = bench.with(&[("FERMIAC_BACKUP_IDENTITY", other.secret().expose())]).await;
    let error = verify(&context, &taken.label, Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
    assert_eq!(bench.store.backup(&taken.label).await.unwrap().state, BackupState::Verified);
}

/// Verifying the backup finds damage, and the catalogue says so in the same words.
async fn is_condemned(bench: &Bench, label: &str) {
    let error = verify(&bench.context, label, Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Damaged(_)), "{error}");
    let written = bench.store.backup(label).await.unwrap();
    assert_eq!((written.state, written.error), (BackupState::Failed, Some(error.to_string())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_anywhere_fails_the_verification() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let manifest = bench.context.places.vault.manifest(&taken.label).await.unwrap().0;
    for object in manifest.objects() {
        let whole = bench.bucket().get(&object.key, 1 << 30).await.unwrap();
        bench.flip_a_byte(&object.key).await;
        is_condemned(&bench, &taken.label).await;
        bench.bucket().put(&object.key, whole).await.unwrap();
    }
    verify(&bench.context, &taken.label, Depth::New).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_was_changed_fails_the_verification() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let vault = &bench.context.places.vault;
    let mut manifest = vault.manifest(&taken.label).await.unwrap().0;
    manifest.tables.pop();
    vault.write_manifest(&manifest).await.unwrap();
    let error = verify(&bench.context, &taken.label, Depth::New).await.unwrap_err();
    assert!(error.to_string().contains("is not the one that was written"), "{error}");
}

/// The settings of a bench whose backups lie below a prefix that is another's.
async fn elsewhere(bench: &Bench) -> Context {
    bench.with(&[("FERMIAC_BACKUP_URL", "s3://backups/elsewhere")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_without_any_known_backup_condemns_none() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let before = bench.backups.keys("backups");
    let error = verify(&elsewhere(&bench).await, &taken.label, Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
    assert!(error.to_string().contains("s3://backups/elsewhere/testing/"), "{error}");
    assert_eq!(bench.store.backup(&taken.label).await.unwrap().state, BackupState::Verified);
    assert_eq!(bench.backups.keys("backups"), before);
    let places = &elsewhere(&bench).await.places;
    for target in [Target::Label(taken.label.clone()), Target::Newest] {
        let error = rehearse(places, &target).await.unwrap_err();
        assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
        assert!(error.to_string().contains("s3://backups/elsewhere/testing/"), "{error}");
    }
    verify(&bench.context, &taken.label, Depth::New).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_is_missing_fails_the_only_backup_where_the_rest_of_it_lies() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let key = bench.context.places.vault.key_of(&taken.label, "manifest.json");
    bench.bucket().delete(&[key]).await.unwrap();
    is_condemned(&bench, &taken.label).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_which_nothing_is_left_fails_only_beside_another_that_is_known() {
    let bench = Bench::new().await;
    let gone = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.context.places.vault.delete(&gone.label).await.unwrap();
    let error = verify(&bench.context, &gone.label, Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
    assert_eq!(bench.store.backup(&gone.label).await.unwrap().state, BackupState::Verified);
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    is_condemned(&bench, &gone.label).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_being_taken_or_was_deleted_is_not_verified() {
    let bench = Bench::new().await;
    bench.store.begin_backup("now", BackupKind::PgDump).await.unwrap();
    let error = verify(&bench.context, "now", Depth::New).await.unwrap_err();
    assert!(error.to_string().contains("still being taken"), "{error}");
    assert_eq!(bench.store.backup("now").await.unwrap().state, BackupState::Running);
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.store.backup_expired(&taken.label).await.unwrap();
    let error = verify(&bench.context, &taken.label, Depth::New).await.unwrap_err();
    assert!(error.to_string().contains("was deleted"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_blob_fails_the_backup_and_leaves_no_manifest() {
    let bench = Bench::new().await;
    let key = bench.context.store.snapshot().await.unwrap().blobs().await.unwrap().remove(0);
    bench.context.blobs.delete(&[key]).await.unwrap();
    let error = backup(&bench.context, &BackupArguments::default()).await.unwrap_err();
    assert!(error.to_string().contains("is lost, and a row needs it"), "{error}");
    assert!(bench.context.places.vault.labels().await.unwrap().is_empty());
    assert_eq!(bench.store.backups(10).await.unwrap()[0].state, BackupState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_place_gets_the_same_bytes() {
    let bench = Bench::new().await;
    let second = fermiac_harness::S3Server::start("second");
    let context = bench
        .with(&[
            ("FERMIAC_BACKUP_SECOND_URL", "s3://second"),
            ("FERMIAC_BACKUP_SECOND_ENDPOINT", &second.endpoint()),
            ("FERMIAC_BACKUP_SECOND_REGION", "us-east-1"),
        ])
        .await;
    let taken = backup(&context, &BackupArguments::default()).await.unwrap();
    assert!(taken.is_copied);
    assert_eq!(second.keys("second"), bench.backups.keys("backups"));
}
