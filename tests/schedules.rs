//! `fermiac schedules` from outside: what it lists, what it does by hand, and that a fleet then does the work.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::Connection;
use uuid::Uuid;

/// Far beyond what anything here takes: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The window opens once in four years, and never in the hour of a test that runs on the day before.
const PROFILE: &str = r#"
[worker]
labels = ["cpu", "maintenance"]
[queue]
url = "in-process:"
[log]
level = "warning"
[[maintenance_windows]]
name = "leap_day"
opens = "0 12 29 2 *"
length = "1m"
[[schedules]]
name = "cleanup"
kind = "retention"
cron = "0 0 * * *"
arguments = { results_days = 7 }
[[schedules]]
name = "evening"
kind = "scale"
cron = "0 20 * * *"
arguments = { workers = 0, label = "gpu" }
[[schedules]]
name = "resources"
kind = "resource_watch"
cron = "0 0 1 1 *"
"#;

/// An environment in a folder of its own; it ends with the test.
struct Environment {
    folder: PathBuf,
    fleet: Option<Child>,
}

impl Environment {
    fn new(name: &str) -> Environment {
        let folder = std::env::temp_dir().join(format!("fermiac-schedules-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("testing.toml"), PROFILE).unwrap();
        Environment { folder, fleet: None }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fermiac"));
        command.args(arguments).args(["--env", "testing", "--environments"]).arg(&self.folder);
        command.env("DATABASE_URL", "sqlite:test.db").current_dir(&self.folder);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Waits until the job of a schedule, by its place in the list, has succeeded.
    fn await_success(&self, place: usize, emitted: &Value) {
        let started = Instant::now();
        loop {
            let listed = self.json(&["schedules"]);
            let last = &listed["schedules"][place]["last_ticks"][0];
            assert_eq!(last["job"], emitted["job"]);
            if last["state"] == "succeeded" {
                return;
            }
            assert_ne!(last["state"], "failed", "{last}");
            assert!(started.elapsed() < DEADLINE, "{last}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the smoke test that follows a job has succeeded: there is one, in the basic suite of this environment.
    fn await_smoke_test_after(&self, emitted: &Value) {
        let job: Uuid = emitted["job"].as_str().unwrap().parse().unwrap();
        let test = Uuid::new_v5(&job, b"smoke_test").to_string();
        let started = Instant::now();
        loop {
            let tests = self.json(&["jobs", "list", "--kind", "smoke_test"]);
            let [only] = tests.as_array().unwrap().as_slice() else { panic!("one smoke test: {tests}") };
            assert_eq!(only["id"], test.as_str());
            if only["state"] == "succeeded" {
                return;
            }
            assert_ne!(only["state"], "failed", "{only}");
            assert!(started.elapsed() < DEADLINE, "{only}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn knows(&self, emitted: &Value) -> bool {
        self.run(&["jobs", "show", emitted["job"].as_str().unwrap()]).status.success()
    }

    /// All jobs that ended did so so many days earlier.
    fn age_jobs(&self, days: u32) {
        let url = format!("sqlite:{}", self.folder.join("test.db").display());
        let statement = format!("update jobs set finished_at = finished_at - {days} * 86400000");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut database = sqlx::SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut database).await.unwrap();
            database.close().await.unwrap();
        });
    }

    /// Every role in one process.
    fn start_fleet(&mut self) {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = self.command(&["dev"]);
        command.env("FERMIAC_HTTP_LISTEN", format!("127.0.0.1:{port}")).stderr(Stdio::null());
        self.fleet = Some(command.spawn().unwrap());
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if let Some(fleet) = &mut self.fleet {
            let _ = fleet.kill();
            let _ = fleet.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn schedules_are_listed_with_their_next_and_last_ticks() {
    let environment = Environment::new("listed");
    let migrated = environment.run(&["migrate"]);
    assert!(migrated.status.success());
    let told = String::from_utf8(migrated.stdout).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.contains(": applied on 2") && last.ends_with(" UTC"), "{told}");
    environment.json(&["schedules", "run", "evening"]);
    let listed = environment.json(&["schedules"]);
    assert_eq!(listed["environment"], "testing");
    let names: Vec<&str> =
        listed["schedules"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cleanup", "evening", "resources"]);
    let [cleanup, evening, resources] = [0, 1, 2].map(|place| &listed["schedules"][place]);
    assert!(cleanup["next_start"].as_str().unwrap().ends_with("-02-29T12:00:00Z"), "{cleanup}");
    assert!(resources["next_tick"].as_str().unwrap().ends_with("-01-01T00:00:00Z"), "{resources}");
    assert_eq!(evening["last_ticks"][0]["fate"], "by_hand");
    assert_eq!(evening["last_ticks"][0]["job"], Value::Null);
    assert_eq!(listed["windows"][0]["length"], "1m");
    assert_eq!(listed["desired_workers"][0]["label"], "gpu");
    assert_eq!(listed["desired_workers"][0]["workers"], 0);
    let for_people = String::from_utf8(environment.run(&["schedules"]).stdout).unwrap();
    for words in ["cron (UTC)", "0 20 * * *", "by hand", "window leap_day", "desired workers of gpu: 0"] {
        assert!(for_people.contains(words), "{words}: {for_people}");
    }
}

#[test]
fn what_cannot_be_done_by_hand_says_why() {
    let environment = Environment::new("refused");
    let unmigrated = environment.run(&["schedules"]);
    assert_eq!(unmigrated.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unmigrated.stderr).contains("run `fermiac migrate`"));
    assert!(environment.run(&["migrate"]).status.success());
    let unknown = environment.run(&["schedules", "run", "backup"]);
    assert_eq!(unknown.status.code(), Some(2));
    let message = String::from_utf8(unknown.stderr).unwrap();
    assert!(message.contains("testing has cleanup, evening, resources"), "{message}");
    let closed = environment.run(&["schedules", "run", "cleanup"]);
    assert_eq!(closed.status.code(), Some(1));
    let message = String::from_utf8(closed.stderr).unwrap();
    assert!(message.contains("no maintenance window is open; the next is \"leap_day\" at"), "{message}");
    let emergency = environment.json(&["schedules", "run", "cleanup", "--outside-windows"]);
    let again = environment.run(&["schedules", "run", "cleanup", "--outside-windows"]);
    assert_eq!(again.status.code(), Some(1));
    let message = String::from_utf8(again.stderr).unwrap();
    assert!(message.contains(emergency["job"].as_str().unwrap()), "{message}");
}

#[test]
fn a_fleet_does_what_was_asked_for_by_hand() {
    let mut environment = Environment::new("fleet");
    assert!(environment.run(&["migrate"]).status.success());
    let emitted = environment.json(&["schedules", "run", "resources"]);
    environment.start_fleet();
    environment.await_success(2, &emitted);
}

#[test]
fn what_was_kept_long_enough_is_listed_by_a_dry_run_and_deleted_by_its_job() {
    let mut environment = Environment::new("retention");
    assert!(environment.run(&["migrate"]).status.success());
    let old = environment.json(&["schedules", "run", "resources"]);
    environment.start_fleet();
    environment.await_success(2, &old);
    environment.age_jobs(8);
    let young = environment.json(&["schedules", "run", "resources"]);
    environment.await_success(2, &young);
    let dry_run = environment.json(&["retention", "--dry-run"]);
    assert_eq!(dry_run["days"]["results_days"], 7);
    assert_eq!(dry_run["classes"]["jobs"]["count"], 1, "{dry_run}");
    assert_eq!((&dry_run["going"][0]["id"], &dry_run["going"][1]), (&old["job"], &Value::Null));
    assert!(environment.knows(&old), "a dry run deletes nothing");
    let closed = environment.run(&["retention"]);
    assert_eq!(closed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&closed.stderr).contains("no maintenance window is open"));
    let cleanup = environment.json(&["schedules", "run", "cleanup", "--outside-windows"]);
    environment.await_success(0, &cleanup);
    assert!(!environment.knows(&old) && environment.knows(&young));
    environment.await_smoke_test_after(&cleanup);
    environment.age_jobs(8);
    let by_hand = environment.json(&["retention", "--outside-windows"]);
    assert_eq!(by_hand["classes"]["jobs"]["count"], 3, "{by_hand}");
    let nonsense = environment.run(&["retention", "--dry-run", "--results-days", "0"]);
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nonsense.stderr).contains("from 1 to 3660"));
}
