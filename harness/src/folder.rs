//! Folders that are gone when a test is, however it ends.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use tempfile::TempDir;

/// A folder that is removed when the value is dropped, or soon after this process has died.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty one.
    ///
    /// # Panics
    /// When none can be made.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        let prefix = format!("fermiac-{purpose}-");
        let folder =
            tempfile::Builder::new().prefix(&prefix).tempdir().expect("a temporary folder can be made");
        SWEEPER.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remember(folder.path());
        Folder(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

static SWEEPER: LazyLock<Mutex<Sweeper>> = LazyLock::new(|| Mutex::new(Sweeper::start()));

/// Reads names of folders and, once this process has ended and its pipe with it, removes them. Folders of servers that
/// a whole test binary shares are removed by nothing else, since statics are never dropped.
const SWEEP: &str = r#"
    while IFS= read -r folder; do set -- "$@" "$folder"; done
    for again in 1 2 3 4 5; do
        sleep 0.2
        rm -rf -- "$@" && break
    done
"#;

/// A process that outlives this one by a moment.
struct Sweeper(Child);

impl Sweeper {
    fn start() -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", SWEEP, "sweeper"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // In a group of its own: Ctrl-C in a terminal ends the tests, not what tidies up after them.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Sweeper(command.spawn().expect("a shell starts"))
    }

    fn remember(&mut self, folder: &Path) {
        let pipe = self.0.stdin.as_mut().expect("its standard input is a pipe");
        writeln!(pipe, "{}", folder.display()).expect("the sweeper reads as long as this process lives");
    }
}
