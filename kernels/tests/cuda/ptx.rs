//! What the committed PTX may do, as far as its text tells. That it is what the source makes is `cuda/compile --check`'s.

use fermiac_kernels::engine::cuda::{PTX, REDUCTION_PTX};

/// Moves, choices and comparisons, which round nothing, and operations that round to nearest.
const EXACT: [&str; 24] = [
    "abs.f64",
    "add.rn.f64",
    "copysign.f64",
    "div.rn.f64",
    "fma.rn.f64",
    "ld.f64",
    "ld.global.f64",
    "ld.global.nc.f64",
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
    "st.param.f64",
    "st.shared.f64",
    "sub.rn.f64",
    "ld.local.f64",
];

#[test]
fn no_operation_of_the_kernel_rounds_otherwise_than_to_nearest() {
    for ptx in [PTX, REDUCTION_PTX] {
        assert!(ptx.lines().filter_map(operation).next().is_some(), "the kernel computes");
    }
    for operation in [PTX, REDUCTION_PTX].into_iter().flat_map(|ptx| ptx.lines().filter_map(operation)) {
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
fn no_operation_of_the_kernel_is_an_approximation() {
    for part in [".approx", ".ftz", ".f32", "call.uni _"] {
        assert!(!PTX.contains(part) && !REDUCTION_PTX.contains(part), "{part}");
    }
    assert!(PTX.contains(".visible .entry fermiac_interpret("));
    for kernel in ["fermiac_moments", "fermiac_sift"] {
        assert!(REDUCTION_PTX.contains(&format!(".visible .entry {kernel}(")));
    }
}
