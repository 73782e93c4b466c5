//! Processes that do not outlive the test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError, mpsc};
use std::{env, io, thread};

use rustix::process::{Pid, Signal, kill_process};

/// A running program. Dropping it kills it; and so does the end of this process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program, both of its outputs going to the end of the file `log`. With a user, as that user, which
    /// needs root.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(program: &Path, arguments: &[String], user: Option<&str>, log: &Path) -> Self {
        let mut command = Command::new(self::program("setpriv", "util-linux"));
        if let Some(user) = user {
            command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
        }
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments);
        let out = File::options().create(true).append(true).open(log).expect("the log can be written");
        let err = out.try_clone().expect("a file can be opened twice");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        // The kernel kills a child when the thread that started it ends, and the thread of a test that starts a shared
        // server ends before the tests that share it.
        let child = from_lasting_thread(command);
        let child = child.unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        Process { child, log: log.to_owned() }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it has been waited for already.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a child has a number"), signal).expect("a child can be sent signals");
    }

    /// How it ended, if it did.
    ///
    /// # Panics
    /// Never, as long as nothing else waits for this process' children.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill, and that is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a program is.
///
/// # Panics
/// When it is not installed, saying which Debian package has it.
#[must_use]
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    // An ordinary user's PATH may lack these.
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("'{name}' is not installed: apt-get install {package}"))
}

type Order = (Command, mpsc::Sender<io::Result<Child>>);

/// The thread that starts all children. It ends with the process.
static STARTER: LazyLock<Mutex<mpsc::Sender<Order>>> = LazyLock::new(|| {
    let (sender, orders) = mpsc::channel::<Order>();
    thread::spawn(move || {
        for (mut command, reply) in orders {
            // Whoever asked may have given up.
            let _ = reply.send(command.spawn());
        }
    });
    Mutex::new(sender)
});

fn from_lasting_thread(command: Command) -> io::Result<Child> {
    let (reply, child) = mpsc::channel();
    let starter = STARTER.lock().unwrap_or_else(PoisonError::into_inner);
    starter.send((command, reply)).expect("the starting thread never ends");
    drop(starter);
    child.recv().expect("the starting thread answers every order")
}
