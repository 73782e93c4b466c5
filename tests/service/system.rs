//! An API and a worker in processes of their own, over real servers.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use fermiac_harness::{
    ACCESS_KEY, Folder, PostgresServer, Process, RedisOptions, RedisServer, S3Server, SECRET_KEY, Signal,
    free_port, wait_until,
};

/// Where the blobs are.
pub const BUCKET: &str = "system";
/// Far beyond what anything here takes: it is there so that a test ends.
const DEADLINE: Duration = Duration::from_secs(120);

/// A system of the environment `testing`, with a synthetic user. It ends with the test.
pub struct System {
    worker: Process,
    _api: Process,
    pub redis: RedisServer,
    pub storage: S3Server,
    pub api_port: u16,
    pub worker_port: u16,
    database: String,
    variables: Vec<String>,
    folder: Folder,
}

impl System {
    pub fn start() -> System {
        let url = PostgresServer::shared().create_database();
        let (redis, storage) = (RedisServer::start(RedisOptions::default()), S3Server::start(BUCKET));
        let (folder, api_port, worker_port) = (Folder::new("system"), free_port(), free_port());
        std::fs::write(folder.path().join("testing.toml"), PROFILE).unwrap();
        let given = |name: &str, value: &str| format!("{name}={value}");
        let mut variables = vec![
            given("DATABASE_URL", &url),
            given("REDIS_URL", &redis.url()),
            given("FERMIAC_BLOBS_URL", &format!("s3://{BUCKET}")),
            given("FERMIAC_BLOBS_ENDPOINT", &storage.endpoint()),
            given("FERMIAC_BLOBS_PATH_STYLE", "true"),
            given("FERMIAC_BLOBS_ACCESS_KEY", ACCESS_KEY),
            given("FERMIAC_BLOBS_SECRET_KEY", SECRET_KEY),
            given("FERMIAC_HTTP_LISTEN", &format!("127.0.0.1:{api_port}")),
            given("FERMIAC_WORKER_LISTEN", &format!("127.0.0.1:{worker_port}")),
        ];
        let folder_name = folder.path().display().to_string();
        run(&variables, &["migrate", "--env", "testing"]);
        let add = ["users", "add", "smoke", "--synthetic", "--env", "testing"];
        variables.push(given("FERMIAC_SMOKE_API_KEY", said(&run(&variables, &add)).trim()));
        let role = |role: &str| {
            let words =
                [env!("CARGO_BIN_EXE_fermiac"), role, "--env", "testing", "--environments", &folder_name];
            let arguments: Vec<String> = variables.iter().cloned().chain(words.map(str::to_owned)).collect();
            Process::start(
                Path::new("/usr/bin/env"),
                &arguments,
                None,
                &folder.path().join(format!("{role}.log")),
            )
        };
        let (api, worker) = (role("api"), role("worker"));
        let database = url.rsplit('/').next().unwrap().to_owned();
        let system =
            System { worker, _api: api, redis, storage, api_port, worker_port, database, variables, folder };
        wait_until("the API is ready", DEADLINE, || page(api_port, "/ready").is_some());
        system.await_row("a worker is alive", "select count(*) from workers");
        system
    }

    /// What `fermiac` does with these arguments, and these variables above those of the system.
    pub fn fermiac(&self, arguments: &[&str], variables: &[&str]) -> Output {
        let more = variables.iter().map(|variable| (*variable).to_owned());
        let variables: Vec<String> = self.variables.iter().cloned().chain(more).collect();
        let folder = self.folder.path().display().to_string();
        run(&variables, &[arguments, &["--env", "testing", "--environments", &folder]].concat())
    }

    /// The key of its synthetic user.
    pub fn key(&self) -> &str {
        let prefix = "FERMIAC_SMOKE_API_KEY=";
        self.variables.iter().find_map(|variable| variable.strip_prefix(prefix)).unwrap()
    }

    /// Runs statements in its database.
    pub fn sql(&self, statements: &str) -> String {
        PostgresServer::shared().sql(&self.database, statements)
    }

    /// Waits until a count is above 0.
    pub fn await_row(&self, what: &str, count: &str) {
        wait_until(what, DEADLINE, || self.sql(count) != "0");
    }

    /// The page of figures of the worker.
    pub fn figures_of_worker(&self) -> String {
        page(self.worker_port, "/metrics").unwrap()
    }

    pub fn log_of_worker(&self) -> String {
        self.worker.log()
    }

    /// Ends the worker in good order.
    pub fn stop_worker(&mut self) {
        self.worker.signal(Signal::TERM);
        wait_until("the worker ends", DEADLINE, || self.worker.ended().is_some());
    }
}

/// The worker takes simulations too, in the one slot that it has.
const PROFILE: &str = r#"
[worker]
labels = ["cpu", "maintenance"]
slots = 1

[log]
level = "info"
format = "json"

[[schedules]]
name = "smoke"
kind = "smoke_test"
cron = "0 0 1 1 *"
arguments = { suite = "non_intrusive" }
"#;

fn run(variables: &[String], words: &[&str]) -> Output {
    let mut command = Command::new("/usr/bin/env");
    command.args(variables).arg(env!("CARGO_BIN_EXE_fermiac")).args(words).output().unwrap()
}

fn said(output: &Output) -> &str {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::str::from_utf8(&output.stdout).unwrap()
}

fn page(port: u16, path: &str) -> Option<String> {
    let answer = ureq::get(format!("http://127.0.0.1:{port}{path}")).call().ok()?;
    answer.into_body().read_to_string().ok()
}
