//! Where the programs of Postgres are, and how one is run to its end.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, io};

use crate::error::{MaintenanceError, Result};

/// Debian keeps each version in a folder of its own.
const VERSIONS: &str = "/usr/lib/postgresql";
/// So much of the end of what a program said is told.
const SAID_BYTES: u64 = 2 << 10;

/// A program in the newest version that is installed: one reads the dumps and servers of all before it.
pub fn newest(program: &str) -> Result<PathBuf> {
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let entries = fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut versions: Vec<(u32, PathBuf)> =
        entries.filter_map(|path| Some((version(&path)?, path.join("bin").join(program)))).collect();
    versions.sort();
    let found = versions.into_iter().rev().map(|(_, path)| path).find(|path| path.is_file());
    found.or_else(|| in_path(program)).ok_or_else(|| not_installed(program, "postgresql"))
}

/// A server's program in one version, as a folder of data wants it.
pub fn of_version(program: &str, version: &str) -> Result<PathBuf> {
    let path = Path::new(VERSIONS).join(version).join("bin").join(program);
    if path.is_file() { Ok(path) } else { newest(program) }
}

/// A program in PATH.
pub fn installed(program: &str, package: &str) -> Result<PathBuf> {
    in_path(program).ok_or_else(|| not_installed(program, package))
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn not_installed(program: &str, package: &str) -> MaintenanceError {
    MaintenanceError::refused(format!("{program} is not installed here: apt-get install {package}"))
}

/// A program that runs. Dropped, it is killed.
pub struct Running {
    child: Child,
    name: String,
    said: fs::File,
}

impl Running {
    /// Starts it; what it says on its standard error is kept for the case that it fails.
    pub fn start(mut command: Command) -> Result<Running> {
        let name = name(&command);
        let disk = || MaintenanceError::disk(name.clone());
        let said = tempfile::tempfile().map_err(disk())?;
        command.stderr(said.try_clone().map_err(disk())?);
        let child = command.spawn().map_err(disk())?;
        Ok(Running { child, name, said })
    }

    /// Copies its output to `into` until it ends.
    pub fn write_to(mut self, into: &mut dyn Write) -> Result<()> {
        let mut output = self.child.stdout.take().ok_or_else(|| no_pipe(&self.name))?;
        let copied = io::copy(&mut output, into);
        if copied.is_err() {
            // Nobody takes it: the error is theirs, and dropping this ends the program.
            return copied.map(drop).map_err(MaintenanceError::disk(self.name.clone()));
        }
        self.end()
    }

    /// Copies `from` to its input until it ends. What it failed of comes before what broke because of that.
    pub fn read_from(mut self, from: &mut dyn Read) -> Result<()> {
        let mut input = self.child.stdin.take().ok_or_else(|| no_pipe(&self.name))?;
        let copied = io::copy(from, &mut input);
        drop(input);
        let name = self.name.clone();
        self.end()?;
        copied.map(drop).map_err(MaintenanceError::disk(name))
    }

    /// Waits for its end.
    pub fn end(mut self) -> Result<()> {
        let status = self.child.wait().map_err(MaintenanceError::disk(self.name.clone()))?;
        if status.success() {
            return Ok(());
        }
        let said = self.said().unwrap_or_default();
        Err(MaintenanceError::Tool { program: self.name.clone(), said: format!("{status}: {}", said.trim()) })
    }

    fn said(&mut self) -> io::Result<String> {
        let length = self.said.seek(SeekFrom::End(0))?;
        self.said.seek(SeekFrom::Start(length.saturating_sub(SAID_BYTES)))?;
        let mut bytes = Vec::new();
        self.said.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, if all went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What runs, rather than what it is run by.
fn name(command: &Command) -> String {
    let mut words = command.get_args().skip_while(|word| *word != "--");
    let program = words.nth(1).unwrap_or(command.get_program());
    Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn no_pipe(name: &str) -> MaintenanceError {
    MaintenanceError::refused(format!("{name} was started without a pipe"))
}

/// Runs a command to its end and gives what it printed.
pub fn output(mut command: Command) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut printed = Vec::new();
    Running::start(command)?.write_to(&mut printed)?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}
