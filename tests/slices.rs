//! A simulation in slices, as a fleet does it, against `fermiac run`: the same document to the byte.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

#[expect(dead_code, reason = "every test crate uses its own part of it")]
mod program;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};

use fermiac_kernels::simulation::{SlicePart, Unobserved};
use fermiac_simulation::{Drawn, Failure, Finished, Prepared, SimulationRequest, Work};
use program::{committed, fermiac};
use serde_json::{Value, json};

const TRIALS: u64 = 300_000;
/// Whole blocks of 4,096, but for the last one.
const SLICES: [Range<u64>; 3] = [0..81_920, 81_920..249_856, 249_856..TRIALS];

/// The bytes of a document but for the lines of its timing, which differ from run to run.
fn without_timing(document: &str) -> String {
    let (before, rest) = document.split_once("  \"timing_ms\": {\n").unwrap();
    let (timing, after) = rest.split_once("  },\n").unwrap();
    assert_eq!(timing.lines().count(), 3, "load, compile and simulate");
    format!("{before}{after}")
}

fn examples() -> Vec<PathBuf> {
    let files = std::fs::read_dir(committed("examples")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|kind| kind == "xlsx" || kind == "json")).collect()
}

fn request(settings: Value) -> SimulationRequest {
    let Value::Object(mut document) = settings else { panic!("settings are an object") };
    document.insert("workbook".to_owned(), "the one that is read".into());
    SimulationRequest::from_json(Value::from(document).to_string().as_bytes()).unwrap()
}

/// Each slice from the model's bytes on its own, as another machine would, and sent as bytes.
fn in_slices(model: &Path, request: &SimulationRequest, slices: &[Range<u64>]) -> Finished {
    let bytes = std::fs::read(model).unwrap();
    let prepared = || Prepared::compile(&bytes, request).unwrap();
    let parts = slices.iter().map(|trials| {
        let part = prepared().simulate_slice(trials.clone(), NonZeroUsize::MIN, &Unobserved)?;
        let (here, there) = (prepared().origin()?, prepared().origin()?);
        Ok(SlicePart::from_bytes(&part.to_bytes(there), here)?)
    });
    prepared().combine(NonZeroUsize::MIN, parts).unwrap()
}

