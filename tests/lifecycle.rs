//! `fermiac lifecycle` from outside, and the cleanup that has buckets follow their rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

use std::process::{Command, Output};
use std::time::Duration;

use fermiac_harness::{Folder, MotoServer, Process, free_port, wait_until};
use fermiac_maintenance::vault::Identity;
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(120);
const PROFILE: &str = r#"
[worker]
labels = ["cpu", "maintenance"]
[queue]
url = "in-process:"
[log]
level = "info"
format = "json"
[lifecycle]
backup_class = "glacier_ir"
backup_class_days = 90
[[schedules]]
name = "cleanup"
kind = "retention"
cron = "0 0 1 1 *"
arguments = { uploads_days = 30 }
"#;

/// An environment whose data and backups lie in buckets of one server.
struct Environment {
    server: MotoServer,
    folder: Folder,
    recipient: String,
}

impl Environment {
    fn new() -> Environment {
        let folder = Folder::new("lifecycle");
        std::fs::write(folder.path().join("testing.toml"), PROFILE).unwrap();
        let recipient = Identity::generate().recipient().to_string();
        Environment { server: MotoServer::start(&["data", "backups"]), folder, recipient }
    }

    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let endpoint = self.server.endpoint();
        let variables = [
            ("DATABASE_URL", "sqlite:test.db"),
            ("FERMIAC_BLOBS_URL", "s3://data/platform"),
            ("FERMIAC_BLOBS_ENDPOINT", &endpoint),
            ("FERMIAC_BLOBS_PATH_STYLE", "true"),
            ("FERMIAC_BLOBS_ACCESS_KEY", "data"),
            ("FERMIAC_BLOBS_SECRET_KEY", "data"),
            ("FERMIAC_BACKUP_RECIPIENT", &self.recipient),
            ("FERMIAC_BACKUP_URL", "s3://backups"),
            ("FERMIAC_BACKUP_ENDPOINT", &endpoint),
            ("FERMIAC_BACKUP_PATH_STYLE", "true"),
            ("FERMIAC_BACKUP_ACCESS_KEY", "backups"),
            ("FERMIAC_BACKUP_SECRET_KEY", "backups"),
            ("FERMIAC_BACKUP_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ];
        let folder = self.folder.path().display().to_string();
        let end = ["--env", "testing", "--environments", &folder];
        let program = [env!("CARGO_BIN_EXE_fermiac")];
        let words = program.iter().chain(arguments).chain(&end).map(|word| (*word).to_owned());
        let stay = ["-C".to_owned(), folder.clone()];
        stay.into_iter()
            .chain(variables.iter().map(|(name, value)| format!("{name}={value}")))
            .chain(words)
            .collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new("/usr/bin/env").args(self.words(arguments)).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[test]
fn rules_are_shown_tried_and_applied() {
    let environment = Environment::new();
    let shown = environment.json(&["lifecycle", "show"]);
    let data = shown["data"]["Rules"].as_array().unwrap();
    assert_eq!(data[2]["ID"], "fermiac-testing-data-entrance");
    assert_eq!(data[2]["Filter"]["Prefix"], "platform/uploads/");
    assert_eq!(data[2]["Expiration"]["Days"], 37);
    let backups = shown["backups"]["Rules"].as_array().unwrap();
    assert!(backups.iter().all(|rule| rule["Filter"]["Prefix"] == "testing/"), "{shown:#}");
    assert!(backups.iter().all(|rule| rule["Expiration"]["Days"] == Value::Null), "{shown:#}");
    assert_eq!(backups[1]["NoncurrentVersionExpiration"]["NoncurrentDays"], 12 * 31 + 7);
    assert_eq!(backups[2]["Transitions"], json!([{ "Days": 90, "StorageClass": "GLACIER_IR" }]));
    let changed = json!({ "status": "changed", "rules_of_others": 0 });
    let all = |status: &Value| json!({ "data": status, "backups": status });
    assert_eq!(environment.json(&["lifecycle", "apply", "--dry-run"]), all(&changed));
    assert_eq!(environment.json(&["lifecycle", "apply"]), all(&changed), "a dry run changes nothing");
    assert_eq!(environment.json(&["lifecycle", "apply"]), all(&json!({ "status": "unchanged" })));
}

#[test]
fn a_bucket_that_refuses_is_a_failure_that_names_its_place() {
    let environment = Environment::new();
    let mut words = environment.words(&["lifecycle", "apply"]);
    let place = words.iter_mut().find(|word| word.starts_with("FERMIAC_BLOBS_URL=")).unwrap();
    "FERMIAC_BLOBS_URL=s3://nowhere".clone_into(place);
    let output = Command::new("/usr/bin/env").args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("could not be applied to: data"), "{message}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("backups  follows the rules"));
}

#[test]
fn a_cleanup_has_the_buckets_follow_their_rules() {
    let environment = Environment::new();
    assert!(environment.run(&["migrate"]).status.success());
    let emitted = environment.json(&["schedules", "run", "cleanup"]);
    let job = emitted["job"].as_str().unwrap();
    // The worker would not begin with backups of a database that does not answer.
    let mut words = environment.words(&["dev"]);
    words.insert(2, format!("FERMIAC_HTTP_LISTEN=127.0.0.1:{}", free_port()));
    words.retain(|word| !word.starts_with("FERMIAC_BACKUP_"));
    let log = environment.folder.path().join("dev.log");
    let _fleet = Process::start("/usr/bin/env".as_ref(), &words, None, &log);
    wait_until("the cleanup ends", SOON, || {
        let shown = environment.run(&["jobs", "show", job]).stdout;
        serde_json::from_slice::<Value>(&shown).is_ok_and(|job| job["state"] == "succeeded")
    });
    let looked = environment.json(&["lifecycle", "apply", "--dry-run"]);
    assert_eq!(
        (&looked["data"]["status"], &looked["backups"]["status"]),
        (&json!("unchanged"), &json!("changed"))
    );
}
