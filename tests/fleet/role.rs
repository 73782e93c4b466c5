//! A process of the fleet.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use fermiac_harness::{Process, Signal, wait_until};
use serde_json::Value;

/// A process is up within this time, on a machine that is busy with other things too.
const START: Duration = Duration::from_secs(60);

/// A process of the fleet: an API, a worker or a scheduler. It ends with the value.
pub struct Role {
    process: Process,
}

impl Role {
    /// Starts `fermiac WORDS`, in an environment of these variables on top of the own, each as `NAME=value`.
    pub fn start(words: &[&str], variables: &[String], log: &Path) -> Role {
        let words = words.iter().map(|word| (*word).to_owned());
        let program = std::iter::once(env!("CARGO_BIN_EXE_fermiac").to_owned());
        let arguments: Vec<String> = variables.iter().cloned().chain(program).chain(words).collect();
        Role { process: Process::start(Path::new("/usr/bin/env"), &arguments, None, log) }
    }

    /// Waits for a line of the log, by its message, and gives the line's fields.
    pub fn await_message(&mut self, message: &str) -> Value {
        let mut found = None;
        wait_until(&format!("'{message}' in the log"), START, || {
            found = self.message(message);
            assert!(found.is_some() || self.process.ended().is_none(), "it ended:\n{}", self.process.log());
            found.is_some()
        });
        found.expect("it was waited for")
    }

    /// The first line of the log with this message.
    pub fn message(&self, message: &str) -> Option<Value> {
        let log = self.process.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.into_iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)))
    }

    /// Under which name a worker claims.
    pub fn name(&mut self) -> String {
        let begun = self.await_message("worker begins");
        begun["worker"].as_str().expect("the line says which").to_owned()
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Stops it in its tracks: its connections stay open.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// How it ended, which it must within this time.
    pub fn end_within(&mut self, deadline: Duration) -> ExitStatus {
        let mut status = None;
        wait_until("the process ends", deadline, || {
            status = self.process.ended();
            status.is_some()
        });
        status.expect("it was waited for")
    }

    /// Whether it has not ended.
    pub fn is_alive(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// All it said.
    pub fn log(&self) -> String {
        self.process.log()
    }
}
