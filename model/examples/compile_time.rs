//! Times reading and compiling a workbook: `cargo run --release -p fermiac-model --example compile_time -- FILE
//! 'Inputs!B1=normal(0.0004, 0.0001)' ... 'Results!B1'`.

use std::time::Instant;

use fermiac_model::compile::{Input, Output, Selection, compile};
use fermiac_model::distribution::{Distribution, Family};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the first argument is a workbook");
    let mut selection = Selection::default();
    for argument in arguments {
        match argument.split_once('=') {
            Some((cell, _)) => selection.inputs.push(Input {
                cell: cell.to_owned(),
                name: None,
                distribution: Distribution {
                    family: Family::Uniform { min: 0.1, max: 0.2 },
                    truncate_min: None,
                    truncate_max: None,
                    shift: 0.0,
                },
                distribution_text: String::new(),
            }),
            None => selection.outputs.push(Output { cell: argument, name: None }),
        }
    }
    let start = Instant::now();
    let mut workbook = fermiac_model::workbook::open(path.as_ref()).expect("the workbook can be read");
    let loaded = start.elapsed();
    let compiled = compile(&mut workbook, &selection).expect("the workbook compiles");
    let total = start.elapsed();
    println!(
        "load {loaded:?}, compile {:?}, {} instructions, {} slots, {} formulas",
        total - loaded,
        compiled.plan.instructions.len(),
        compiled.plan.slots,
        workbook.formulas.len()
    );
}
