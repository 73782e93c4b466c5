//! Roles as processes of their own.

use std::path::Path;

use fermiac_harness::{Folder, Process, program};

use crate::servers::{ENVIRONMENT, Homes, Servers};

/// The program that was built with this benchmark.
pub const FERMIAC: &str = env!("CARGO_BIN_EXE_fermiac");

/// Starts a role, with variables of its own beside those that name the servers.
pub fn start(
    role: &str,
    (servers, homes): (&Servers, &Homes),
    folder: &Folder,
    variables: &[(&str, &str)],
) -> Process {
    let (redis, blobs) = (servers.redis.url(), servers.blobs.path().display().to_string());
    let common = [
        ("DATABASE_URL", homes.database.as_str()),
        ("REDIS_URL", redis.as_str()),
        ("FERMIAC_BLOBS_URL", blobs.as_str()),
        ("LOG_LEVEL", "warning"),
    ];
    let variables = common.iter().chain(variables).map(|(name, value)| format!("{name}={value}"));
    let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("environments").display().to_string();
    let words = [FERMIAC, role, "--env", ENVIRONMENT, "--environments", &profiles];
    let arguments: Vec<String> = variables.chain(words.map(str::to_owned)).collect();
    Process::start(&program("env", "coreutils"), &arguments, None, &folder.path().join("log"))
}
