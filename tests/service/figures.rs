//! The table of figures and the page of a process are one: all that the table lists is shown, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use fermiac_fleet::telemetry::metrics::{
    ALL, DESIRED_WORKERS, DISK_USED_RATIO, MEMORY_USED_RATIO, Measure, Metric, RETENTION_DELETED,
    RETENTION_FREED_BYTES, SCHEDULE_TICKS, SMOKE_CHECK_SECONDS, SMOKE_CHECK_STATUS, SMOKE_TESTED_AT_SECONDS,
};

use crate::service::{Service, until};

/// A model with a formula that nobody supports.
const REFUSED: &str =
    r#"{"model": {"inputs": {"x": "uniform(0, 1)"}, "cells": {"y": "=NOSUCH(x)"}, "outputs": ["y"]}}"#;
const ACCEPTED: &str =
    r#"{"model": {"inputs": {"x": "uniform(0, 1)"}, "cells": {"y": "=x+1"}, "outputs": ["y"]}}"#;

/// Only schedules bring these, the first of them at the next full hour.
const BY_THE_CLOCK: [&str; 9] = [
    SCHEDULE_TICKS,
    DESIRED_WORKERS,
    MEMORY_USED_RATIO,
    DISK_USED_RATIO,
    SMOKE_CHECK_STATUS,
    SMOKE_CHECK_SECONDS,
    SMOKE_TESTED_AT_SECONDS,
    RETENTION_DELETED,
    RETENTION_FREED_BYTES,
];

/// Only workers with GPUs show these: see `tests/fleet/gpus.rs`.
const OF_GPUS: &str = "fermiac_gpu_";

fn is_of_this_process(name: &str) -> bool {
    !BY_THE_CLOCK.contains(&name) && !name.starts_with(OF_GPUS)
}

#[test]
fn a_busy_process_shows_every_figure_of_the_table_and_no_other() {
    let service = Service::start("figures");
    let workbook = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/project_npv.xlsx")).unwrap();
    let uploaded = service.request("POST", "/v1/workbooks", workbook);
    assert!(uploaded.contains("\"id\""), "{uploaded}");
    let refused = service.request("POST", "/v1/simulations", REFUSED);
    assert!(refused.contains("NOSUCH"), "{refused}");
    let path = service.simulate(ACCEPTED);
    // It is over: the stream ends with the event that says so.
    assert!(service.request("GET", &format!("{path}/events"), "").contains("succeeded"));
    // Duties come round in their own time; the last of a kind is the one that counts what is outstanding.
    let table = ALL.iter().filter(|metric| is_of_this_process(metric.name));
    let table: BTreeMap<_, _> = table.map(|metric| (metric.name.to_owned(), labels(metric))).collect();
    let shown = until("every figure is shown", || {
        let mut shown = shown(&service.request("GET", "/metrics", ""));
        shown.retain(|name, _| is_of_this_process(name) || name.starts_with(OF_GPUS));
        (shown.len() >= table.len()).then_some(shown)
    });
    assert_eq!(shown, table);
}

/// The figures of a page, each with the labels that it is told apart by.
fn shown(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let samples = page.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    samples.map(figure).collect()
}

/// `name{label="value",..} number`, where a histogram has three names and a label for its classes.
fn figure(sample: &str) -> (String, BTreeSet<String>) {
    let (name, labels) = match sample.split_once('{') {
        Some((name, rest)) => (name, rest.rsplit_once('}').unwrap().0),
        None => (sample.split(' ').next().unwrap(), ""),
    };
    let labels = labels.split("\",").filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
    let known =
        |name: &str| ALL.iter().any(|metric| metric.name == name && metric.measure == Measure::Histogram);
    let parts = ["_bucket", "_sum", "_count"].iter().filter_map(|part| name.strip_suffix(part));
    let name = parts.into_iter().find(|name| known(name)).unwrap_or(name);
    (name.to_owned(), labels.filter(|label| label != "le").collect())
}

fn labels(metric: &Metric) -> BTreeSet<String> {
    metric.labels.iter().map(|&label| label.to_owned()).collect()
}
