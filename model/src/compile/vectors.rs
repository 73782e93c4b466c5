//! For tests: formulas with their values, each computed twice, folded and on the tape.

use super::address::Directory;
use super::graph::Graph;
use super::sheets::Sheets;
use super::walk::Walk;
use super::{Compiled, Input, Output, Selection, Term, compile};
use crate::cell::{Area, Position};
use crate::distribution::{Distribution, Family};
use crate::plan::{Draw, Opcode, Operand, Place, Plan, Shape, scalar};
use crate::value::{ErrorKind, Value};
use crate::workbook::{ArrayFormula, Cell, Content, NumberFormat, Sheet, Workbook};

/// A workbook of one sheet `S`: `("A1", "3")`, `("A2", "text")`, `("B1", "=A1*2")`.
pub fn workbook(cells: &[(&str, &str)]) -> Workbook {
    let mut workbook = Workbook::default();
    let mut sorted: Vec<(Position, &str)> =
        cells.iter().map(|(cell, text)| (Position::parse(cell).unwrap(), *text)).collect();
    sorted.sort_by_key(|(position, _)| *position);
    let mut sheet = Sheet { name: "S".to_owned(), ..Sheet::default() };
    for (position, text) in sorted {
        let (content, value) = match text.strip_prefix('=') {
            Some(formula) => (Content::Formula(workbook.formulas.intern(formula, position)), Value::Empty),
            None => (Content::Constant, constant(&mut workbook, text)),
        };
        assert!(sheet.cells.push(Cell { position, content, value, format: NumberFormat::General }));
    }
    workbook.sheets.push(sheet);
    workbook
}

fn constant(workbook: &mut Workbook, text: &str) -> Value {
    match (text, ErrorKind::parse(text), text.parse::<f64>()) {
        ("TRUE", ..) => Value::Bool(true),
        ("FALSE", ..) => Value::Bool(false),
        (_, Some(kind), _) => Value::Error(kind),
        (_, _, Ok(number)) => Value::Number(number),
        _ => Value::Text(workbook.texts.intern(text)),
    }
}

/// Input `cell`, always `value`.
pub fn input(cell: &str, value: f64) -> Input {
    let distribution = Distribution {
        family: Family::Constant { value },
        truncate_min: None,
        truncate_max: None,
        shift: 0.0,
    };
    Input {
        cell: format!("S!{cell}"),
        name: None,
        distribution,
        distribution_text: format!("constant({value})"),
    }
}

/// Output `cell`.
pub fn output(cell: &str) -> Output {
    Output { cell: format!("S!{cell}"), name: None }
}

/// The columns of a plan whose inputs are all constant.
pub fn run(plan: &Plan) -> Vec<Value> {
    let mut slots = vec![0.0; plan.slots as usize];
    let constant = |draw: &Draw| match draw.distribution.family {
        Family::Constant { value } => value,
        _ => panic!("only constants are drawn here"),
    };
    let mut columns: Vec<f64> = plan.draws.iter().map(constant).collect();
    columns.resize(plan.columns(), 0.0);
    for instruction in &plan.instructions {
        let read = |bits: u32| match Operand::from_bits(bits).place() {
            Place::Slot(slot) => slots[slot as usize],
            Place::Constant(index) => plan.constants[index as usize],
        };
        let (a, b, c) = (instruction.a, instruction.b, instruction.c);
        let result = match instruction.opcode.shape() {
            Shape::Draw => columns[a as usize],
            Shape::One if instruction.opcode == Opcode::Store => {
                columns[instruction.destination as usize] = read(a);
                continue;
            }
            Shape::One if instruction.opcode == Opcode::HasKind => {
                scalar::apply(Opcode::HasKind, read(a), f64::from(b), 0.0, &plan.texts)
            }
            Shape::One => scalar::apply(instruction.opcode, read(a), 0.0, 0.0, &plan.texts),
            Shape::Two => scalar::apply(instruction.opcode, read(a), read(b), 0.0, &plan.texts),
            Shape::Three => scalar::apply(instruction.opcode, read(a), read(b), read(c), &plan.texts),
            Shape::Run => {
                let arguments = &plan.arguments[a as usize..(a + b) as usize];
                let mut run: Vec<f64> = arguments.iter().map(|operand| read(operand.bits())).collect();
                scalar::apply_run(instruction.opcode, &mut run, read(c), &plan.texts)
            }
        };
        slots[instruction.destination as usize] = result;
    }
    columns.into_iter().map(Value::unpack).collect()
}

