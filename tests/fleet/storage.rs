//! The blobs' home fails: errors, silence, connections cut in the middle of an upload.

use fermiac_harness::{Fault, wait_until};

use crate::database::now;
use crate::fleet::Fleet;
use crate::judge::{everything_ended_once, work_went_on};
use crate::workers_killed::{JOBS, SEEN};

#[test]
fn storage_that_answers_with_errors_costs_no_job() {
    with_spoilt_storage("storage with errors", Fault::Error, 40);
}

#[test]
fn storage_that_cuts_uploads_costs_no_job() {
    with_spoilt_storage("storage that cuts uploads", Fault::CutRequest(100), 40);
}

#[test]
fn storage_that_does_not_answer_costs_no_job() {
    with_spoilt_storage("storage that hangs", Fault::Hang, 4);
}

/// Spoils requests while jobs leave blobs behind, until so many were spoilt. A request that hangs is given up by the
/// worker alone.
fn with_spoilt_storage(name: &str, fault: Fault, count: usize) {
    let fleet = Fleet::start();
    let _scheduler = fleet.scheduler();
    let accepted = fleet.submit(JOBS);
    fleet.storage.spoil(fault, 2, count);
    let spoilt = fleet.storage.requests() + 2 + count;
    let impatient = ["FERMIAC_BLOBS_ANSWER_WITHIN_MS=1000"];
    let _workers = [fleet.worker_with(&impatient), fleet.worker_with(&impatient)];
    wait_until("so many requests are spoilt", SEEN, || fleet.storage.requests() >= spoilt);
    let over = now();
    everything_ended_once(&fleet, &accepted);
    work_went_on(&fleet, name, over);
}
