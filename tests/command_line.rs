//! The program as a person or a script meets it: exit codes, what goes to which stream, files.

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

const MODEL: &str = r#"{
    "inputs": {"price": "uniform(90, 130)", "volume": "triangular(1000, 1300, 1800)"},
    "cells": {"profit": "=price*volume-100000", "ratio": "=1/INT(price/100)"},
    "outputs": {"profit": "Profit", "ratio": "Ratio"}
}"#;

#[test]
fn a_run_shows_people_the_distribution_of_each_output() {
    let folder = Folder::new("people");
    let output = fermiac(&["run", &folder.model(MODEL)]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = text(&output.stdout);
    for part in ["10,000 trials", "Profit", "percentiles", "what drives it", "#DIV/0!", "█"] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colour is for terminals");
    assert!(output.stderr.is_empty());
}

#[test]
fn json_is_one_document_and_the_same_for_any_number_of_threads() {
    let folder = Folder::new("json");
    let model = folder.model(MODEL);
    let run = |threads: &str| {
        let output = fermiac(&["run", &model, "--json", "--trials", "20_000", "--threads", threads]);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(document.as_object_mut().unwrap().remove("timing_ms").is_some());
        document
    };
    let document = run("1");
    assert_eq!(document, run("2"));
    assert_eq!(document["stopped"], "trials");
    assert_eq!(document["outputs"]["profit"]["errors"]["#DIV/0!"], 0);
    assert!(document["outputs"]["ratio"]["errors"]["#DIV/0!"].as_u64().unwrap() > 4_000);
}

#[test]
fn one_trial_is_the_same_as_in_the_samples_of_all() {
    let folder = Folder::new("trial");
    let (model, samples) = (folder.model(MODEL), folder.file("samples.csv"));
    for sampling in ["random", "lhs", "sobol"] {
        assert_one_trial_is_as_in_all(&model, &samples, &["--trials", "5000", "--sampling", sampling]);
    }
}

fn assert_one_trial_is_as_in_all(model: &str, samples: &str, options: &[&str]) {
    let run = |more: &[&str]| fermiac(&[&["run", model], options, more].concat());
    let output = run(&["--samples", samples]);
    assert!(output.status.success(), "{output:?}");
    let csv = std::fs::read_to_string(samples).expect("the run has written them");
    assert_eq!(csv.lines().next(), Some("trial,price,volume,profit,ratio"));
    let output = run(&["--trial", "4321", "--json"]);
    let trial: Value = serde_json::from_slice(&output.stdout).expect("--json prints a document");
    let line = csv.lines().nth(4322).expect("there are more trials");
    let fields: Vec<&str> = line.split(',').collect();
    assert_eq!(fields[0], "4321");
    let expected = [
        &trial["inputs"]["price"]["value"],
        &trial["inputs"]["volume"]["value"],
        &trial["outputs"]["profit"]["value"],
    ];
    for (field, value) in fields[1..4].iter().zip(expected) {
        assert_eq!(field.parse::<f64>().ok(), value.as_f64());
    }
}

#[test]
fn stratified_runs_say_so_and_know_their_mean_better() {
    let folder = Folder::new("strata");
    let model = folder.model(MODEL);
    let run = |sampling: &str, trials: &str| -> Value {
        let output = fermiac(&["run", &model, "--json", "--sampling", sampling, "--trials", trials]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let error = |document: &Value| document["outputs"]["profit"]["mean_std_error"].as_f64().unwrap();
    let random = error(&run("random", "4096"));
    for sampling in ["lhs", "sobol"] {
        let document = run(sampling, "4096");
        assert_eq!(document["sampling"], sampling);
        assert!(!document["warnings"].to_string().contains("standard error"), "{document}");
        assert!(error(&document) < random / 4.0, "{sampling}: {document}");
        let document = run(sampling, "15");
        assert!(document["outputs"]["profit"]["mean_std_error"].is_null());
        assert!(document["warnings"].to_string().contains("standard error of the mean is unknown"));
    }
}

#[test]
fn correlations_of_a_model_reach_its_draws() {
    let folder = Folder::new("correlations");
    let model = |matrix: &str| {
        folder.model(&format!(
            r#"{{"inputs": {{"a": "normal(0, 1)", "b": "normal(0, 1)"}}, "cells": {{"s": "=a+b"}}, "outputs": ["s"],
                "correlations": [{{"inputs": ["A", "b"], "matrix": {matrix}}}]}}"#
        ))
    };
    let output = fermiac(&["run", &model("[[1, 0.5], [0.5, 1]]"), "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    // The variance is 2 + 2 r, with the linear correlation r = 2 sin(pi / 12).
    let expected = (2.0 + 4.0 * (std::f64::consts::PI / 12.0).sin()).sqrt();
    let found = document["outputs"]["s"]["std_dev"].as_f64().unwrap();
    // Five standard errors of 10,000 trials.
    assert!((found / expected - 1.0).abs() < 5.0 / 20_000f64.sqrt(), "{found} {expected}");
    let output = fermiac(&["run", &model("[[1, 0.5], [0.4, 1]]")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("correlations[0]: the matrix must be symmetric"));
}

#[test]
fn a_report_is_one_page() {
    let folder = Folder::new("report");
    let report = folder.file("report.html");
    let output = fermiac(&["run", &folder.model(MODEL), "--report", &report]);
    assert!(output.status.success(), "{output:?}");
    let page = std::fs::read_to_string(&report).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    // Ratio is 1 wherever it is a number: nothing to draw.
    assert_eq!(page.matches("<svg").count(), 3);
}

#[test]
fn a_run_stops_once_the_precision_is_reached() {
    let folder = Folder::new("until");
    let output =
        fermiac(&["run", &folder.model(MODEL), "--json", "--trials", "1e6", "--until", "mean(Profit)+-2%"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["stopped"], "precision");
    assert!(document["trials"].as_u64().unwrap() < 1_000_000);
}

#[test]
fn the_command_line_wins_over_the_model() {
    let folder = Folder::new("wins");
    let output = fermiac(&["run", &folder.model(MODEL), "--json", "--input", "PRICE=uniform(200, 300)"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["inputs"]["price"]["distribution"], "uniform(200, 300)");
    assert!(document["inputs"]["price"]["mean"].as_f64().unwrap() > 200.0);
}

#[test]
fn what_cannot_be_is_refused_with_exit_code_2_and_a_message() {
    let folder = Folder::new("refusals");
    let model = folder.model(MODEL);
    for (arguments, message) in [
        (vec!["run", "/nowhere.xlsx"], "there is no such file"),
        (vec!["run", &model, "--trials", "0"], "at least 1 trial"),
        (vec!["run", &model, "--input", "price"], "write it as"),
        (vec!["run", &model, "--input", "price=norml(1, 2)"], "norml"),
        (
            vec!["run", &model, "--input", "price=normal(1, 2)", "--input", "Price=normal(1, 2)"],
            "given twice",
        ),
        (vec!["run", &model, "--output", "nothing"], "nothing"),
        (vec!["run", &model, "--device", "cuda:99"], "--device cuda:99: "),
        (
            vec!["run", &model, "--sampling", "lhs", "--until", "mean(profit)+-1%"],
            "judges independent trials",
        ),
        (vec!["run", &model, "--sampling", "lhs", "--trials", "9", "--trial", "9"], "trials 0 to 8"),
        (vec!["run", &model, "--samples", "out.xlsx"], "name it .csv or .parquet"),
        (vec!["run", &model, "--until", "mean(Loss)+-1%"], "there is no output"),
        (vec!["check", &model], "name a workbook"),
        (vec!["launch"], "unrecognized subcommand"),
        (vec![], "Usage: fermiac"),
    ] {
        let output = fermiac(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(text(&output.stderr).contains(message), "{arguments:?}: {}", text(&output.stderr));
    }
}

fn fermiac(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fermiac")).args(arguments).output().expect("the program was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder of one test, gone when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("fermiac-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Folder(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn model(&self, text: &str) -> String {
        let path = self.file("model.json");
        std::fs::write(&path, text).expect("the temporary folder is writable");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
