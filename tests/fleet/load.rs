//! What is submitted: small simulations, some with samples, some large enough for slices, and what each must come to.

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::thread;

use fermiac_kernels::simulation::Unobserved;
use fermiac_simulation::{Drawn, Prepared, SimulationRequest, Work};

use crate::client::Client;

/// So many clients submit side by side.
const CLIENTS: usize = 4;
/// How many seeds the small ones have.
const SEEDS: usize = 5;
/// One in so many leaves samples behind: a blob each.
const WITH_SAMPLES: usize = 20;
/// One in so many becomes slices: parts in blobs, and a combine.
const SLICED: usize = 500;
/// Trials of these, which so many slots share out.
const SLICED_TRIALS: u64 = 131_072;
const SLOTS: usize = 4;
/// Formulas of the model that is sliced, and terms of each: so costly that half of the trials are worth a job.
const FORMULAS: usize = 64;
const TERMS: usize = 110;

/// A simulation that was accepted.
pub struct Accepted {
    pub id: String,
    /// Which of [`kinds`] it is.
    pub kind: usize,
}

/// One request, and what it must come to.
pub struct Kind {
    pub request: String,
    pub document: String,
    pub samples: Option<Vec<u8>>,
}

/// All that are submitted: small with each seed, then with samples, then sliced.
pub fn kinds() -> &'static [Kind] {
    static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
        let small = (1..=SEEDS).map(|seed| request(&call(), 2_000, seed, false));
        let requests = small.chain([request(&call(), 500, 6, true), sliced_request(7)]);
        requests.map(Kind::of).collect()
    });
    &KINDS
}

/// Submits simulations from several clients, each until it is accepted.
pub fn submit(client: &Client, count: usize) -> Vec<Accepted> {
    let run = part_of_keys();
    let share = |first: usize| {
        let mine = (first..count).step_by(CLIENTS);
        let accept = |number: usize| {
            let kind = kind_of(number);
            let id = client.submit(&kinds()[kind].request, &format!("{run}-{number}"));
            Accepted { id, kind }
        };
        mine.map(accept).collect::<Vec<Accepted>>()
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|first| scope.spawn(move || share(first))).collect();
        clients.into_iter().flat_map(|client| client.join().expect("all are accepted")).collect()
    })
}

/// A model that one thread of a debug build is at for about a second for each 65,536 trials.
pub fn costly_model() -> String {
    let term = |formula: usize, term: usize| format!("+x*0.000{:05}", 1 + formula * TERMS + term);
    let formula = |number: usize| {
        let terms: String = (0..TERMS).map(|one| term(number, one)).collect();
        let before = if number == 0 { "0".to_owned() } else { format!("c{}", number - 1) };
        format!("\"c{number}\": \"={before}{terms}\"")
    };
    let cells: Vec<String> = (0..FORMULAS).map(formula).collect();
    let last = FORMULAS - 1;
    format!(
        r#"{{"inputs": {{"x": "normal(0, 1)"}}, "cells": {{{}}}, "outputs": ["c{last}"]}}"#,
        cells.join(", ")
    )
}

/// A request for trials of a model.
pub fn request(model: &str, trials: u64, seed: usize, samples: bool) -> String {
    format!(r#"{{"model": {model}, "trials": {trials}, "seed": {seed}, "samples": {samples}}}"#)
}

fn kind_of(number: usize) -> usize {
    match number {
        _ if number % SLICED == 7 => SEEDS + 1,
        _ if number % WITH_SAMPLES == 3 => SEEDS,
        _ => number % SEEDS,
    }
}

fn call() -> String {
    let path = format!("{}/examples/european_call.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the example is there")
}

/// Two slices of the same length.
fn sliced_request(seed: usize) -> String {
    request(&costly_model(), SLICED_TRIALS, seed, false)
}

/// A part of idempotency keys that no other call has.
fn part_of_keys() -> String {
    format!("{:x}", (crate::database::now() * 1e9) as u64)
}

impl Kind {
    fn of(request: String) -> Kind {
        let parsed = SimulationRequest::from_json(request.as_bytes()).expect("it can be read");
        let model = parsed.json_model().expect("the model is in the request");
        let prepared = Prepared::compile(model, &parsed).expect("it compiles");
        let is_sliced = parsed.settings.trials.count() == SLICED_TRIALS;
        assert_eq!(matches!(prepared.work(SLOTS), Ok(Work::Slices(slices)) if slices.len() > 1), is_sliced);
        let finished = prepared.simulate(NonZeroUsize::MIN, Drawn::No, &Unobserved).expect("it runs");
        let mut samples = Vec::new();
        if parsed.settings.keep_samples {
            finished.samples().write_parquet(&mut samples).expect("memory takes them");
        }
        let document = finished.document().expect("it has a document");
        Kind { request, document, samples: Some(samples).filter(|samples| !samples.is_empty()) }
    }
}
