//! Arbitrary text as a formula: read in both dialects, written again, computed.
#![no_main]

use fermiac_fuzz::{around, input, output, simulate};
use fermiac_model::cell::Position;
use fermiac_model::compile::{Selection, check};
use fermiac_model::formula::{Dialect, Formulas};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let at = Position { row: 4, column: 4 };
    for dialect in [Dialect::Cells, Dialect::Names] {
        let mut formulas = Formulas::with_dialect(dialect);
        let id = formulas.intern(text, at);
        let read = formulas.syntax(id).is_ok();
        let written = formulas.text(id, at);
        if read {
            assert_eq!(formulas.intern(&written, at), id, "{text:?} is written as {written:?}");
        }
        let elsewhere = Position { row: 1_048_575, column: 16_383 };
        let _ = formulas.text(id, elsewhere);
    }
    let _ = check(&mut around(text));
    let inputs = ["S!A1", "S!B2", "S!A3"].map(input).to_vec();
    simulate(&mut around(text), &Selection { inputs, outputs: vec![output("S!E5")] });
});
