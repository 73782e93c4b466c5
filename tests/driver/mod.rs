//! A driver whose GPUs are the processor, for programs that are started beside it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The folder of a `libcuda.so.1` made of `kernels/cuda/driver.cpp`. Nothing where there is no C++ compiler.
pub fn driver() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(compiled_driver).as_deref()
}

fn compiled_driver() -> Option<PathBuf> {
    if Command::new("c++").arg("--version").output().is_err() {
        eprintln!("skipped: this machine has no C++ compiler; install g++");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-driver");
    std::fs::create_dir_all(&folder).expect("the folder above is cargo's own");
    let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
    let options =
        ["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-shared", "-fPIC", "-o"];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/cuda/driver.cpp");
    let status = Command::new("c++").args(options).arg(&unfinished).arg(source).status();
    assert!(status.expect("it just answered").success(), "the driver compiles");
    std::fs::rename(unfinished, folder.join("libcuda.so.1")).expect("both names are in one folder");
    Some(folder)
}
