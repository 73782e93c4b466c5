//! The switch that contains a disaster, over all the processes of a system.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use fermiac_harness::{Folder, wait_until};
use serde_json::{Value, json};

use crate::system::System;

const SOON: Duration = Duration::from_secs(60);
/// Longer than a process may take to obey, on a machine that is busy.
const OBEYED: Duration = Duration::from_secs(30);

fn said(system: &System, arguments: &[&str]) -> Value {
    let output = system.fermiac(&[arguments, &["--json"]].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Status, how long to wait, and the document.
fn post(system: &System) -> (u16, Option<String>, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let model = json!({ "inputs": { "x": "uniform(0, 1)" }, "cells": { "y": "=x*2" }, "outputs": ["y"] });
    let mut answer = agent
        .post(format!("http://127.0.0.1:{}/v1/simulations", system.api_port))
        .header("Authorization", format!("Bearer {}", system.key()))
        .content_type("application/json")
        .send(json!({ "model": model, "trials": "1000" }).to_string())
        .unwrap();
    let wait = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    let document = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    (answer.status().as_u16(), wait, document)
}

fn get(system: &System, path: &str) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let address = format!("http://127.0.0.1:{}{path}", system.api_port);
    let mut answer =
        agent.get(address).header("Authorization", format!("Bearer {}", system.key())).call().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap())
}

#[test]
fn a_read_only_service_answers_what_reads_and_refuses_what_writes_until_the_switch_is_turned_back() {
    let system = System::start();
    let (status, _, first) = post(&system);
    assert_eq!(status, 202, "{first}");
    let id = first["id"].as_str().unwrap().to_owned();
    let done = || get(&system, &format!("/v1/simulations/{id}")).1["state"] == "succeeded";
    wait_until("the simulation is done", SOON, done);

    let on = said(&system, &["read-only", "on", "--reason", "moving house"]);
    assert_eq!((&on["read_only"], &on["reason"]), (&json!(true), &json!("moving house")));
    wait_until("the API obeys", OBEYED, || post(&system).0 == 503);
    let (_, wait, problem) = post(&system);
    assert_eq!((wait.as_deref(), &problem["type"]), (Some("60"), &json!("urn:fermiac:problem:read-only")));
    assert!(problem["detail"].as_str().unwrap().contains("moving house"), "{problem}");
    assert_eq!(get(&system, &format!("/v1/simulations/{id}/result")).0, 200);
    let (ready, told) = get(&system, "/ready");
    assert_eq!((ready, &told["read_only"]), (200, &json!(true)), "who reads is welcome");
    assert_eq!(said(&system, &["read-only", "status"])["reason"], "moving house");
    let by_hand = system.fermiac(&["schedules", "run", "smoke"], &[]);
    assert_eq!(by_hand.status.code(), Some(1));
    assert!(String::from_utf8(by_hand.stderr).unwrap().contains("read-only since"));
    let report = said(&system, &["smoke", "--suite", "non_intrusive"]);
    let simulation = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "simulation");
    assert_eq!(simulation.unwrap()["status"], "skipped", "{report:#}");

    assert_eq!(said(&system, &["read-only", "off"]), json!({ "read_only": false }));
    wait_until("the API takes work again", OBEYED, || post(&system).0 == 202);
    assert_eq!(get(&system, "/ready").1["read_only"], false);
    let audit =
        String::from_utf8(system.fermiac(&["audit", "list", "--limit", "10000"], &[]).stdout).unwrap();
    assert!(audit.contains("service.read_only") && audit.contains("service.writable"), "{audit}");
}

#[test]
fn who_submits_to_a_read_only_service_is_told_so_once_and_served_when_it_is_over() {
    let system = System::start();
    said(&system, &["read-only", "on", "--reason", "moving house"]);
    wait_until("the API obeys", OBEYED, || post(&system).0 == 503);
    let folder = Folder::new("submit");
    let log = folder.path().join("log");
    let mut submitting = Command::new(env!("CARGO_BIN_EXE_fermiac"))
        .args(["submit", "examples/european_call.json", "--trials", "1000", "--wait", "--json"])
        .env("FERMIAC_SERVER", format!("http://127.0.0.1:{}", system.api_port))
        .env("FERMIAC_API_KEY", system.key())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let told = || std::fs::read_to_string(&log).unwrap();
    wait_until("it says so", SOON, || told().contains("trying again until"));
    said(&system, &["read-only", "off"]);
    wait_until("it is served", SOON, || submitting.try_wait().unwrap().is_some());
    assert!(submitting.wait().unwrap().success(), "{}", told());
    let told = told();
    assert_eq!(told.matches("takes nothing for now").count(), 1, "{told}");
    assert!(told.contains("the service is read-only since") && told.contains(": moving house;"), "{told}");
}
