//! Servers, schema, a user, an API: what every test needs before it starts workers and schedulers.

use std::cell::Cell;
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fermiac_harness::{
    ACCESS_KEY, Durability, Folder, PostgresServer, RedisOptions, RedisServer, S3Server, SECRET_KEY,
    free_port, wait_until,
};

use crate::client::Client;
use crate::database::Database;
use crate::load::{self, Accepted};
use crate::role::Role;
use crate::turn::Turn;

/// Where the blobs are.
pub const BUCKET: &str = "fleet";
/// A process is up within this time, on a machine that is busy with other things too.
const START: Duration = Duration::from_secs(60);
/// Far beyond what the work of a test takes.
const WORK: Duration = Duration::from_secs(180);

/// A fleet without workers and schedulers. Everything of it ends with the value.
pub struct Fleet {
    _api: Role,
    pub client: Client,
    pub database: Database,
    pub redis: RedisServer,
    pub storage: S3Server,
    /// A server of its own, for tests that harm it.
    pub postgres: Option<PostgresServer>,
    variables: Vec<String>,
    /// How many roles were started, for the names of their logs.
    roles: Cell<usize>,
    folder: Folder,
    _turn: Turn,
}

impl Fleet {
    /// Over a Postgres that other tests use too.
    pub fn start() -> Fleet {
        Fleet::over(None, &PostgresServer::shared().create_database())
    }

    /// Over a Postgres that may be harmed.
    pub fn with_own_postgres() -> Fleet {
        let postgres = PostgresServer::start(Durability::Synced);
        let url = postgres.create_database();
        Fleet::over(Some(postgres), &url)
    }

    fn over(postgres: Option<PostgresServer>, database_url: &str) -> Fleet {
        let turn = Turn::take();
        let (redis, storage) = (RedisServer::start(RedisOptions::default()), S3Server::start(BUCKET));
        let (folder, port) = (Folder::new("fleet"), free_port());
        let variables = variables(database_url, &redis, &storage);
        run(&variables, &["migrate"]);
        let key = run(&variables, &["users", "add", "tester"]);
        let database = Database::at(database_url);
        database.keep_journal();
        let listen = format!("FERMIAC_HTTP_LISTEN=127.0.0.1:{port}");
        let with_listen = [variables.as_slice(), &[listen]].concat();
        let api = Role::start(&["api"], &with_listen, &folder.path().join("api.log"));
        let client = Client::new(port, key.trim());
        wait_until("the API is ready", START, || client.is_ready());
        let roles = Cell::new(0);
        Fleet { _api: api, client, database, redis, storage, postgres, variables, roles, folder, _turn: turn }
    }

    /// Starts a worker and waits until it listens.
    pub fn worker(&self) -> Role {
        self.worker_with(&[])
    }

    /// Starts a worker with more settings, each as `NAME=value`.
    pub fn worker_with(&self, settings: &[&str]) -> Role {
        let mut worker = self.role("worker", settings);
        worker.await_message("worker begins");
        worker
    }

    /// Starts a scheduler, and waits until it leads or another does.
    pub fn scheduler(&self) -> Role {
        self.scheduler_with(&[])
    }

    /// The same, with more settings, each as `NAME=value`.
    pub fn scheduler_with(&self, settings: &[&str]) -> Role {
        let scheduler = self.role("scheduler", settings);
        self.database.wait_until("a scheduler leads", START, "select count(*) > 0 from leaderships");
        scheduler
    }

    /// Starts a role with more settings, each as `NAME=value`.
    pub fn role(&self, role: &str, settings: &[&str]) -> Role {
        let number = self.roles.get();
        self.roles.set(number + 1);
        let own = settings.iter().map(|setting| (*setting).to_owned());
        let variables: Vec<String> = self.variables.iter().cloned().chain(own).collect();
        Role::start(&[role], &variables, &self.folder.path().join(format!("{role}-{number}.log")))
    }

    /// What `fermiac` prints with these arguments.
    pub fn fermiac(&self, arguments: &[&str]) -> String {
        run(&self.variables, arguments)
    }

    /// Submits simulations, and gives them once all are accepted.
    pub fn submit(&self, count: usize) -> Vec<Accepted> {
        load::submit(&self.client, count)
    }

    /// The same, beside what the test does meanwhile.
    pub fn begin_to_submit(&self, count: usize) -> JoinHandle<Vec<Accepted>> {
        let client = self.client.clone();
        thread::spawn(move || load::submit(&client, count))
    }

    /// Waits until so many jobs are over.
    pub fn await_ended(&self, count: usize) {
        let query = format!("select count(*) >= {count} from jobs where finished_at is not null");
        self.database.wait_until(&format!("{count} jobs are over"), WORK, &query);
    }

    /// Waits until no job is left.
    pub fn await_all_ended(&self) {
        self.database.wait_until(
            "all jobs are over",
            WORK,
            "select count(*) = 0 from jobs where finished_at is null",
        );
    }
}

fn variables(database_url: &str, redis: &RedisServer, storage: &S3Server) -> Vec<String> {
    [
        ("ENVIRONMENT", "testing"),
        ("DATABASE_URL", database_url),
        ("FERMIAC_DATABASE_MAX_CONNECTIONS", "6"),
        ("REDIS_URL", &redis.url()),
        ("FERMIAC_BLOBS_URL", &format!("s3://{BUCKET}")),
        ("FERMIAC_BLOBS_ENDPOINT", &storage.endpoint()),
        ("FERMIAC_BLOBS_PATH_STYLE", "true"),
        ("FERMIAC_BLOBS_ACCESS_KEY", ACCESS_KEY),
        ("FERMIAC_BLOBS_SECRET_KEY", SECRET_KEY),
        ("FERMIAC_WORKER_SLOTS", "2"),
        ("FERMIAC_WORKER_THREADS", "2"),
    ]
    .into_iter()
    .map(|(name, value)| format!("{name}={value}"))
    .collect()
}

/// Runs a command to its end, and gives what it printed.
fn run(variables: &[String], words: &[&str]) -> String {
    let mut command = Command::new("/usr/bin/env");
    let output = command.args(variables).arg(env!("CARGO_BIN_EXE_fermiac")).args(words).output();
    let output = output.expect("the binary was built for this test");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the program prints UTF-8")
}
