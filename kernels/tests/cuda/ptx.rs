//! What the committed PTX may do, as far as its text tells. That it is what the source makes is `cuda/compile --check`'s.

use crate::examples;
use crate::host::image_of;
use fermiac_kernels::engine::cuda::generated::{Generated, library::FUNCTIONS};
use fermiac_kernels::engine::cuda::{PTX, REDUCTION_PTX};
use fermiac_kernels::random::Sampling;

/// Moves, choices and comparisons, which round nothing, and operations that round to nearest.
const EXACT: [&str; 26] = [
    "abs.f64",
    "add.rn.f64",
    "copysign.f64",
    "div.rn.f64",
    "fma.rn.f64",
    "ld.f64",
    "ld.global.f64",
    "ld.global.nc.f64",
    "ld.global.nc.v2.f64",
    "ld.param.f64",
    "ld.shared.f64",
    "max.f64",
    "min.f64",
    "mov.f64",
    "mul.rn.f64",
    "neg.f64",
    "rcp.rn.f64",
    "selp.f64",
    "sqrt.rn.f64",
    "st.f64",
    "st.global.f64",
    "st.local.f64",
    "st.param.f64",
    "st.shared.f64",
    "sub.rn.f64",
    "ld.local.f64",
];

#[test]
fn no_operation_of_the_kernels_rounds_otherwise_than_to_nearest() {
    for text in [PTX, REDUCTION_PTX, FUNCTIONS] {
        assert_exact(text);
    }
}

#[test]
fn nor_does_one_that_is_written_for_a_plan() {
    for plan in examples::plans() {
        let generated = Generated::new(&plan, &image_of(&plan, 1, Sampling::Random));
        let text = generated.expect("the examples are small").ptx;
        assert_exact(&text);
        assert!([".approx", ".ftz", ".f32"].iter().all(|part| !text.contains(part)));
    }
}

/// Of the operations of doubles in a text.
fn assert_exact(text: &str) {
    let mut operations = text.lines().filter_map(operation).peekable();
    assert!(operations.peek().is_some(), "the kernel computes");
    for operation in operations {
        // A conversion to an integer in a double rounds as its name says, exactly.
        let known =
            EXACT.contains(&operation) || operation.starts_with("setp.") || operation.starts_with("cvt.");
        assert!(known, "{operation}");
    }
}

/// The name of the operation in a line, if it is one of doubles.
fn operation(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let instruction = if line.starts_with('@') { line.split_once(' ')?.1 } else { line };
    let name = instruction.split_whitespace().next()?;
    (name.contains("f64") && !name.starts_with('.')).then_some(name)
}

#[test]
fn no_operation_of_the_kernels_is_an_approximation() {
    for part in [".approx", ".ftz", ".f32", "call.uni _"] {
        for text in [PTX, REDUCTION_PTX, FUNCTIONS] {
            assert!(!text.contains(part), "{part}");
        }
    }
    assert!(PTX.contains(".visible .entry fermiac_interpret("));
    for kernel in ["fermiac_moments", "fermiac_sift"] {
        assert!(REDUCTION_PTX.contains(&format!(".visible .entry {kernel}(")));
    }
}