fn at_once(model: &Path, more: &[&str]) -> String {
    let finished = fermiac(&[&["run", model.to_str().unwrap(), "--json"], more].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    finished.stdout
}

#[test]
fn every_example_in_slices_is_the_document_of_run() {
    let examples = examples();
    assert!(examples.len() >= 5);
    for model in examples {
        let sliced = in_slices(&model, &request(json!({"trials": TRIALS, "seed": 5})), &SLICES);
        let whole = at_once(&model, &["--trials", "300_000", "--seed", "5"]);
        let document = sliced.document().unwrap();
        assert_eq!(without_timing(&document), without_timing(&whole), "{}", model.display());
    }
}

#[test]
fn stratified_slices_are_the_document_of_run() {
    let model = committed("examples/project_npv.xlsx");
    for sampling in ["lhs", "sobol"] {
        let sliced = in_slices(&model, &request(json!({"trials": TRIALS, "sampling": sampling})), &SLICES);
        let whole = at_once(&model, &["--trials", "300_000", "--sampling", sampling]);
        assert_eq!(without_timing(&sliced.document().unwrap()), without_timing(&whole), "{sampling}");
    }
}

#[test]
fn what_a_request_says_is_what_the_command_line_says() {
    let model = committed("examples/project_npv.xlsx");
    let document: Value = serde_json::from_str(&at_once(&model, &["--trials", "10"])).unwrap();
    let cell = |group: &str| document[group].as_object().unwrap().keys().next().unwrap().clone();
    let (input, output) = (cell("inputs"), cell("outputs"));
    let said = request(json!({
        "inputs": {&input: "uniform(0, 1)"}, "outputs": [{"cell": &output, "name": "What matters"}],
        "trials": 5000, "samples": true,
    }));
    let slice = Range { start: 0, end: 5000 };
    let sliced = in_slices(&model, &said, &[slice]);
    let folder = program::Folder::new();
    let samples = ["csv", "parquet"].map(|kind| folder.path(&format!("samples.{kind}")));
    let (said_input, said_output) = (format!("{input}=uniform(0, 1)"), format!("{output}=What matters"));
    let arguments = ["--input", &said_input, "--output", &said_output, "--trials", "5000", "--samples"];
    let of_slices = [csv(&sliced), parquet(&sliced)];
    for (path, of_slices) in samples.iter().zip(of_slices) {
        let whole = at_once(&model, &[&arguments[..], &[path.to_str().unwrap()]].concat());
        assert_eq!(without_timing(&sliced.document().unwrap()), without_timing(&whole));
        assert!(of_slices == std::fs::read(path).unwrap(), "{} is that of run", path.display());
    }
}

fn csv(finished: &Finished) -> Vec<u8> {
    let mut bytes = Vec::new();
    finished.samples().write_csv(&mut bytes).unwrap();
    bytes
}

fn parquet(finished: &Finished) -> Vec<u8> {
    let mut bytes = Vec::new();
    finished.samples().write_parquet(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_model_in_the_request_is_simulated_as_its_file() {
    let model = committed("examples/european_call.json");
    let text = std::fs::read_to_string(&model).unwrap();
    let said = format!(r#"{{"model": {text}, "trials": "1e5", "until": "mean(payoff)+-1%"}}"#);
    let said = SimulationRequest::from_json(said.as_bytes()).unwrap();
    let prepared = Prepared::compile(said.json_model().unwrap(), &said).unwrap();
    assert_eq!(prepared.work(10).unwrap(), Work::AtOnce);
    let finished = prepared.simulate(NonZeroUsize::MIN, Drawn::No, &Unobserved).unwrap();
    let whole = at_once(&model, &["--trials", "1e5", "--until", "mean(payoff)+-1%"]);
    assert_eq!(without_timing(&finished.document().unwrap()), without_timing(&whole));
    let slice = prepared.simulate_slice(0..100_000, NonZeroUsize::MIN, &Unobserved).unwrap_err();
    assert_eq!(slice, Failure::refused("until: a simulation that stops early has no slices"));
}

#[test]
fn planned_slices_hold_every_trial_once() {
    let bytes = std::fs::read(committed("examples/retirement.xlsx")).unwrap();
    let prepared = Prepared::compile(&bytes, &request(json!({"trials": "5e7"}))).unwrap();
    let Work::Slices(slices) = prepared.work(8).unwrap() else { panic!("nothing stops it early") };
    assert!(slices.len() >= 8, "{} slices", slices.len());
    assert!(slices.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!((slices[0].start, slices[slices.len() - 1].end), (0, 50_000_000));
}

#[test]
fn what_could_not_be_simulated_is_refused_when_it_is_compiled() {
    let bytes = std::fs::read(committed("examples/project_npv.xlsx")).unwrap();
    for (settings, expected) in [
        (json!({"trials": 1_000_000_000, "samples": true}), "may be held in memory"),
        (json!({"until": "mean(Nothing)+-1%"}), "until: there is no output \"Nothing\""),
        (json!({"inputs": {"Nowhere!A1": "uniform(0, 1)"}}), "Nowhere"),
    ] {
        let refused = Prepared::compile(&bytes, &request(settings)).unwrap_err();
        assert!(matches!(&refused, Failure::Refused(reason) if reason.contains(expected)), "{refused}");
    }
    let missing = Prepared::compile(&bytes, &request(json!({"trials": TRIALS}))).unwrap();
    let combined = missing.combine(NonZeroUsize::MIN, []);
    assert_eq!(combined.unwrap_err(), Failure::Failed("the parts end at trial 0 of 300000".to_owned()));
}
