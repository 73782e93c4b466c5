//! The command line on a machine without a GPU, and beside a driver whose GPU is the processor.

mod driver;

use std::path::Path;
use std::process::{Command, Output};

use driver::driver;
use serde_json::Value;

const MODEL: &str = "examples/project_npv.xlsx";

fn fermiac(arguments: &[&str], driver: Option<&Path>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_fermiac"));
    program.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    if let Some(folder) = driver {
        program.env("LD_LIBRARY_PATH", folder);
    }
    program.output().expect("the program was built")
}

fn document(arguments: &[&str], driver: Option<&Path>) -> Value {
    let output = fermiac(arguments, driver);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("it is one document")
}

#[test]
fn the_doctor_tells_of_the_processor_and_why_no_gpu_is_used() {
    let told = document(&["doctor", "--json"], None);
    assert!(told["processor"]["threads"].as_u64().unwrap() > 0);
    let gpu = &told["gpu"];
    assert_ne!(gpu["usable"].is_null(), gpu["problem"].is_null(), "{gpu}");
    let shown = fermiac(&["doctor"], None);
    assert!(shown.status.success());
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    if let Some(problem) = gpu["problem"].as_str() {
        assert!(shown.contains(&format!("none is used: {problem}")), "{shown}");
    }
}

#[test]
fn the_doctor_tells_of_a_driver_and_its_gpus() {
    let Some(driver) = driver() else { return };
    let gpu = &document(&["doctor", "--json"], Some(driver))["gpu"];
    assert_eq!((gpu["driver_cuda"].as_str(), gpu["usable"].as_u64()), (Some("12.4"), Some(0)), "{gpu}");
    let device = &gpu["devices"][0];
    assert_eq!(device["name"], "the processor, as a GPU");
    assert_eq!(
        (device["memory_bytes"].as_u64(), &device["compute_capability"]),
        (Some(1 << 30), &"7.5".into())
    );
}

#[test]
fn a_gpu_comes_to_the_document_of_the_processor() {
    let Some(driver) = driver() else { return };
    let run = |device: &str| {
        let arguments = ["run", MODEL, "--trials", "10_000", "--device", device, "--json"];
        without_timing(document(&arguments, Some(driver)))
    };
    let (device, on_gpu) = run("cuda:0");
    let (_, on_cpu) = run("cpu");
    assert_eq!(device, Some("cuda".into()));
    assert_eq!(on_gpu, on_cpu);
}

/// A run that would be long, but ends early.
const LONG: [&str; 9] = [
    "run",
    MODEL,
    "--trials",
    "6e7",
    "--threads",
    "1",
    "--until",
    "p50(Net present value)+-100000",
    "--json",
];

fn without_timing(mut document: Value) -> (Option<Value>, Value) {
    let told = document.as_object_mut().expect("it is an object");
    told.remove("timing_ms").expect("it tells how long it took");
    (told.remove("device"), document)
}

#[test]
fn a_long_run_takes_the_gpu_by_itself_and_a_short_one_the_processor() {
    let Some(driver) = driver() else { return };
    let (device, on_gpu) = without_timing(document(&LONG, Some(driver)));
    assert_eq!(device, Some("cuda".into()));
    let (device, on_cpu) =
        without_timing(document(&[&LONG[..], &["--device", "cpu"]].concat(), Some(driver)));
    assert_eq!((device, &on_cpu), (Some("cpu".into()), &on_gpu));
    // Without a driver nothing is said of it; a machine may have one of its own.
    let has_gpu = !document(&["doctor", "--json"], None)["gpu"]["usable"].is_null();
    let device = if has_gpu { "cuda" } else { "cpu" };
    assert_eq!(without_timing(document(&LONG, None)), (Some(device.into()), on_cpu));
    let (device, _) = without_timing(document(&["run", MODEL, "--trials", "20_000", "--json"], Some(driver)));
    assert_eq!(device, Some("cpu".into()));
}

#[test]
fn a_gpu_that_cannot_be_opened_is_done_without_and_told() {
    let Some(driver) = driver() else { return };
    let mut program = Command::new(env!("CARGO_BIN_EXE_fermiac"));
    program.args(LONG).current_dir(env!("CARGO_MANIFEST_DIR")).env("LD_LIBRARY_PATH", driver);
    let output = program.env("STAND_IN_FAULT", "0 load 1 218").output().expect("the program was built");
    let document: Value = serde_json::from_slice(&output.stdout).expect("it is one document");
    assert_eq!(document["device"], "cpu");
    let told = document["warnings"].to_string();
    assert!(told.contains("the GPU is not used: the NVIDIA driver refuses the kernel"), "{told}");
}

#[test]
fn where_a_gpu_comes_to_other_bits_the_processor_begins_anew() {
    let Some(driver) = driver() else { return };
    let run = ["run", "examples/european_call.json", "--trials", "400_000", "--json", "--device"];
    let (_, mut expected) = without_timing(document(&[&run[..], &["cpu"]].concat(), None));
    // The first values, and the first statistics after some that were right.
    for kernel in ["launch", "moments", "sift"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fermiac"));
        program.args(run).arg("cuda").current_dir(env!("CARGO_MANIFEST_DIR"));
        program.env("LD_LIBRARY_PATH", driver).env("STAND_IN_FAULT", format!("0 {kernel} 1 -1"));
        let output = program.output().expect("the program was built");
        let document: Value = serde_json::from_slice(&output.stdout).expect("it is one document");
        let told = document["warnings"].to_string();
        assert!(told.contains("compared with the processor") && told.contains("anew"), "{kernel}: {told}");
        expected["warnings"] = document["warnings"].clone();
        assert_eq!(without_timing(document), (Some("cpu".into()), expected.clone()), "{kernel}");
    }
}

#[test]
fn a_gpu_that_is_asked_for_is_not_replaced_by_the_processor() {
    let output = fermiac(&["run", MODEL, "--device", "cuda:99", "--json"], driver());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("fermiac: --device cuda:99: there is no"), "{told}");
}
