//! What the fuzz targets have in common: from a workbook that was read to numbers.
#![forbid(unsafe_code)]

use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::simulation::evaluate_trial;
use fermiac_model::cell::Position;
use fermiac_model::compile::{Input, Output, Selection, check, compile, inspect};
use fermiac_model::distribution::Distribution;
use fermiac_model::selection::take_sheet;
use fermiac_model::value::Value;
use fermiac_model::workbook::{Cell, Content, NumberFormat, Sheet, Workbook};

/// Does with a workbook all that the commands do: takes its own selection, inspects, checks, simulates one trial.
pub fn use_workbook(mut workbook: Workbook) {
    let _ = inspect(&mut workbook);
    let _ = check(&mut workbook);
    let Ok(mut selection) = take_sheet(&mut workbook) else { return };
    if selection.outputs.is_empty() {
        selection = first_and_last(&workbook);
    }
    simulate(&mut workbook, &selection);
}

/// Compiles and evaluates one trial. Every outcome is an error value or a finite number.
pub fn simulate(workbook: &mut Workbook, selection: &Selection) {
    let Ok(compiled) = compile(workbook, selection) else { return };
    let Ok(engine) = CpuEngine::new(&compiled.plan, 1) else { return };
    for packed in evaluate_trial(&engine, &compiled.plan, 7) {
        if let Value::Number(number) = Value::unpack(packed) {
            assert!(number.is_finite(), "a trial came to {number}");
        }
    }
}

/// The first cell of the first sheet as input, the last formula of all as output.
fn first_and_last(workbook: &Workbook) -> Selection {
    let name = |sheet: &Sheet, cell: &Cell| {
        format!("'{}'!{}", sheet.name.replace('\'', "''"), cell.position)
    };
    let mut selection = Selection::default();
    if let Some(sheet) = workbook.sheets.first()
        && let Some(cell) = sheet.cells.as_slice().first()
    {
        selection.inputs.push(input(&name(sheet, cell)));
    }
    for sheet in workbook.sheets.iter().rev() {
        if let Some(cell) = sheet.cells.as_slice().iter().rev().find(|cell| cell.content != Content::Constant) {
            selection.outputs.push(output(&name(sheet, cell)));
            break;
        }
    }
    selection
}

/// A small sheet of numbers, texts, an error and a boolean in A1:C4, with `formula` in E5.
pub fn around(formula: &str) -> Workbook {
    let mut workbook = Workbook::default();
    let text = Value::Text(workbook.texts.intern("text"));
    let two = Value::Text(workbook.texts.intern("2"));
    let error = Value::Error(fermiac_model::value::ErrorKind::NotAvailable);
    let number = Value::Number;
    let rows = [
        [number(1.0), number(-2.5), text],
        [number(2.0), number(0.0), two],
        [number(3.0), Value::Empty, error],
        [number(40.0), number(1e300), Value::Bool(true)],
    ];
    let mut sheet = Sheet { name: "S".to_owned(), ..Sheet::default() };
    for (row, values) in (0..).zip(rows) {
        for (column, value) in (0..).zip(values) {
            push(&mut sheet, Position { row, column }, Content::Constant, value);
        }
    }
    let at = Position { row: 4, column: 4 };
    let id = workbook.formulas.intern(formula, at);
    push(&mut sheet, at, Content::Formula(id), Value::Empty);
    workbook.sheets.push(sheet);
    workbook
}

fn push(sheet: &mut Sheet, position: Position, content: Content, value: Value) {
    assert!(sheet.cells.push(Cell { position, content, value, format: NumberFormat::General }));
}

/// An input `normal(1, 2)` in `cell`.
pub fn input(cell: &str) -> Input {
    let text = "normal(1, 2)";
    let distribution = Distribution::parse(text).expect("the text is a distribution");
    Input { cell: cell.to_owned(), name: None, distribution, distribution_text: text.to_owned() }
}

/// An output in `cell`.
pub fn output(cell: &str) -> Output {
    Output { cell: cell.to_owned(), name: None }
}
