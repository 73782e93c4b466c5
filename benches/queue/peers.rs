//! The peers: the same jobs through other queues, each with settings that its authors recommend for speed.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::jobs::Rates;
use crate::servers::Servers;

/// A script beside this program, and where what it needs is installed.
pub struct Peer {
    /// What it is called in the tables.
    pub name: &'static str,
    script: &'static str,
    /// Jobs that its worker runs at a time.
    concurrency: &'static str,
    folder: PathBuf,
}

/// All of them.
pub fn all(folder: &Path) -> [Peer; 2] {
    let folder = folder.to_owned();
    [
        Peer { name: "BullMQ", script: "bullmq.js", concurrency: "100", folder: folder.clone() },
        Peer { name: "graphile-worker", script: "graphile.js", concurrency: "24", folder },
    ]
}

impl Peer {
    /// One round on an empty database and an empty Redis.
    pub fn measure(&self, servers: &mut Servers, jobs: usize) -> Rates {
        let database = servers.database();
        let output = Command::new("node")
            .current_dir(&self.folder)
            .args([self.script, &jobs.to_string(), self.concurrency, &servers.redis.port().to_string()])
            .env("DATABASE_URL", database)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rate = |key: &str| said[key].as_f64().unwrap();
        Rates { submit: rate("submit_per_s"), drain: rate("drain_per_s") }
    }
}
