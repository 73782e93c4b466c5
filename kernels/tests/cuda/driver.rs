//! Runs the tests for GPUs beside a driver that has the processor for its GPU: see `cuda/driver.cpp`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::host::compile;

/// The folder of a `libcuda.so.1`. Nothing where there is no compiler.
fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compiled = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-driver");
        std::fs::create_dir_all(&folder).expect("the folder above is cargo's own");
        compile("cuda/driver.cpp", &folder.join("libcuda.so.1"), &["-shared", "-fPIC"]).then_some(folder)
    };
    FOLDER.get_or_init(compiled).as_deref()
}

/// Runs the tests of [`crate::on_a_gpu`] of this name in a process of their own, in which the driver is found.
fn run_beside_the_driver(name: &str, fault: Option<&str>) {
    let Some(folder) = folder() else { return };
    let mut tests = Command::new(std::env::current_exe().expect("this program runs"));
    tests.arg(format!("on_a_gpu::{name}")).arg("--nocapture").env("LD_LIBRARY_PATH", folder);
    // What is kept of one driver is nothing to another.
    let cache = folder.join(format!("cache-{}", name.len() + fault.map_or(0, str::len)));
    let _ = std::fs::remove_dir_all(&cache);
    tests.env("XDG_CACHE_HOME", &cache).env("STAND_IN_PLANS", "3000");
    if let Some(fault) = fault {
        tests.env("STAND_IN_FAULT", fault);
    }
    let output = tests.output().expect("a program starts that runs already");
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("test result: ok."), "{told}");
    assert_eq!(told.contains("STAND_IN_FAULT:"), fault.is_some(), "{told}");
    assert!(!told.contains("skipped") && !told.contains(" 0 passed"), "{told}");
    let _ = std::fs::remove_dir_all(cache);
}

#[test]
fn the_engine_comes_to_the_results_of_the_processor() {
    run_beside_the_driver("", None);
}

#[test]
fn the_engine_goes_on_without_a_gpu_that_fails() {
    // One test a process: what fails has failed for all of it.
    for name in ["a_gpu_that_fails_in", "a_gpu_that_fails_while"] {
        for fault in ["0 launch 1 719", "0 launch 3 719"] {
            run_beside_the_driver(name, Some(fault));
        }
    }
    // Launches of three kernels each, the first of them in the middle of what is reduced.
    for launch in [60, 61, 62] {
        run_beside_the_driver("a_gpu_that_fails_while", Some(&format!("0 launch {launch} 719")));
    }
}

#[test]
fn a_gpu_whose_bits_are_others_is_not_believed() {
    for launch in ["launch", "moments", "sift"] {
        run_beside_the_driver("a_gpu_that_is_wrong", Some(&format!("0 {launch} 1 -1")));
    }
}

#[test]
fn a_kernel_that_the_driver_does_not_link_is_loaded_and_one_that_it_does_not_load_is_done_without() {
    // The first to be loaded are the interpreter and the statistics.
    for fault in ["0 link 1 218", "0 load 3 218"] {
        run_beside_the_driver("a_plan_has_code_of_its_own", Some(fault));
    }
}
