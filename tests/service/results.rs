//! What the service answers are the bytes of `fermiac run`, and what cannot be is refused in words.

use std::process::Command;

use serde_json::Value;

use crate::service::{Service, until};

fn without_timing(document: &str) -> String {
    let mut document: Value = serde_json::from_str(document).expect("a document is JSON");
    document
        .as_object_mut()
        .expect("a document is an object")
        .remove("timing_ms")
        .expect("it says its timing");
    document.to_string()
}

/// A model that comes with the program.
fn example(name: &str) -> String {
    format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn one_job_many_slices_and_a_workbook_all_give_what_run_gives() {
    let service = Service::start("service");
    let call = example("european_call.json");
    let npv = example("project_npv.xlsx");
    // The second is cut into slices.
    let cases: [&[&str]; 3] = [
        &[&call, "--trials", "1e5"],
        &[&call, "--trials", "2e7"],
        &[&npv, "--sampling", "sobol", "--seed", "7", "--input", "Assumptions!B5=pert(0.1, 0.14, 0.2)"],
    ];
    for said in cases {
        let here = service.done(&[&["run", "--json"], said].concat());
        let there = service.done(&[&["submit", "--wait", "--json"], said].concat());
        assert_eq!(without_timing(&there), without_timing(&here), "{said:?}");
    }
    let jobs = service.done(&["jobs", "list", "--env", "development"]);
    for kind in ["simulate", "slice", "combine"] {
        assert!(jobs.contains(kind), "{jobs}");
    }
    let queues: Value =
        serde_json::from_str(&service.done(&["queues", "--json", "--env", "development"])).unwrap();
    assert!(queues.as_array().unwrap().iter().all(|line| line["ready"] == 0 && line["rung"].is_null()));
}

#[test]
fn what_a_fleet_computed_is_shown_as_run_shows_it() {
    let service = Service::start("shown");
    let call = example("european_call.json");
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let here = lines(service.done(&["run", &call]));
    let there = lines(service.done(&["submit", &call, "--wait", "--samples", "out.parquet"]));
    let line = |lines: &[String], what: &str| lines.iter().find(|line| line.contains(what)).cloned();
    for what in ["mean", "std dev", "P10"] {
        assert_eq!(line(&there, what), line(&here, what));
    }
    assert!(line(&there, &format!("cpu, on 127.0.0.1:{}", service.port)).is_some(), "{there:?}");
    let samples = std::fs::read(service.folder.join("out.parquet")).unwrap();
    assert!(samples.starts_with(b"PAR1") && samples.ends_with(b"PAR1"));
}

#[test]
fn a_submission_that_cannot_be_is_refused_in_words() {
    let service = Service::start("refusals");
    let folder = &service.folder;
    std::fs::write(
        folder.join("broken.json"),
        r#"{"inputs": {"z": "normal(0, -1)"}, "cells": {}, "outputs": ["z"]}"#,
    )
    .unwrap();
    assert!(service.refused(&["submit", "broken.json"]).contains("std_dev"));
    std::fs::write(folder.join("no.xlsx"), "PK but no workbook").unwrap();
    let message = service.refused(&["submit", "no.xlsx"]);
    assert!(message.contains("no") && !message.contains("panic"), "{message}");
    assert!(service.refused(&["submit", "none.json"]).contains("none.json"));
    assert!(service.refused(&["submit", "x.json", "--server", "ftp://x"]).contains("http://HOST:PORT"));
    let call = example("european_call.json");
    let stranger = Command::new(env!("CARGO_BIN_EXE_fermiac"))
        .args(["submit", &call, "--server", &format!("http://127.0.0.1:{}", service.port)])
        .env("FERMIAC_API_KEY", "fmc_unknown")
        .output()
        .unwrap();
    assert_eq!(stranger.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&stranger.stderr).contains("this key is not known"));
    let id = "01890000-0000-7000-8000-000000000000";
    assert!(service.refused(&["jobs", "show", id, "--env", "development"]).contains("there is no such job"));
    assert!(service.refused(&["jobs", "retry", id, "--env", "development"]).contains("there is no such job"));
}

#[test]
fn what_succeeded_is_not_tried_again() {
    let service = Service::start("retry");
    let submitted = service.done(&["submit", &example("european_call.json"), "--json"]);
    let submitted: Value = serde_json::from_str(&submitted).unwrap();
    let job = until("its job is done", || {
        let jobs = service.done(&["jobs", "list", "--state", "succeeded", "--json", "--env", "development"]);
        let jobs: Value = serde_json::from_str(&jobs).unwrap();
        let of = |job: &&Value| job["simulation"] == submitted["id"];
        Some(jobs.as_array().unwrap().iter().find(of)?["id"].as_str().unwrap().to_owned())
    });
    let message = service.refused(&["jobs", "retry", &job, "--env", "development"]);
    assert!(message.contains("succeeded"), "{message}");
}
