//! A cluster backed up as a whole by pgBackRest to an S3 server behind TLS, and had again as it was at any instant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::time::Duration;

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::{BackupKind, BackupState, UploadedBackup};
use fermiac_fleet::blobs::{Addressing, BlobSettings, Blobs, S3Keys};
use fermiac_fleet::profile::{Profile, Variables};
use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{
    ACCESS_KEY, Folder, PostgresServer, S3Server, SECRET_KEY, TlsFront, archiving_server, await_until,
    pgbackrest_variables, wait_until,
};
use fermiac_maintenance::backup::{BackupArguments, Depth, backup, verify};
use fermiac_maintenance::drill::{DrillArguments, drill};
use fermiac_maintenance::pgbackrest::{PgBackRest, Until};
use fermiac_maintenance::vault::Identity;
use fermiac_maintenance::{Context, MaintenanceError};

const SOON: Duration = Duration::from_secs(60);

struct Bench {
    server: PostgresServer,
    context: Context,
    cluster: PgBackRest,
    store: Store,
    repository: Blobs,
    backups: S3Server,
    scratch: Folder,
    _front: TlsFront,
    _folder: Folder,
}

impl Bench {
    /// A server that archives, with a migrated database, and nothing backed up.
    async fn new() -> Bench {
        let backups = S3Server::start("backups");
        let front = TlsFront::to(backups.port());
        let (folder, scratch) = (Folder::new("pgbackrest"), Folder::new("scratch"));
        open_to_all(&folder);
        open_to_all(&scratch);
        let server = archiving_server(&folder);
        let variables = variables(&server, &backups, &front, &folder, &scratch);
        let store = Store::connect(&server.create_database(), &StoreSettings::of("testing")).await.unwrap();
        store.migrate().await.unwrap();
        let profile = Profile::load(Some("testing"), None, &variables).unwrap();
        let data = Blobs::connect(&BlobSettings::at(format!("{}/data", scratch.path().display()))).unwrap();
        let context = Context::connect(&profile, data).await.unwrap();
        let cluster = context.cluster.clone().unwrap();
        cluster.prepare().await.unwrap();
        let repository = bucket(&backups);
        Bench {
            server,
            context,
            cluster,
            store,
            repository,
            backups,
            scratch,
            _front: front,
            _folder: folder,
        }
    }

    async fn names(&self) -> Vec<String> {
        self.store.users().await.unwrap().into_iter().map(|user| user.name).collect()
    }

    /// Closes the segment of the log that is written to, and waits until it is in the archive.
    async fn archive(&self) -> String {
        let segment = self.server.sql("test_0", "select pg_walfile_name(pg_current_wal_insert_lsn())");
        self.server.sql("test_0", "select pg_switch_wal()");
        await_until("the segment is archived", SOON, async || {
            let archived = self.store.archiver().await.unwrap().archived;
            archived.is_some_and(|(archived, _)| archived >= segment)
        })
        .await;
        segment
    }

