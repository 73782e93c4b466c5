//! Processes that answer nothing else answer probes.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use fermiac_fleet::store::{Store, StoreSettings};
use fermiac_harness::{Folder, PostgresServer, RedisOptions, RedisServer, free_port};
use serde_json::Value;

use crate::service::until;

/// A role that listens for probes; it ends with the test.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(role: &str, variables: &[(&str, String)]) -> Process {
        Process::listening(role, &role.to_uppercase(), variables, Stdio::inherit())
    }

    /// One whose address stands in the section of this name, and that logs there.
    fn listening(role: &str, section: &str, variables: &[(&str, String)], log: Stdio) -> Process {
        let listen = format!("127.0.0.1:{}", free_port());
        let child = Command::new(env!("CARGO_BIN_EXE_fermiac"))
            .args([role, "--env", "testing"])
            .env(format!("FERMIAC_{section}_LISTEN"), &listen)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stderr(log)
            .spawn()
            .unwrap();
        Process { child, address: format!("http://{listen}") }
    }

    /// The body of a good answer.
    fn get(&self, path: &str) -> Option<String> {
        ureq::get(format!("{}{path}", self.address)).call().ok()?.into_body().read_to_string().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_and_a_scheduler_tell_how_they_are() {
    let (url, redis, blobs) = (
        PostgresServer::shared().create_database(),
        RedisServer::start(RedisOptions::default()),
        Folder::new("blobs"),
    );
    Store::connect(&url, &StoreSettings::of("testing")).await.unwrap().migrate().await.unwrap();
    let variables = [
        ("DATABASE_URL", url),
        ("REDIS_URL", redis.url()),
        ("FERMIAC_BLOBS_URL", blobs.path().display().to_string()),
    ];
    for (role, figure) in [("worker", "fermiac_worker_slots 1"), ("scheduler", "fermiac_scheduler_leading 1")]
    {
        let process = Process::start(role, &variables);
        until("it is ready", || process.get("/ready"));
        let health: Value = serde_json::from_str(&process.get("/health").unwrap()).unwrap();
        assert_eq!(health["status"], "healthy", "{health}");
        assert_eq!(process.get("/livez").unwrap(), "alive\n");
        until(figure, || process.get("/metrics").filter(|page| page.lines().any(|line| line == figure)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_of_redis_is_told_by_every_role() {
    let (url, blobs) = (PostgresServer::shared().create_database(), Folder::new("blobs"));
    let options = RedisOptions { password: Some("right".to_owned()), ..RedisOptions::default() };
    let redis = RedisServer::start(options);
    Store::connect(&url, &StoreSettings::of("testing")).await.unwrap().migrate().await.unwrap();
    let variables = [
        ("DATABASE_URL", url),
        ("REDIS_URL", redis.url().replace("right", "not-it")),
        ("FERMIAC_BLOBS_URL", blobs.path().display().to_string()),
    ];
    for (role, listen) in [("api", "HTTP"), ("worker", "WORKER"), ("scheduler", "SCHEDULER")] {
        let log = blobs.path().join(role);
        let process = Process::listening(role, listen, &variables, File::create(&log).unwrap().into());
        let ready: Value = serde_json::from_str(&until("it is ready", || process.get("/ready"))).unwrap();
        assert_eq!(ready["redis"], false, "{ready}");
        let told = until("the log says so", || {
            let log = std::fs::read_to_string(&log).unwrap();
            log.lines().find(|line| line.contains("correct REDIS_URL")).map(str::to_owned)
        });
        assert!(!told.contains("not-it"), "{told}");
    }
}