/// What `formula` comes to beside `cells`, everything known, as text.
pub fn folded(cells: &[(&str, &str)], formula: &str) -> String {
    let mut all = cells.to_vec();
    all.push(("Z99", formula));
    let mut workbook = workbook(&all);
    let directory = Directory::new(&workbook);
    let formulas = std::mem::take(&mut workbook.formulas);
    let graph = Graph::new(std::mem::take(&mut workbook.texts));
    let mut sheets = Sheets::new(&workbook, &directory, formulas, graph, &[]);
    let address = directory.find(&workbook, "S!Z99").unwrap();
    let cell = sheets.find(address).unwrap();
    Walk::default().visit(&mut sheets, cell).unwrap();
    match sheets.term(address) {
        Term::Known(Value::Text(id)) => sheets.graph.texts.get(id).to_owned(),
        Term::Known(value) => written(value),
        other => format!("{other:?}"),
    }
}

/// Compiles with every number of `cells` as an input.
pub fn compile_live(cells: &[(&str, &str)], formula: &str) -> Result<Compiled, super::CompileError> {
    compile_beside(cells, &mut with_formula(cells, formula))
}

/// The same of an array formula.
pub fn compile_array(cells: &[(&str, &str)], formula: &str) -> Result<Compiled, super::CompileError> {
    let mut workbook = with_formula(cells, formula);
    let sheet = &mut workbook.sheets[0];
    let last = sheet.cells.as_mut_slice().last_mut().unwrap();
    let Content::Formula(formula) = last.content else { panic!("the last cell holds the formula") };
    last.content = Content::Array(0);
    sheet.arrays.push(ArrayFormula { area: Area { first: last.position, last: last.position }, formula });
    compile_beside(cells, &mut workbook)
}

fn with_formula(cells: &[(&str, &str)], formula: &str) -> Workbook {
    let mut all = cells.to_vec();
    all.push(("Z99", formula));
    workbook(&all)
}

fn compile_beside(cells: &[(&str, &str)], workbook: &mut Workbook) -> Result<Compiled, super::CompileError> {
    let inputs = cells.iter().filter_map(|(cell, text)| Some(input(cell, text.parse().ok()?))).collect();
    compile(workbook, &Selection { inputs, outputs: vec![output("Z99")], ..Selection::default() })
}

fn written(value: Value) -> String {
    match value {
        Value::Number(number) => format!("{number}"),
        Value::Bool(truth) => if truth { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Error(kind) => kind.as_str().to_owned(),
        Value::Empty | Value::Text(_) => format!("{value:?}"),
    }
}

fn same(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// Asserts that each formula beside `cells` comes to its value, both folded and, with every number of `cells` an
/// input, on the tape. A condition is a number on the tape.
pub fn assert_vectors(cells: &[(&str, &str)], vectors: &[(&str, &str)]) {
    for (formula, expected) in vectors {
        let known = folded(cells, formula);
        assert!(same(&known, expected), "{formula} folds to {known}, not {expected}");
        let compiled = match compile_live(cells, formula) {
            Ok(compiled) => compiled,
            Err(error) => panic!("{formula}: {error}"),
        };
        let live = written(*run(&compiled.plan).last().unwrap());
        let number = match *expected {
            "TRUE" => "1",
            "FALSE" => "0",
            other if other.parse::<f64>().is_err() && ErrorKind::parse(other).is_none() => "#VALUE!",
            other => other,
        };
        assert!(same(&live, number), "{formula} is {live} on the tape, not {number}");
    }
}
