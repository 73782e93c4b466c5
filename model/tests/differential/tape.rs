//! What the compiler folds and what the tape computes is the same: to the bit for numbers, alike for errors.

use fermiac_model::compile::{CompileError, Input, Output, Selection, compile};
use fermiac_model::distribution::Distribution;
use fermiac_model::plan::{Opcode, Operand, Place, Plan, Shape, scalar};
use fermiac_model::value::Value;
use proptest::test_runner::TestCaseError;

use super::choices::{Choices, words};
use super::engine::workbook;
use super::formula::{self, Scope};
use super::sheet::{Constant, Sheet};
use super::{Tally, assert_holds, runner};

/// Cases of a run that nobody asked to be longer.
const CASES: u32 = 4_000;

#[test]
fn the_tape_gives_what_is_folded() {
    let tally = Tally::default();
    let result = runner(CASES).run(&words(), |words| {
        let sheet = formula::sheet(&mut Choices::new(&words), Scope::All);
        compare(&sheet, &tally).map_err(TestCaseError::fail)
    });
    assert_holds(result);
    tally.assert_share(0.5);
}

fn compare(sheet: &Sheet, tally: &Tally) -> Result<(), String> {
    for index in 0..sheet.formulas.len() {
        // A cell that no formula uses: everything is folded.
        let folded = run(sheet, index, &[("Z99".to_owned(), 1.0)])?;
        let (Some(folded), Some(live)) = (folded, run(sheet, index, &inputs(sheet))?) else {
            tally.skipped();
            continue;
        };
        // -0 is 0.
        let bits = |value: Value| match value {
            Value::Number(number) => (number + 0.0).to_bits(),
            other => other.pack().to_bits(),
        };
        if bits(folded) != bits(live) {
            return Err(format!(
                "{} folds to {folded:?} and is {live:?} on the tape\n{sheet:?}",
                sheet.formulas[index]
            ));
        }
        tally.compared();
    }
    Ok(())
}

/// Every cell that holds a number, with its number.
fn inputs(sheet: &Sheet) -> Vec<(String, f64)> {
    let number = |(name, constant): &(String, Constant)| match constant {
        Constant::Number(number) => Some((name.clone(), *number)),
        _ => None,
    };
    sheet.constants.iter().filter_map(number).collect()
}

/// What formula `index` comes to with these inputs; `None` where it is refused as uncomputable.
fn run(sheet: &Sheet, index: usize, inputs: &[(String, f64)]) -> Result<Option<Value>, String> {
    let input = |(at, (cell, number)): (usize, &(String, f64))| {
        // Both distributions draw one number only.
        let distribution_text = if at % 2 == 0 {
            format!("constant({number})")
        } else {
            format!("discrete({{{number}}}, {{1}})")
        };
        Input {
            cell: format!("S!{cell}"),
            name: None,
            distribution: Distribution::parse(&distribution_text).unwrap(),
            distribution_text,
        }
    };
    let selection = Selection {
        inputs: inputs.iter().enumerate().map(input).collect(),
        outputs: vec![Output { cell: format!("S!{}", Sheet::formula_cell(index)), name: None }],
        correlations: Vec::new(),
    };
    let plan = match compile(&mut workbook(sheet, &[]), &selection) {
        Ok(compiled) => compiled.plan,
        Err(CompileError::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let numbers: Vec<f64> = inputs.iter().map(|(_, number)| *number).collect();
    Ok(columns(&plan, &numbers).last().map(|column| Value::unpack(*column)))
}

/// The columns of one trial whose inputs are `numbers`.
fn columns(plan: &Plan, numbers: &[f64]) -> Vec<f64> {
    let mut slots = vec![f64::NAN; plan.slots as usize];
    let mut columns = numbers.to_vec();
    columns.resize(plan.columns(), f64::NAN);
    for instruction in &plan.instructions {
        let read = |bits: u32| match Operand::from_bits(bits).place() {
            Place::Slot(slot) => slots[slot as usize],
            Place::Constant(index) => plan.constants[index as usize],
        };
        let (opcode, a, b, c) = (instruction.opcode, instruction.a, instruction.b, instruction.c);
        let result = match opcode.shape() {
            Shape::Draw => columns[a as usize],
            Shape::One if opcode == Opcode::HasKind => {
                scalar::apply(opcode, read(a), f64::from(b), 0.0, &plan.texts)
            }
            Shape::One => scalar::apply(opcode, read(a), 0.0, 0.0, &plan.texts),
            Shape::Two => scalar::apply(opcode, read(a), read(b), 0.0, &plan.texts),
            Shape::Three => scalar::apply(opcode, read(a), read(b), read(c), &plan.texts),
            Shape::Run => {
                let arguments = &plan.arguments[a as usize..(a + b) as usize];
                let mut run: Vec<f64> = arguments.iter().map(|operand| read(operand.bits())).collect();
                scalar::apply_run(opcode, &mut run, read(c), &plan.texts)
            }
        };
        let destination = instruction.destination as usize;
        if opcode == Opcode::Store {
            columns[destination] = result;
        } else {
            slots[destination] = result;
        }
    }
    columns
}
