//! Compiles the stand-in for the CUDA driver: see `driver/`.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=driver/libcuda.c");
    let is_linux = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if is_linux {
        let folder = env::var("OUT_DIR").expect("cargo sets it");
        // Not linked from here: the library that `cust` asks for leads to it, behind the calls of `cust`.
        cc::Build::new().file("driver/libcuda.c").cargo_metadata(false).compile("fermiac_driver");
        println!("cargo:rustc-link-search=native={folder}");
    }
}
