//! What must be so after every fault.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row;

use crate::fleet::{BUCKET, Fleet};
use crate::load::{Accepted, kinds};

/// In seconds: a fault is over for those who wait within this time.
const RECOVERED_WITHIN: f64 = 15.0;

/// What a document is without its timing and the name of what computed it, in SQL: nothing else differs from run to run.
const UNTIMED: &str =
    r#"md5(regexp_replace(DOCUMENT, '"timing_ms": \{[^}]*\}|"device": "[a-z]*"', '', 'g'))"#;

/// Waits for the end of all jobs and holds them to what the fleet promises: each accepted simulation succeeded, each of
/// its jobs ended once, its document and samples are the bytes of one machine, and every blob that a row names is there.
pub fn everything_ended_once(fleet: &Fleet, accepted: &[Accepted]) {
    fleet.await_all_ended();
    let count = |query: &str| fleet.database.count(query);
    assert_eq!(count("select count(*) from jobs where state <> 'succeeded'"), 0, "{}", failures(fleet));
    assert_eq!(
        count("select count(*) from simulations") as usize,
        accepted.len(),
        "simulations that nobody was told of, or that are gone"
    );
    every_job_ended_once(fleet);
    documents_are_right(fleet, accepted);
    blobs_are_there(fleet);
    answers_are_right(fleet, accepted);
}

/// Every job reached exactly one terminal state, once, and was not touched after that.
pub fn every_job_ended_once(fleet: &Fleet) {
    let terminal = "('succeeded', 'failed', 'cancelled')";
    let after = format!("select count(*) from journal where before in {terminal}");
    assert_eq!(fleet.database.count(&after), 0, "writes to jobs that had ended");
    let otherwise = format!(
        "select count(*) from jobs
         where (select count(*) from journal where journal.job = jobs.id and after in {terminal}) <> 1"
    );
    assert_eq!(fleet.database.count(&otherwise), 0, "jobs that did not end exactly once");
}

/// Every blob that a row names.
pub fn blobs_are_there(fleet: &Fleet) {
    let named: BTreeSet<String> = fleet
        .database
        .column::<String>(
            "select key from jobs, unnest(array[result_key, samples_key]) as key where key is not null",
        )
        .into_iter()
        .collect();
    let there: BTreeSet<String> = fleet.storage.keys(BUCKET).into_iter().collect();
    assert!(!named.is_empty(), "the load leaves blobs behind");
    assert!(named.is_subset(&there), "missing: {:?}", named.difference(&there).collect::<Vec<_>>());
}

/// The documents in the database, all of them.
fn documents_are_right(fleet: &Fleet, accepted: &[Accepted]) {
    let expected: Vec<String> = kinds().iter().map(|kind| expected_sum(fleet, &kind.document)).collect();
    let sum = UNTIMED.replace("DOCUMENT", "convert_from(jobs.result, 'UTF8')");
    let query = format!(
        "select simulations.id::text, {sum} from simulations join jobs on jobs.id = simulations.root"
    );
    let rows = fleet.database.rows(&query);
    let sums: HashMap<String, Option<String>> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for one in accepted {
        let sum = sums.get(&one.id).unwrap_or_else(|| panic!("{} was accepted and is gone", one.id));
        assert_eq!(sum.as_deref(), Some(expected[one.kind].as_str()), "the document of {}", one.id);
    }
}

fn expected_sum(fleet: &Fleet, document: &str) -> String {
    let sum = UNTIMED.replace("DOCUMENT", &format!("$document${document}$document$"));
    fleet.database.value(&format!("select {sum}"))
}

/// What users are given: one of each kind, and all samples.
fn answers_are_right(fleet: &Fleet, accepted: &[Accepted]) {
    for (kind, expected) in kinds().iter().enumerate() {
        let of_kind = || accepted.iter().filter(|one| one.kind == kind);
        if let Some(samples) = &expected.samples {
            let are_right = of_kind().all(|one| fleet.client.fetch(&one.id, "samples") == *samples);
            assert!(are_right, "samples of kind {kind}");
        }
        if let Some(one) = of_kind().next() {
            let document = String::from_utf8(fleet.client.fetch(&one.id, "result")).expect("it is UTF-8");
            assert_eq!(untimed(&document), untimed(&expected.document));
        }
    }
}

/// A document without its timing and the name of what computed it.
fn untimed(document: &str) -> String {
    let (mut kept, mut is_timing) = (String::new(), false);
    for line in document.lines() {
        is_timing = (is_timing && !line.starts_with("  }")) || line.starts_with("  \"timing_ms\"");
        if !is_timing && !line.starts_with("  \"device\"") {
            kept.push_str(line);
        }
    }
    kept
}

fn failures(fleet: &Fleet) -> String {
    let query = "select kind || ' ' || state || ' after ' || attempt || ': ' || coalesce(error, '') as what
        from jobs where state <> 'succeeded' limit 5";
    fleet.database.column::<String>(query).join("; ")
}

/// Holds the longest time in which no job ended, from a fault's end, `since`, to the end of the last job, to the bound,
/// and prints it.
pub fn work_went_on(fleet: &Fleet, fault: &str, since: f64) {
    let longest = format!(
        "select max(at - before) from (
             select at, coalesce(lag(at) over (order by at), {since}) as before
             from journal where after = 'succeeded' and at > {since}) as ended"
    );
    recovered(
        fault,
        fleet.database.value::<Option<f64>>(&longest).expect("jobs were left for after the fault"),
    );
}

/// Holds the jobs that a worker had when it died, at `since`, to the bound, and prints the last to run elsewhere. Says
/// how many there were.
pub fn jobs_ran_elsewhere(fleet: &Fleet, fault: &str, worker: &str, since: f64) -> usize {
    // The last that a worker did was to claim; whoever took a job from it claimed it after that. A settlement that was on
    // its way when the worker stopped may have been written: then nothing was lost.
    let query = format!(
        "select (select min(again.at) from journal as again
                 where again.job = lost.job and again.after = 'running' and again.epoch > lost.epoch)
         from journal as lost
         where lost.after = 'running' and lost.worker = '{worker}' and lost.at <= {since}
             and not exists (select from journal as ended where ended.job = lost.job
                 and ended.epoch = lost.epoch and ended.before = 'running'
                 and (ended.at <= {since} or ended.after = 'succeeded'))"
    );
    let ran: Vec<Option<f64>> = fleet.database.column(&query);
    let waits = ran.iter().map(|at| at.expect("a job of a dead worker ran elsewhere") - since);
    recovered(fault, waits.fold(0.0, f64::max));
    ran.len()
}

fn recovered(fault: &str, seconds: f64) {
    eprintln!("{fault}: recovered after {seconds:.1} s");
    assert!(seconds <= RECOVERED_WITHIN, "{fault}: {seconds:.1} s");
}
