//! `fermiac dr`: a server of Postgres is destroyed, and the service comes back in another database.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use fermiac_harness::{
    ACCESS_KEY, Durability, Folder, PostgresServer, Process, RedisOptions, RedisServer, S3Server, SECRET_KEY,
    free_port, wait_until,
};
use fermiac_maintenance::vault::Identity;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(120);
const STEPS: [&str; 7] = ["assess", "activate", "restore", "verify", "switch", "monitor", "document"];

/// An environment with a place for its backups. Which database is its own is said each time.
struct Environment {
    redis: RedisServer,
    backups: S3Server,
    folder: Folder,
    identity: Identity,
    port: u16,
}

impl Environment {
    fn new() -> Environment {
        Environment {
            redis: RedisServer::start(RedisOptions::default()),
            backups: S3Server::start("backups"),
            folder: Folder::new("disaster"),
            identity: Identity::generate(),
            port: free_port(),
        }
    }

    fn words(&self, database: &str, arguments: &[&str]) -> Vec<String> {
        let blobs = self.folder.path().join("blobs").display().to_string();
        let (redis, endpoint) = (self.redis.url(), self.backups.endpoint());
        let recipient = self.identity.recipient().to_string();
        let listen = format!("127.0.0.1:{}", self.port);
        let identity = self.identity.secret();
        let variables = [
            ("DATABASE_URL", database),
            ("REDIS_URL", &redis),
            ("FERMIAC_BLOBS_URL", &blobs),
            ("FERMIAC_HTTP_LISTEN", &listen),
            ("FERMIAC_BACKUP_URL", "s3://backups/dumps"),
            ("FERMIAC_BACKUP_ENDPOINT", &endpoint),
            ("FERMIAC_BACKUP_PATH_STYLE", "true"),
            ("FERMIAC_BACKUP_ACCESS_KEY", ACCESS_KEY),
            ("FERMIAC_BACKUP_SECRET_KEY", SECRET_KEY),
            ("FERMIAC_BACKUP_RECIPIENT", &recipient),
            ("FERMIAC_BACKUP_IDENTITY", identity.expose()),
        ];
        let variables = variables.map(|(name, value)| format!("{name}={value}"));
        let words = [env!("CARGO_BIN_EXE_fermiac")].into_iter().chain(arguments.iter().copied());
        let words = words.chain(["--env", "testing"]).map(str::to_owned);
        variables.into_iter().chain(words).collect()
    }

    fn run(&self, database: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("/usr/bin/env");
        command.args(self.words(database, arguments)).current_dir(self.folder.path()).output().unwrap()
    }

