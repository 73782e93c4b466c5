//! A server of Postgres for one restore: in a folder of its own, reached by a socket in it, gone when it is dropped.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use fermiac_fleet::profile::SecretUrl;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use super::address::DatabaseAddress;
use super::programs::{installed, newest, of_version, output};
use crate::error::{MaintenanceError, Result};

/// Postgres refuses to run as root; its packages bring a user for it.
const SERVER_USER: &str = "postgres";
/// A restored server may have hours of log to go through.
const READY_WITHIN: Duration = Duration::from_secs(4 * 3600);
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What holds of every scratch server, whatever the settings of the one that it is a copy of. It must never write to
/// that one's archive, and it takes no connections before it has gone through the log.
const SETTINGS: [&str; 6] = [
    "listen_addresses=",
    "archive_mode=off",
    "hot_standby=off",
    "fsync=off",
    "ssl=off",
    "logging_collector=off",
];
/// Who reaches the socket is let in: its folder is open to the server's user alone.
const LET_IN: &str = "local all all trust\n";

/// The server. It ends when it is dropped, and when this process dies.
#[derive(Debug)]
pub struct Scratch {
    // Ended before its folder goes.
    server: Option<Server>,
    folder: TempDir,
}

impl Scratch {
    /// Makes an empty folder below `place` that the server's user owns.
    pub fn folder(place: &Path) -> Result<Scratch> {
        let disk = || MaintenanceError::disk(format!("a scratch server below {}", place.display()));
        let folder = tempfile::Builder::new().prefix("fermiac-scratch-").tempdir_in(place).map_err(disk())?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).map_err(disk())?;
        if geteuid().is_root() {
            let (user, group) = owner()?;
            chown(folder.path(), Some(user), Some(group)).map_err(disk())?;
        }
        Ok(Scratch { server: None, folder })
    }

    /// An empty server below `place`.
    pub fn empty(place: &Path) -> Result<Scratch> {
        let mut scratch = Scratch::folder(place)?;
        let mut command = as_server_user(&newest("initdb")?)?;
        command.arg("--pgdata").arg(scratch.data());
        command.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        command.args(["--no-sync", "--no-instructions"]);
        output(command)?;
        scratch.start()?;
        Ok(scratch)
    }

    /// The folder of its data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Its own folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it on the data that is there, and waits until it takes connections that write.
    pub fn start(&mut self) -> Result<()> {
        let version = fs::read_to_string(self.data().join("PG_VERSION"))
            .map_err(MaintenanceError::disk("the data of a scratch server"))?;
        let mut command = as_server_user(&of_version("postgres", version.trim())?)?;
        let (socket, let_in) = (self.folder.path().display(), self.folder.path().join("hba.conf"));
        fs::write(&let_in, LET_IN).map_err(MaintenanceError::disk("a scratch server"))?;
        command.arg("-D").arg(self.data());
        command.args(["-c", &format!("unix_socket_directories={socket}")]);
        command.args(["-c", &format!("hba_file={}", let_in.display())]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        let log = self.folder.path().join("log");
        let disk = || MaintenanceError::disk(log.display().to_string());
        let file = fs::File::create(&log).map_err(disk())?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(disk())?).stderr(file);
        let mut server = Server::start(command)?;
        server.await_ready(&self.data(), &log)?;
        self.server = Some(server);
        Ok(())
    }

    /// Where a database of it is.
    ///
    /// # Errors
    /// Never, unless the folder's name is no text.
    pub fn address(&self, database: &str) -> Result<DatabaseAddress> {
        let folder = self.folder.path().display();
        DatabaseAddress::of(&SecretUrl::new(format!(
            "postgres://postgres@localhost/{database}?host={folder}"
        )))
    }

    /// What it said last.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.server.take());
    }
}

/// A server's process, in the hands of a thread that lives as long as it does: the kernel ends it with that thread.
#[derive(Debug)]
struct Server {
    id: u32,
    ended: Mutex<mpsc::Receiver<()>>,
    thread: Option<thread::JoinHandle<()>>,
    has_ended: bool,
}

impl Server {
    fn start(mut command: Command) -> Result<Server> {
        let (tell, told) = mpsc::channel::<io::Result<u32>>();
        let (ending, ended) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut child: Child = match command.spawn() {
                Ok(child) => child,
                Err(error) => return drop(tell.send(Err(error))),
            };
            let _ = tell.send(Ok(child.id()));
            let _ = child.wait();
            let _ = ending.send(());
        });
        let started = told.recv().unwrap_or_else(|_| Err(io::Error::other("its thread ended")));
        let id = started.map_err(MaintenanceError::disk("a scratch server"))?;
        Ok(Server { id, ended: Mutex::new(ended), thread: Some(thread), has_ended: false })
    }

    /// The eighth line of its file says how far it is.
    fn await_ready(&mut self, data: &Path, log: &Path) -> Result<()> {
        let begun = Instant::now();
        loop {
            let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if state.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            let has_ended = self.has_ended_within(BETWEEN_LOOKS);
            if has_ended || begun.elapsed() > READY_WITHIN {
                let said = fs::read_to_string(log).unwrap_or_default();
                let end = said.char_indices().rev().nth(2_000).map_or(0, |(place, _)| place);
                return Err(MaintenanceError::Tool {
                    program: "postgres".to_owned(),
                    said: said[end..].to_owned(),
                });
            }
        }
    }

    fn has_ended_within(&mut self, wait: Duration) -> bool {
        if !self.has_ended {
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            self.has_ended = !matches!(ended.recv_timeout(wait), Err(mpsc::RecvTimeoutError::Timeout));
        }
        self.has_ended
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = i32::try_from(self.id).ok().and_then(Pid::from_raw) {
            // It may be gone, and that is as well.
            let _ = kill_process(process, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data is thrown away: nothing has to be written out first.
        if !self.has_ended {
            self.signal(Signal::QUIT);
        }
        if !self.has_ended_within(STOPPED_WITHIN) {
            self.signal(Signal::KILL);
        }
        if let Some(thread) = self.thread.take() {
            // It waits for the process and for nothing else.
            let _ = thread.join();
        }
    }
}

/// A program that runs as the server's user, and ends when the thread that starts it does.
pub fn as_server_user(program: impl AsRef<OsStr>) -> Result<Command> {
    let mut command = Command::new(installed("setpriv", "util-linux")?);
    if geteuid().is_root() {
        command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).env("LC_ALL", "C");
    Ok(command)
}

/// Makes an empty folder of data that the server's user owns.
pub fn data_folder(path: &Path) -> Result<()> {
    let disk = || MaintenanceError::disk(path.display().to_string());
    fs::create_dir_all(path).map_err(disk())?;
    if fs::read_dir(path).map_err(disk())?.next().is_some() {
        let problem = format!("{} is not empty: move what is there away first", path.display());
        return Err(MaintenanceError::refused(problem));
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(disk())?;
    if geteuid().is_root() {
        let (user, group) = owner()?;
        chown(path, Some(user), Some(group)).map_err(disk())?;
    }
    Ok(())
}

/// The numbers of the server's user and its group.
pub fn owner() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").map_err(MaintenanceError::disk("/etc/passwd"))?;
    let line = users.lines().find(|line| line.split(':').next() == Some(SERVER_USER));
    let numbers = line.and_then(|line| {
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    numbers.ok_or_else(|| {
        MaintenanceError::refused(format!(
            "there is no user {SERVER_USER} to run as: apt-get install postgresql"
        ))
    })
}
