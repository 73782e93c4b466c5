//! The arrows between the rooms, as ARCHITECTURE.md draws them, and what each room may do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each room with all the rooms that it may depend on, the harness of test servers aside. A new room gets its line here
/// first.
const ARROWS: [(&str, &[&str]); 12] = [
    (HARNESS, &[]),
    ("fermiac-math", &[]),
    ("fermiac-model", &["fermiac-math"]),
    ("fermiac-kernels", &["fermiac-math", "fermiac-model"]),
    ("fermiac-simulation", &["fermiac-math", "fermiac-model", "fermiac-kernels"]),
    ("fermiac-fleet", &["fermiac-model"]),
    ("fermiac-maintenance", &["fermiac-fleet"]),
    ("fermiac-smoke", &["fermiac-fleet"]),
    ("fermiac-worker", &["fermiac-simulation", "fermiac-fleet", "fermiac-maintenance", "fermiac-smoke"]),
    ("fermiac-scheduler", &["fermiac-fleet"]),
    ("fermiac-api", &["fermiac-simulation", "fermiac-fleet"]),
    (
        "fermiac",
        &[
            "fermiac-math",
            "fermiac-model",
            "fermiac-kernels",
            "fermiac-simulation",
            "fermiac-fleet",
            "fermiac-maintenance",
            "fermiac-smoke",
            "fermiac-worker",
            "fermiac-scheduler",
            "fermiac-api",
        ],
    ),
];

/// Tests of every room may start its servers; no program may.
const HARNESS: &str = "fermiac-harness";

/// The only room with unsafe code: it chooses wide instructions at run time and talks to devices.
const MAY_BE_UNSAFE: &str = "fermiac-kernels";

const PUBLIC_REGISTRY: &str = "\"registry+https://github.com/rust-lang/crates.io-index\"";

#[test]
fn rooms_depend_on_each_other_only_along_the_arrows() {
    let rooms = rooms();
    let expected: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    for (room, allowed) in ARROWS {
        for dependency in &rooms[room].dependencies {
            let ours = expected.contains(dependency.as_str()) && dependency != HARNESS;
            assert!(
                !ours || allowed.contains(&dependency.as_str()),
                "{room} must not depend on {dependency}"
            );
        }
    }
}

#[test]
fn only_tests_depend_on_the_harness() {
    for (name, room) in rooms() {
        assert!(!room.dependencies_of_programs.contains(HARNESS), "{name} must not depend on {HARNESS}");
    }
}

#[test]
fn every_foreign_dependency_comes_from_the_public_registry() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("the lock file is committed");
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let others: BTreeSet<&str> = sources.filter(|source| *source != PUBLIC_REGISTRY).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn unsafe_code_is_forbidden_outside_the_kernels() {
    for (name, room) in rooms() {
        if name == MAY_BE_UNSAFE {
            continue;
        }
        for root in room.roots {
            let text = std::fs::read_to_string(&root).expect("cargo lists files that exist");
            assert!(text.contains("#![forbid(unsafe_code)]"), "{} must forbid unsafe code", root.display());
        }
    }
}

struct Room {
    /// Names of the crates it depends on: normal, build and development dependencies alike.
    dependencies: BTreeSet<String>,
    /// Those that are not only for development.
    dependencies_of_programs: BTreeSet<String>,
    /// Root files of its libraries and binaries.
    roots: Vec<PathBuf>,
}

fn rooms() -> BTreeMap<String, Room> {
    list(&metadata(), "packages").iter().map(|package| (text(package, "name"), room(package))).collect()
}

fn room(package: &Value) -> Room {
    let dependencies = list(package, "dependencies");
    let programs = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
    let dependencies_of_programs = programs.map(|dependency| text(dependency, "name")).collect();
    let dependencies = dependencies.iter().map(|dependency| text(dependency, "name")).collect();
    let roots = list(package, "targets")
        .iter()
        .filter(|target| list(target, "kind").iter().any(|kind| kind == "lib" || kind == "bin"))
        .map(|target| PathBuf::from(text(target, "src_path")))
        .collect();
    Room { dependencies, dependencies_of_programs, roots }
}

/// What cargo says of our own packages.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("cargo metadata has a list '{key}'"))
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("cargo metadata has a text '{key}'")).to_owned()
}