    /// The one object of the repository whose key holds this.
    async fn object(&self, part: &str) -> String {
        let keys = self.backups.keys("backups");
        keys.into_iter()
            .find(|key| key.contains(part))
            .unwrap_or_else(|| panic!("{part} is in the repository"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_with_the_data_directory_comes_back_as_it_was_at_an_instant() {
    let mut bench = Bench::new().await;
    bench.store.add_user("before the backup", false).await.unwrap();
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    assert!(taken.is_verified);
    bench.store.add_user("after the backup", false).await.unwrap();
    let before = bench.names().await;
    let instant: DateTime<Utc> =
        bench.server.sql("test_0", "select to_json(clock_timestamp())").trim_matches('"').parse().unwrap();
    bench.store.add_user("the disaster", false).await.unwrap();
    bench.archive().await;
    bench.server.kill();
    fs::remove_dir_all(bench.server.data()).unwrap();
    bench.cluster.restore(None, Until::Instant(instant), &bench.server.data()).await.unwrap();
    bench.server.start_again();
    wait_until("the server has gone through its log", SOON, || {
        bench.server.sql("test_0", "select pg_is_in_recovery()") == "f"
    });
    assert_eq!(bench.names().await, before);
    assert_eq!(before.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_backups_follow_a_full_one_and_the_drill_goes_on_from_them() {
    let bench = Bench::new().await;
    let full = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.store.add_user("in between", false).await.unwrap();
    let incremental = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let listed = bench.store.backups(10).await.unwrap();
    let kinds: Vec<BackupKind> = listed.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [BackupKind::Incremental, BackupKind::PgDump, BackupKind::Full]);
    assert!(listed.iter().all(|one| one.state == BackupState::Verified));
    assert_eq!(listed[0].needs.as_deref(), Some(full.label.as_str()));
    let held = drill(&bench.context, &DrillArguments::default()).await.unwrap();
    assert_eq!(held.label, Some(incremental.label));
    assert!(held.lost_time.unwrap() < bench.context.lost_time);
    // Only the blobs of the data are left there.
    assert!(
        !fs::read_dir(bench.scratch.path())
            .unwrap()
            .any(|entry| { entry.unwrap().file_name().to_string_lossy().starts_with("fermiac-scratch-") })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_segment_of_the_log_fails_the_verification_and_the_drill() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    bench.store.add_user("one", false).await.unwrap();
    let segment = bench.archive().await;
    bench.store.add_user("two", false).await.unwrap();
    bench.archive().await;
    let lost = bench.object(&format!("{segment}-")).await;
    bench.repository.delete(&[lost]).await.unwrap();
    let error = verify(&bench.context, &taken.label, Depth::New).await.unwrap_err();
    assert!(error.to_string().contains(&format!("{segment} the first")), "{error}");
    let error = drill(&bench.context, &DrillArguments::default()).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Differs(_)), "{error}");
    assert!(error.to_string().contains("is not in what was restored"), "{error}");
    assert!(!bench.store.drills(1).await.unwrap()[0].passed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_of_the_repository_fails_the_verification() {
    let bench = Bench::new().await;
    let taken = backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let key = bench.object(&format!("{}/bundle/1", taken.label)).await;
    let mut content = bench.repository.get(&key, 1 << 30).await.unwrap().to_vec();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    bench.repository.put(&key, content.into()).await.unwrap();
    let error = verify(&bench.context, &taken.label, Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Damaged(_)), "{error}");
    let written = bench.store.backup(&taken.label).await.unwrap();
    assert_eq!(written.state, BackupState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_condemns_what_it_lacks_only_if_it_has_what_is_known() {
    let bench = Bench::new().await;
    bench.store.begin_backup("20260101-060000F", BackupKind::Full).await.unwrap();
    let uploaded = UploadedBackup {
        taken_at: bench.store.now().await.unwrap(),
        bytes: 1,
        manifest_sha256: None,
        is_copied: false,
        needs: None,
    };
    bench.store.backup_uploaded("20260101-060000F", &uploaded).await.unwrap();
    let error = verify(&bench.context, "20260101-060000F", Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Refused(_)), "{error}");
    let state = async || bench.store.backup("20260101-060000F").await.unwrap().state;
    assert_eq!(state().await, BackupState::Uploaded);
    backup(&bench.context, &BackupArguments::default()).await.unwrap();
    let error = verify(&bench.context, "20260101-060000F", Depth::New).await.unwrap_err();
    assert!(matches!(error, MaintenanceError::Damaged(_)), "{error}");
    assert_eq!(state().await, BackupState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_what_everybody_reads() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new().await;
    assert!(!bench.cluster.archive_command().contains(SECRET_KEY));
    let path = bench._folder.path().join("pgbackrest.conf");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::read_to_string(&path).unwrap().contains(SECRET_KEY));
}

fn variables(
    server: &PostgresServer,
    backups: &S3Server,
    front: &TlsFront,
    folder: &Folder,
    scratch: &Folder,
) -> Variables {
    let identity = Identity::generate();
    let given = [
        ("DATABASE_URL", server.url("test_0")),
        ("FERMIAC_BACKUP_URL", "s3://backups/dumps".to_owned()),
        ("FERMIAC_BACKUP_ENDPOINT", backups.endpoint()),
        ("FERMIAC_BACKUP_PATH_STYLE", "true".to_owned()),
        ("FERMIAC_BACKUP_ACCESS_KEY", ACCESS_KEY.to_owned()),
        ("FERMIAC_BACKUP_SECRET_KEY", SECRET_KEY.to_owned()),
        ("FERMIAC_BACKUP_RECIPIENT", identity.recipient().to_string()),
        ("FERMIAC_BACKUP_IDENTITY", identity.secret().expose().to_owned()),
        ("FERMIAC_BACKUP_SCRATCH", scratch.path().display().to_string()),
    ];
    let all = given.into_iter().chain(pgbackrest_variables(server, front, folder));
    all.map(|(name, text)| (name.to_owned(), text)).collect()
}

fn bucket(server: &S3Server) -> Blobs {
    let keys = S3Keys { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() };
    let settings = BlobSettings {
        endpoint: Some(server.endpoint()),
        addressing: Addressing::PathStyle,
        keys: Some(keys),
        ..BlobSettings::at("s3://backups")
    };
    Blobs::connect(&settings).unwrap()
}

/// The servers of the tests run as another user.
fn open_to_all(folder: &Folder) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
}
