//! The program from outside: what is typed, what it prints, how it ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

/// How the program ended.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

/// Runs `fermiac` with these arguments.
pub fn fermiac(arguments: &[&str]) -> Finished {
    fermiac_in(&[], arguments)
}

/// Runs `fermiac` with these variables of the environment and arguments.
pub fn fermiac_in(environment: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fermiac"));
    let output = command.envs(environment.iter().copied()).args(arguments).output();
    let Output { status, stdout, stderr } = output.expect("the binary was built for this test");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Finished { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
}

/// The document of `fermiac run MODEL --json`, which must succeed.
pub fn run(model: &Path, more: &[&str]) -> Value {
    let model = model.to_str().expect("paths of tests are UTF-8");
    let finished = fermiac(&[&["run", model, "--json"], more].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).expect("--json prints one JSON document and nothing else")
}

/// What `fermiac run MODEL` says when it refuses the model, which it must.
pub fn refusal(model: &Path, more: &[&str]) -> String {
    let model = model.to_str().expect("paths of tests are UTF-8");
    let finished = fermiac(&[&["run", model], more].concat());
    assert_eq!(finished.code, Some(2), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.stdout, "", "a refusal prints no result");
    finished.stderr
}

/// A result without the one part that differs from run to run.
pub fn without_timing(mut result: Value) -> Value {
    let timing = result.as_object_mut().and_then(|object| object.remove("timing_ms"));
    assert!(timing.is_some(), "a result has its timing");
    result
}

/// A number of a result, by the path to it.
pub fn number(result: &Value, path: &[&str]) -> f64 {
    let found = path.iter().fold(result, |value, key| &value[*key]);
    found.as_f64().unwrap_or_else(|| panic!("{path:?} is {found}"))
}

/// A file of this repository.
pub fn committed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder of one test's own, gone when the test ends.
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty one.
    pub fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("fermiac-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("the folder for temporary files can be written");
        Folder(path)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a JSON model of these `"name": "distribution"` inputs, `"name": "=formula"` cells and outputs.
    pub fn model(&self, inputs: &[(&str, &str)], cells: &[(&str, &str)], outputs: &[&str]) -> PathBuf {
        let object = |pairs: &[(&str, &str)]| -> Value {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect()
        };
        let model = serde_json::json!({
            "inputs": object(inputs), "cells": object(cells), "outputs": outputs,
        });
        let path = self.path("model.json");
        std::fs::write(&path, model.to_string()).expect("the folder is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
