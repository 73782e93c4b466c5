//! `fermiac backup` and `fermiac restore` from outside: real processes, real servers, S3 behind TLS.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use fermiac_harness::{
    ACCESS_KEY, Folder, PostgresServer, S3Server, SECRET_KEY, TlsFront, archiving_server,
    pgbackrest_variables, wait_until,
};
use fermiac_maintenance::vault::Identity;
use serde_json::Value;

const SOON: Duration = Duration::from_secs(60);
/// An archiver that was busy when it was told, or failed three times, looks again after a minute.
const ARCHIVED: Duration = Duration::from_secs(180);
/// A workbook's blob is named by the SHA-256 of its bytes.
const CONTENT: &str = "hello";
const HASH: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A database with a user and a workbook, and a place for its backups.
struct Environment {
    database: String,
    folder: Folder,
    variables: Vec<(&'static str, String)>,
    _front: TlsFront,
    _backups: S3Server,
}

impl Environment {
    fn new(database: String) -> Environment {
        let backups = S3Server::start("backups");
        let front = TlsFront::to(backups.port());
        let folder = Folder::new("backups");
        // Servers of Postgres run as another user, which has to reach theirs.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let identity = Identity::generate();
        let variables = vec![
            ("SSL_CERT_FILE", front.certificate().display().to_string()),
            ("FERMIAC_BLOBS_URL", folder.path().join("blobs").display().to_string()),
            ("FERMIAC_BACKUP_URL", "s3://backups/dumps".to_owned()),
            ("FERMIAC_BACKUP_ENDPOINT", front.endpoint()),
            ("FERMIAC_BACKUP_PATH_STYLE", "true".to_owned()),
            ("FERMIAC_BACKUP_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("FERMIAC_BACKUP_SECRET_KEY", SECRET_KEY.to_owned()),
            ("FERMIAC_BACKUP_RECIPIENT", identity.recipient().to_string()),
            ("FERMIAC_BACKUP_IDENTITY", identity.secret().expose().to_owned()),
            ("FERMIAC_BACKUP_SCRATCH", folder.path().display().to_string()),
        ];
        Environment { database, folder, variables, _front: front, _backups: backups }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermiac"));
        command.args(arguments).args(["--env", "testing"]).current_dir(self.folder.path());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("DATABASE_URL", &self.database);
        command
    }

    fn done(&self, arguments: &[&str]) -> String {
        succeeded(self.command(arguments).output().unwrap())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// After a disaster: neither the database nor its blobs are there to be asked.
    fn restored(&self, arguments: &[&str], blobs: &str) -> Value {
        let mut command = self.command(&[arguments, &["--json"]].concat());
        command.env_remove("DATABASE_URL").env("FERMIAC_BLOBS_URL", self.folder.path().join(blobs));
        serde_json::from_str(&succeeded(command.output().unwrap())).unwrap()
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stderr).unwrap()
    }

    fn scratch_servers(&self) -> usize {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        entries.filter(|name| name.to_string_lossy().starts_with("fermiac-scratch-")).count()
    }
}

fn succeeded(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn names(server: &PostgresServer, database: &str) -> String {
    server.sql(database, "select string_agg(name, ' ' order by name) from users")
}

#[test]
fn a_backup_is_taken_listed_verified_rehearsed_and_restored_by_commands() {
    let server = PostgresServer::shared();
    let url = server.create_database();
    let (address, name) = url.rsplit_once('/').unwrap();
    let environment = Environment::new(url.clone());
    environment.done(&["migrate"]);
    environment.done(&["users", "add", "ada"]);
    let workbooks = environment.folder.path().join("blobs/workbooks");
    fs::create_dir_all(&workbooks).unwrap();
    fs::write(workbooks.join(HASH), CONTENT).unwrap();
    let workbook = format!(
        "insert into workbooks select gen_random_uuid(), id, 'model.xlsx', '{HASH}', 5, 1, 0, now() from users"
    );
    server.sql(name, &workbook);
    let taken = environment.json(&["backup", "now"]);
    let label = taken["label"].as_str().unwrap();
    assert_eq!((&taken["is_verified"], &taken["blobs"]), (&Value::Bool(true), &Value::from(1)));
    let listed = environment.json(&["backup", "list"]);
    assert_eq!((listed[0]["label"].as_str(), listed[0]["state"].as_str()), (Some(label), Some("verified")));
    assert!(environment.done(&["backup", "list"]).contains(label));
    let verified = environment.json(&["backup", "verify", label, "--all"]);
    assert_eq!(verified["opened"], 3, "the dump, the settings and the workbook");
    environment.done(&["users", "add", "bob"]);
    let rehearsed = environment.restored(&["restore", "--to", "latest", "--rehearse"], "none");
    assert_eq!(rehearsed["label"], label);
    let checks: Vec<&str> =
        rehearsed["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert!(checks.contains(&"amcheck") && checks.contains(&"rows_and_digests"), "{checks:?}");
    assert_eq!(environment.scratch_servers(), 0);
    let empty = server.create_database();
    let restored = environment.restored(&["restore", "--to", label, "--into", &empty, "--blobs"], "again");
    assert_eq!((&restored["label"], &restored["blobs_brought"]), (&taken["label"], &Value::from(1)));
    assert_eq!(names(server, empty.rsplit('/').next().unwrap()), "ada");
    assert_eq!(names(server, name), "ada bob");
    let brought = environment.folder.path().join("again/workbooks").join(HASH);
    assert_eq!(fs::read_to_string(brought).unwrap(), CONTENT);
    let message = environment.refused(&["restore", "--to", "latest", "--into", &url]);
    assert!(message.contains("give an empty one"), "{message}");
    let with_password = format!("{}/x", address.replace("postgres@", "postgres:secret@"));
    let message = environment.refused(&["restore", "--to", "latest", "--into", &with_password]);
    assert!(message.contains("a password does not stand among the arguments"), "{message}");
    assert!(!message.contains("secret@"));
}

#[test]
fn a_data_directory_that_is_destroyed_comes_back_as_it_was_at_an_instant_by_one_command() {
    let pgbackrest = Folder::new("pgbackrest");
    fs::set_permissions(pgbackrest.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let mut server = archiving_server(&pgbackrest);
    let mut environment = Environment::new(server.create_database());
    let name = environment.database.rsplit('/').next().unwrap().to_owned();
    let cluster = pgbackrest_variables(&server, &environment._front, &pgbackrest);
    environment.variables.extend(cluster);
    environment.done(&["migrate"]);
    environment.done(&["users", "add", "ada"]);
    let taken = environment.json(&["backup", "now"]);
    assert_eq!(taken["is_verified"], true);
    environment.done(&["users", "add", "bob"]);
    let instant = server.sql(&name, "select to_json(clock_timestamp())").trim_matches('"').to_owned();
    environment.done(&["users", "add", "disaster"]);
    archive_all(&server, &name);
    let data: PathBuf = server.data();
    let to = |data: &PathBuf| {
        ["restore", "--to", &instant, "--cluster", data.to_str().unwrap()].map(str::to_owned)
    };
    let words = to(&data);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let message = environment.refused(&words);
    assert!(message.contains("is not empty"), "{message}");
    server.kill();
    fs::remove_dir_all(&data).unwrap();
    let restored = environment.restored(&words, "none");
    assert_eq!(restored["label"], taken["label"]);
    server.start_again();
    wait_until("the server has gone through its log", SOON, || {
        server.sql(&name, "select pg_is_in_recovery()") == "f"
    });
    assert_eq!(names(&server, &name), "ada bob");
    // While its archive is there: an archiver that finds none would outlive the test.
    server.stop();
}

/// Closes the segment of the log that is written to, and waits until it is in the archive.
fn archive_all(server: &PostgresServer, database: &str) {
    let segment = server.sql(database, "select pg_walfile_name(pg_current_wal_insert_lsn())");
    server.sql(database, "select pg_switch_wal()");
    wait_until("the segment is archived", ARCHIVED, || {
        server.sql(database, "select coalesce(last_archived_wal, '') from pg_stat_archiver") >= segment
    });
}
