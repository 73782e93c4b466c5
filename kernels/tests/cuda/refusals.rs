//! Whether what runs generated code without a GPU refuses what a GPU would refuse, or would do who knows what with.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::host::compile;

/// What is wrong with a kernel of these instructions.
fn refusal(program: &Path, instructions: &str) -> String {
    let text = format!(
        ".visible .entry fermiac_generated(\n\t.param .u64 words\n)\n{{\n\t.reg .f64 %f<3>;\n\t.reg .u64 %a, %b;\n\
         \t.reg .pred %p<2>;\n\t.local .align 8 .b8 slots[16];\n{instructions}}}\n"
    );
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("just compiled");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads all");
    String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("it is text")
}

#[test]
fn what_is_wrong_with_a_kernel_is_an_error() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cuda-ptx-refusals");
    if !compile("cuda/ptx_refusals.cpp", &program, &[]) {
        return;
    }
    let one = "\tmov.f64 %f0, 0d3FF0000000000000;\n";
    assert_eq!(refusal(&program, &format!("{one}\tadd.rn.f64 %f1, %f0, %f0;\n\tret;\n")), "");
    for (wrong, told) in [
        ("\tadd.rn.f64 %f1, %f0, %f2;\n\tret;\n", "%f2 is read before it was written"),
        ("\tadd.f64 %f1, %f0, %f0;\n\tret;\n", "unknown: add.f64"),
        ("\tfma.rz.f64 %f1, %f0, %f0, %f0;\n\tret;\n", "unknown: fma.rz.f64"),
        ("\tmov.b64 %a, %p0;\n\tret;\n", "%p0 is of another type"),
        ("\tld.global.nc.v2.f64 {%f1}, [%a];\n\tret;\n", "these are no two"),
        ("\tadd.rn.f64 %f1, %f0;\n\tret;\n", "an operand is missing"),
        ("\tadd.rn.f64 %f1, %f0, %f0, %f0;\n\tret;\n", "an operand too many"),
        ("\tadd.rn.f64 %f1, %f0, %a;\n\tret;\n", "%a is of another type"),
        ("\tadd.rn.f64 %f3, %f0, %f0;\n\tret;\n", "there is no %f3"),
        ("\tadd.rn.f64 %f1, %f0, 1;\n\tret;\n", "an operand of another type"),
        ("\t@%p0 bra $end;\n$end:\n\tret;\n", "%p0 is read before it was written"),
        ("\tbra $end;\n\tret;\n", "there is no $end"),
        ("$end:\n$end:\n\tret;\n", "it has been before"),
        ("\tcall (%f1), fermiac_nothing, (%f0);\n\tret;\n", "unknown: fermiac_nothing"),
        ("\tcall (%f1), fermiac_exp, (%f0, %f0);\n\tret;\n", "%f0 is of another type"),
        ("\tcall fermiac_exp, (%a, %f0);\n\tret;\n", "a result more or less"),
        ("\tst.local.f64 [slots+16], %f0;\n\tret;\n", "this is past its end"),
        ("\tadd.rn.f64 %f1, %f0, %f0;\n", "it runs past its end"),
    ] {
        let words = refusal(&program, &format!("{one}{wrong}"));
        assert!(words.starts_with(told), "{wrong}: {words}");
    }
}
