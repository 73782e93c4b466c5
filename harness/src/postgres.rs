//! A Postgres server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, geteuid};

use crate::deadline::wait_until;
use crate::folder::Folder;
use crate::port::free_port;
use crate::process::{Process, program};

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);

/// Whether a commit is on disk when it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It is, as in production.
    Synced,
    /// It need not be: quicker, for tests that kill nothing and measure nothing.
    Unsynced,
}

/// A Postgres server. Whoever connects from this machine is let in as `postgres`.
#[derive(Debug)]
pub struct PostgresServer {
    // Dropped before the folder that it writes to.
    process: Process,
    folder: Folder,
    port: u16,
    durability: Durability,
    settings: Vec<String>,
    databases: AtomicU32,
}

impl PostgresServer {
    /// One server for all tests of a binary, each with a database of its own.
    #[must_use]
    pub fn shared() -> &'static PostgresServer {
        static SHARED: LazyLock<PostgresServer> =
            LazyLock::new(|| PostgresServer::start(Durability::Unsynced));
        &SHARED
    }

    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// When Postgres is not installed or does not start.
    #[must_use]
    pub fn start(durability: Durability) -> Self {
        Self::start_with(durability, &[])
    }

    /// The same, with more settings, each as `name=value`.
    ///
    /// # Panics
    /// When Postgres is not installed or does not start.
    #[must_use]
    pub fn start_with(durability: Durability, settings: &[&str]) -> Self {
        let folder = Folder::new("postgres");
        make_cluster(&folder);
        let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        for _ in 0..5 {
            let port = free_port();
            if let Some(process) = launch(&folder, port, durability, &settings) {
                let databases = AtomicU32::new(0);
                return PostgresServer { process, folder, port, durability, settings, databases };
            }
        }
        panic!("postgres found its port taken five times");
    }

    /// Where a database of it is, for clients.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_through(self.port, database)
    }

    /// The same, by way of a proxy on another port.
    #[must_use]
    pub fn url_through(&self, port: u16, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{database}")
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        data(&self.folder)
    }

    /// The folder of its socket, for clients that use no port.
    #[must_use]
    pub fn socket(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty database and says where it is.
    #[must_use]
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// Runs statements with `psql` and gives their rows, columns parted by `|`.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut command = Command::new(binary("psql"));
        command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]);
        command.args(["--dbname", &self.url(database), "--command", statements]);
        let output = command.output().expect("psql starts");
        assert!(output.status.success(), "{statements}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Shuts it down in order: clients are cut, data is written out.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(&mut self) {
        self.process.signal(Signal::INT);
        wait_until("postgres shuts down", STOP, || self.process.ended().is_some());
    }

    /// Starts it again where it was, once the processes of its connections are gone.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_again(&mut self) {
        self.process.kill();
        wait_until("postgres starts where it was", START, || {
            let again = launch(&self.folder, self.port, self.durability, &self.settings);
            again.map(|process| self.process = process).is_some()
        });
    }

    /// Ends it with SIGKILL; the processes of its connections notice and end too.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops its main process with SIGSTOP: nobody gets in any more, while connections that stand still work.
    pub fn pause(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}

/// Postgres refuses to run as root; Debian's package brings a user for it.
fn user() -> Option<&'static str> {
    geteuid().is_root().then_some("postgres")
}

fn make_cluster(folder: &Folder) {
    if let Some(user) = user() {
        let status = Command::new("chown").arg(user).arg(folder.path()).status().expect("chown starts");
        assert!(status.success(), "there is no user 'postgres' to run as: apt-get install postgresql");
    }
    let data = data(folder).display().to_string();
    let words = ["--pgdata", &data, "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"];
    let words = words.iter().chain(&["--locale", "C", "--no-sync", "--no-instructions"]);
    let arguments: Vec<String> = words.map(ToString::to_string).collect();
    let mut process =
        Process::start(&binary("initdb"), &arguments, user(), &folder.path().join("initdb.log"));
    let mut status = None;
    wait_until("initdb ends", START, || {
        status = process.ended();
        status.is_some()
    });
    assert!(status.is_some_and(|status| status.success()), "initdb:\n{}", process.log());
}

/// Nothing, if another process has the port, or processes of a killed server have its memory.
fn launch(folder: &Folder, port: u16, durability: Durability, settings: &[String]) -> Option<Process> {
    let log = folder.path().join("log");
    let (mut process, started) = (
        Process::start(&binary("postgres"), &arguments(folder, port, durability, settings), user(), &log),
        Instant::now(),
    );
    loop {
        if process.ended().is_some() {
            let log = process.log();
            let passing = ["Address already in use", "is still in use"];
            assert!(passing.iter().any(|words| log.contains(words)), "postgres does not start:\n{log}");
            return None;
        }
        if is_ready(folder, process.id()) {
            return Some(process);
        }
        assert!(started.elapsed() < START, "postgres does not get ready:\n{}", process.log());
        thread::sleep(Duration::from_millis(5));
    }
}

/// The first line of its file says who wrote it, the eighth how far it is.
fn is_ready(folder: &Folder, id: u32) -> bool {
    let state = fs::read_to_string(data(folder).join("postmaster.pid")).unwrap_or_default();
    let mut lines = state.lines().map(str::trim);
    lines.next() == Some(id.to_string().as_str()) && lines.nth(6) == Some("ready")
}

fn arguments(folder: &Folder, port: u16, durability: Durability, more: &[String]) -> Vec<String> {
    let switch = match durability {
        Durability::Synced => "on",
        Durability::Unsynced => "off",
    };
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.path().display()),
        "max_connections=200".to_owned(),
        format!("port={port}"),
        format!("fsync={switch}"),
        format!("synchronous_commit={switch}"),
        format!("full_page_writes={switch}"),
    ];
    let mut words = vec!["-D".to_owned(), data(folder).display().to_string()];
    let settings = settings.into_iter().chain(more.iter().cloned());
    words.extend(settings.flat_map(|setting| ["-c".to_owned(), setting]));
    words
}

fn data(folder: &Folder) -> PathBuf {
    folder.path().join("data")
}

/// Debian keeps the server's programs out of PATH, in a folder for each version; the newest is taken.
fn binary(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.filter_map(|entry| Some((version(&entry.path())?, entry.path()))).max();
    let in_folder = newest.map(|(_, path)| path.join("bin").join(name)).filter(|path| path.is_file());
    in_folder.unwrap_or_else(|| program(name, "postgresql"))
}
