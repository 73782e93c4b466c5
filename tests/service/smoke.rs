//! `fermiac smoke`, by hand and by the clock: what is well passes, what is not is named, and nothing stays behind.

use std::process::Output;

use fermiac_fleet::telemetry::metrics::BUSINESS;
use fermiac_harness::TlsFront;
use serde_json::Value;

use crate::service::{Service, until};
use crate::system::System;

const REAL: &str =
    r#"{"model": {"inputs": {"x": "uniform(0, 1)"}, "cells": {"y": "=x+1"}, "outputs": ["y"]}}"#;

/// A report, and whether the exit code agrees with it.
fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("no report: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let code = if report["passed"] == true { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(code), "{report:#}");
    report
}

fn names(report: &Value, status: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == status);
    checks.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

fn finding<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()
}

#[test]
fn a_healthy_system_passes_and_is_left_as_it_was() {
    let system = System::start();
    let report = report(&system.fermiac(&["smoke", "--suite", "full", "--json"], &[]));
    assert_eq!(names(&report, "failed"), [""; 0], "{report:#}");
    // It speaks no TLS, and has no GPU.
    assert_eq!(names(&report, "skipped"), ["certificate", "gpu"], "{report:#}");
    assert_eq!(names(&report, "passed").len(), 11);
    assert!(system.log_of_worker().contains("\"kind\":\"slice\""), "{}", system.log_of_worker());
    assert_eq!(system.sql("select count(*) from simulations"), "0");
    assert_eq!(system.sql("select count(*) from jobs"), "0");
    assert_eq!(system.redis.command(&["KEYS", "*round-trip*"]).trim(), "*0");
    let left: Vec<String> = system.storage.keys(crate::system::BUCKET);
    assert!(left.iter().all(|key| !key.starts_with("smoke/")), "{left:?}");
    let text = system.fermiac(&["smoke"], &[]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.starts_with("testing, suite basic") && text.contains("redis          passed"), "{text}");
}

#[test]
fn each_fault_fails_the_check_that_names_it_and_no_other() {
    let mut system = System::start();
    let failed_with = |system: &System, variables: &[&str]| {
        report(&system.fermiac(&["smoke", "--suite", "non_intrusive", "--json"], variables))
    };
    let no_bucket = failed_with(&system, &["FERMIAC_BLOBS_URL=s3://nowhere"]);
    assert_eq!(names(&no_bucket, "failed"), ["storage"], "{no_bucket:#}");
    assert_eq!(finding(&no_bucket, "storage")["place"], "s3://nowhere");

    let front = TlsFront::expired_to(system.api_port);
    let trust = format!("FERMIAC_SMOKE_ROOT_CERTIFICATE={}", front.certificate().display());
    let expired = failed_with(&system, &[&format!("FERMIAC_SMOKE_URL={}", front.endpoint()), &trust]);
    assert_eq!(names(&expired, "failed"), ["certificate"], "{expired:#}");
    let detail = finding(&expired, "certificate")["detail"].as_str().unwrap();
    assert!(detail.contains("has expired, on 2020-01-01"), "{detail}");

    let no_database = failed_with(&system, &["DATABASE_URL=postgres://postgres@127.0.0.1:1/none"]);
    assert_eq!(names(&no_database, "failed"), ["database"], "{no_database:#}");

    system.redis.kill();
    let no_redis = failed_with(&system, &[]);
    assert_eq!(names(&no_redis, "failed"), ["redis"], "{no_redis:#}");
    let health = finding(&no_redis, "api_health")["detail"].as_str().unwrap();
    assert!(health.contains("as `redis` found too"), "{health}");
    system.redis.restart();

    system.sql(
        "create table kept as select * from migrations where version = 11;
         delete from migrations where version = 11",
    );
    let stale = failed_with(&system, &[]);
    assert_eq!(names(&stale, "failed"), ["schema"], "{stale:#}");
    assert!(finding(&stale, "schema")["what_to_do"].as_str().unwrap().contains("fermiac migrate"));
    system.sql("insert into migrations select * from kept; drop table kept");

    system.stop_worker();
    let no_worker = failed_with(&system, &[]);
    assert_eq!(names(&no_worker, "failed"), ["workers"], "{no_worker:#}");
}