    fn done(&self, database: &str, arguments: &[&str]) -> String {
        let output = self.run(database, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn failed(&self, database: &str, arguments: &[&str]) -> String {
        let output = self.run(database, arguments);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    }

    fn role(&self, database: &str, role: &str) -> Process {
        let log = self.folder.path().join(format!("{role}.log"));
        Process::start(Path::new("/usr/bin/env"), &self.words(database, &[role]), None, &log)
    }

    fn journal(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("dr.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn done_steps(journal: &[Value]) -> Vec<&str> {
    let done = journal.iter().filter(|entry| entry["event"] == "done");
    done.map(|entry| entry["step"].as_str().unwrap()).collect()
}

#[test]
fn a_destroyed_database_comes_back_in_another_one_step_by_step() {
    let environment = Environment::new();
    let lost_server = PostgresServer::start(Durability::Unsynced);
    let lost = lost_server.create_database();
    environment.done(&lost, &["migrate"]);
    environment.done(&lost, &["users", "add", "ada"]);
    environment.done(&lost, &["read-only", "on", "--reason", "a storm"]);
    let taken: Value = serde_json::from_str(&environment.done(&lost, &["backup", "now", "--json"])).unwrap();
    drop(lost_server);

    let new = PostgresServer::shared().create_database();
    let begin = ["dr", "--journal", "dr.jsonl", "--into", &new, "--wait", "0"];
    let stopped = environment.failed(&lost, &begin);
    assert!(stopped.contains("monitor:") && stopped.contains("api_health"), "{stopped}");
    let journal = environment.journal();
    assert_eq!(done_steps(&journal), STEPS[..5]);
    let found = |step: &str| {
        let is_it = |entry: &&Value| entry["event"] == "done" && entry["step"] == step;
        journal.iter().find(is_it).unwrap()["found"].clone()
    };
    let assessed = found("assess");
    assert_eq!((&assessed["label"], &assessed["redis"]), (&taken["label"], &json!("answers")));
    assert_ne!(assessed["database"], "answers");
    let switched = found("switch");
    assert_eq!(
        (&switched["was_read_only"], &switched["repoint"]["DATABASE_URL"]),
        (&json!(true), &json!(new))
    );

    let (_api, _worker) = (environment.role(&new, "api"), environment.role(&new, "worker"));
    wait_until("the API is ready", SOON, || {
        ureq::get(format!("http://127.0.0.1:{}/ready", environment.port)).call().is_ok()
    });
    let report = environment.done(&lost, &["dr", "--journal", "dr.jsonl", "--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(done_steps(&environment.journal()), STEPS);
    let attempts: Vec<u64> =
        report["steps"].as_array().unwrap().iter().map(|step| step["attempts"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 1, 1, 1, 1, 2, 1], "what ended well is not done again");
    assert_eq!(
        (&report["recovery"]["is_met"], &report["lost"]["is_met"]),
        (&json!(true), &json!(true)),
        "{report:#}"
    );
    assert_eq!(report["recovery"]["goal_ms"], 4 * 3_600_000);
    let page = std::fs::read_to_string(environment.folder.path().join("dr.jsonl.report.md")).unwrap();
    assert!(page.contains("# Recovery of testing") && page.contains("within the 14400.0 s"), "{page}");
    let users = environment.done(&new, &["users", "list"]);
    assert!(users.contains("ada"), "{users}");
    let audit = environment.done(&new, &["audit", "list"]);
    assert!(audit.contains("database.restored") && audit.contains("service.writable"), "{audit}");
    assert!(environment.done(&lost, &["dr", "--journal", "dr.jsonl"]).contains("recovery time:"));
}

#[test]
fn a_database_that_still_takes_what_is_written_is_not_left_behind() {
    let environment = Environment::new();
    let lost = PostgresServer::shared().create_database();
    let new = PostgresServer::shared().create_database();
    environment.done(&lost, &["migrate"]);
    environment.done(&lost, &["backup", "now"]);
    let begin = ["dr", "--journal", "dr.jsonl", "--into", &new, "--wait", "0"];
    let stopped = environment.failed(&lost, &begin);
    assert!(stopped.contains("assess:") && stopped.contains("fermiac read-only on"), "{stopped}");
    environment.done(&lost, &["read-only", "on", "--reason", "a storm"]);
    let go_on = ["dr", "--journal", "dr.jsonl", "--wait", "0"];
    let stopped = environment.failed(&lost, &go_on);
    assert!(stopped.contains("assess:") && stopped.contains("was written to after"), "{stopped}");
    environment.done(&lost, &["backup", "now"]);
    let stopped = environment.failed(&lost, &go_on);
    assert!(stopped.contains("monitor:"), "{stopped}");
    assert_eq!(done_steps(&environment.journal()), STEPS[..5]);
    let other = environment.run(&lost, &["dr", "--journal", "dr.jsonl", "--into", &lost]);
    assert_eq!(other.status.code(), Some(2), "a journal is of one recovery");
}

#[test]
fn a_place_to_restore_to_that_is_not_empty_stops_the_recovery() {
    let environment = Environment::new();
    let source = PostgresServer::shared().create_database();
    environment.done(&source, &["migrate"]);
    environment.done(&source, &["backup", "now"]);
    let gone = "postgres://nobody@127.0.0.1:1/gone";
    let output = environment.run(gone, &["dr", "--journal", "dr.jsonl", "--into", &source]);
    assert_eq!(output.status.code(), Some(2));
    let stopped = String::from_utf8(output.stderr).unwrap();
    assert!(stopped.contains("activate:") && stopped.contains("give an empty one"), "{stopped}");
}
