//! Parts of slices that are of no use when they are to be merged.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

use fermiac_fleet::delivery::{Delivery, Outcome, Produced, Settlement};
use fermiac_fleet::ids::SimulationId;
use fermiac_fleet::job::{Bell, Kind, Label, Priority, State};
use fermiac_fleet::simulation::{Common, SimulationJobs, SliceWork, StoredRequest, part_key};
use fermiac_fleet::store::{NewSimulation, StoreSettings};
use fermiac_simulation::{Drawn, Prepared, SimulationRequest, Unobserved};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::bench::Bench;

const LEASE: Duration = Duration::from_secs(30);
/// So many that outputs are tallied.
const TRIALS: u64 = 400_000;
const SLICES: [Range<u64>; 4] = [0..81_920, 81_920..163_840, 163_840..245_760, 245_760..TRIALS];

/// The call, from a seed.
fn request(seed: u64) -> String {
    let model = r#"{"inputs": {"z": "normal(0, 1)"}, "cells": {"payoff": "=MAX(EXP(z) - 1, 0)"}, "outputs": ["payoff"]}"#;
    format!(r#"{{"model": {model}, "trials": {TRIALS}, "seed": {seed}}}"#)
}

fn prepared(request: &str) -> Prepared {
    let request = SimulationRequest::from_json(request.as_bytes()).unwrap();
    Prepared::compile(request.json_model().unwrap(), &request).unwrap()
}

fn part(model: &Prepared, trials: &Range<u64>) -> Vec<u8> {
    let part = model.simulate_slice(trials.clone(), NonZeroUsize::MIN, &Unobserved).unwrap();
    part.to_bytes(model.origin().unwrap())
}

fn without_timing(document: &[u8]) -> Value {
    let mut document: Value = serde_json::from_slice(document).unwrap();
    document.as_object_mut().unwrap().remove("timing_ms").unwrap();
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn slices_whose_parts_are_of_no_use_are_evaluated_where_they_are_merged() {
    let bench = Bench::with(&StoreSettings::of("testing")).await;
    let model = prepared(&request(7));
    let (simulation, jobs) = submitted(&bench, &request(7)).await;
    // One part is damaged, one is of another seed, one is well, and one is gone.
    let well = SLICES.each_ref().map(|trials| part(&model, trials));
    let mut damaged = well[0].clone();
    damaged[1000] ^= 1;
    let foreign = part(&prepared(&request(8)), &SLICES[1]);
    let parts = [Some(damaged), Some(foreign), Some(well[2].clone()), None];
    let mut keys = Vec::new();
    for delivery in claimed(&bench, &jobs).await {
        let SliceWork { first_trial, end_trial } = serde_json::from_slice(&delivery.payload).unwrap();
        let slice = SLICES.iter().position(|slice| *slice == (first_trial..end_trial)).unwrap();
        let key = part_key(simulation, delivery.held());
        if let Some(bytes) = &parts[slice] {
            bench.blobs.put(&key, bytes.clone().into()).await.unwrap();
        }
        keys.push((slice, key.clone()));
        let produced = Produced {
            result_key: Some(key),
            progress: Some(end_trial - first_trial),
            ..Produced::default()
        };
        let settlement = Settlement { held: delivery.held(), outcome: Outcome::Completed(produced) };
        bench.store.settle(vec![settlement]).await.unwrap();
    }
    let working = bench.worker(Label::Cpu);
    let bell = Bell { job: jobs.root, label: Label::Cpu, priority: Priority::Normal };
    let combine = bench.ended(jobs.root, &[bell]).await;
    assert_eq!((combine.state, combine.attempt, combine.error), (State::Succeeded, 1, None));
    let result = bench.store.result(jobs.root).await.unwrap().result.unwrap();
    let at_once = model.simulate(NonZeroUsize::MIN, Drawn::No, &Unobserved).unwrap().document().unwrap();
    assert_eq!(without_timing(&result), without_timing(at_once.as_bytes()));
    working.end().await;
    // Another attempt would have found them.
    for (slice, key) in keys {
        assert!(bench.blobs.get(&key, u64::MAX).await.unwrap() == well[slice], "the part of slice {slice}");
    }
}

async fn submitted(bench: &Bench, request: &str) -> (SimulationId, SimulationJobs) {
    let owner = bench.store.add_user("somebody", false).await.unwrap().user.id;
    let simulation = SimulationId::new();
    let common =
        Common { simulation, owner, label: Label::Cpu, priority: Priority::Normal, trace_context: None };
    let jobs = SimulationJobs::of(&common, &SLICES);
    let stored =
        StoredRequest { request: RawValue::from_string(request.to_owned()).unwrap(), workbook_hash: None };
    let new = NewSimulation {
        id: simulation,
        owner,
        workbook: None,
        idempotency_key: None,
        request: serde_json::to_vec(&stored).unwrap(),
        trials: TRIALS,
        root: jobs.root,
    };
    bench.store.submit_simulation(&new, &jobs.jobs).await.unwrap();
    (simulation, jobs)
}

/// The slices, in the hands of a worker that is only heard of.
async fn claimed(bench: &Bench, jobs: &SimulationJobs) -> Vec<Delivery> {
    let slices = jobs.jobs.iter().filter(|job| job.kind == Kind::Slice).map(|job| job.id);
    let slices: Vec<_> = slices.collect();
    let deliveries = bench.store.claim("another", &slices, LEASE).await.unwrap();
    assert_eq!(deliveries.len(), SLICES.len());
    deliveries
}