#[test]
fn a_certificate_that_is_valid_passes_and_carries_the_simulation() {
    let system = System::start();
    let front = TlsFront::to(system.api_port);
    let trust = format!("FERMIAC_SMOKE_ROOT_CERTIFICATE={}", front.certificate().display());
    let url = format!("FERMIAC_SMOKE_URL={}", front.endpoint());
    let report = report(&system.fermiac(&["smoke", "--suite", "non_intrusive", "--json"], &[&url, &trust]));
    assert_eq!(names(&report, "failed"), [""; 0], "{report:#}");
    assert!(names(&report, "passed").iter().any(|name| name == "certificate"), "{report:#}");
}

#[test]
fn a_worker_of_one_slot_makes_the_test_by_the_clock_and_tells_what_it_found() {
    let system = System::start();
    let count =
        |state: &str| format!("select count(*) from jobs where kind = 'smoke_test' and state = '{state}'");
    let done = system.fermiac(&["schedules", "run", "smoke"], &[]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    system.await_row("the smoke test succeeds", &count("succeeded"));
    let result = system.sql("select convert_from(result, 'UTF8') from jobs where kind = 'smoke_test'");
    let result: Value = serde_json::from_str(&result).unwrap();
    assert!(names(&result, "passed").contains(&"simulation".to_owned()), "{result:#}");
    let page = system.figures_of_worker();
    assert!(page.contains("fermiac_smoke_check_status{check=\"simulation\",status=\"passed\"} 1"), "{page}");
    assert!(page.contains("fermiac_smoke_check_status{check=\"simulation\",status=\"failed\"} 0"), "{page}");

    system.sql("update users set revoked_at = now() where synthetic");
    assert!(system.fermiac(&["schedules", "run", "smoke"], &[]).status.success());
    system.await_row("the smoke test fails", &count("failed"));
    let error = system.sql("select error from jobs where kind = 'smoke_test' and state = 'failed'");
    assert!(
        error.contains("1 of 12 checks failed: simulation: the key is not known, or was revoked"),
        "{error}"
    );
    let page = system.figures_of_worker();
    assert!(page.contains("fermiac_smoke_check_status{check=\"simulation\",status=\"failed\"} 1"), "{page}");
}

#[test]
fn what_stands_for_nobody_counts_as_nobodys_work() {
    let service = Service::start("smoke");
    let key = service.done(&["users", "add", "smoke", "--synthetic", "--env", "development"]);
    let output = service.smoke(key.trim(), &["--suite", "full", "--json"]);
    let report = report(&output);
    assert_eq!(names(&report, "failed"), [""; 0], "{report:#}");
    assert_eq!(names(&report, "skipped"), ["redis", "certificate", "gpu"], "{report:#}");
    let shown = |service: &Service| {
        let page = service.request("GET", "/metrics", "");
        let of_business = |line: &&str| BUSINESS.iter().any(|name| line.starts_with(name));
        let of_people = |line: &&str| of_business(line) && !line.contains("kind=\"smoke_test\"");
        page.lines().filter(of_people).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shown(&service), [""; 0]);
    service.simulate(REAL);
    let counted = until("people's work counts", || {
        let shown = shown(&service);
        shown.iter().any(|line| line.starts_with("fermiac_jobs_settled_total")).then_some(shown)
    });
    assert!(counted.contains(&"fermiac_simulations_submitted_total 1".to_owned()), "{counted:?}");
    assert!(counted.contains(&"fermiac_trials_total 10000".to_owned()), "{counted:?}");
}

#[test]
fn nobody_whose_work_counts_makes_smoke_tests() {
    let service = Service::start("smoke-key");
    let key = service.done(&["users", "add", "somebody", "--env", "development"]);
    let report = report(&service.smoke(key.trim(), &["--suite", "non_intrusive", "--json"]));
    assert_eq!(names(&report, "failed"), ["simulation"], "{report:#}");
    let detail = finding(&report, "simulation")["detail"].as_str().unwrap();
    assert!(detail.contains("\"somebody\", whose work would count"), "{detail}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let service = Service::start("smoke-usage");
    assert!(
        service
            .refused(&["smoke", "--suite", "all", "--env", "development"])
            .contains("basic, non_intrusive, full")
    );
    assert!(service.refused(&["smoke", "--env", "nowhere"]).contains("nowhere"));
}
