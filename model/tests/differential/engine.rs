//! A sheet as a workbook of this program.

use fermiac_model::cell::Position;
use fermiac_model::value::{ErrorKind, Value};
use fermiac_model::workbook::{self, Cell, Content, NumberFormat, Workbook};

use super::sheet::{Constant, Sheet};

/// What a formula cell came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Number(f64),
    Bool(bool),
    Text(String),
    Error(ErrorKind),
}

/// The sheet `S`, its formulas with `stored` values.
pub fn workbook(sheet: &Sheet, stored: &[Outcome]) -> Workbook {
    let mut workbook = Workbook::default();
    let mut cells = Vec::new();
    for (name, constant) in &sheet.constants {
        let value = match constant {
            Constant::Number(number) => Value::Number(*number),
            Constant::Text(text) => Value::Text(workbook.texts.intern(text)),
            Constant::Bool(truth) => Value::Bool(*truth),
            Constant::Error(error) => Value::Error(ErrorKind::parse(error).unwrap()),
        };
        cells.push(cell(name, Content::Constant, value));
    }
    for (index, formula) in sheet.formulas.iter().enumerate() {
        let name = Sheet::formula_cell(index);
        let value = match stored.get(index) {
            None => Value::Empty,
            Some(Outcome::Number(number)) => Value::Number(*number),
            Some(Outcome::Bool(truth)) => Value::Bool(*truth),
            Some(Outcome::Text(text)) => Value::Text(workbook.texts.intern(text)),
            Some(Outcome::Error(kind)) => Value::Error(*kind),
        };
        let id = workbook.formulas.intern(formula, Position::parse(&name).unwrap());
        cells.push(cell(&name, Content::Formula(id), value));
    }
    let mut held = workbook::Sheet { name: "S".to_owned(), ..workbook::Sheet::default() };
    held.cells.insert(cells).unwrap();
    workbook.sheets.push(held);
    workbook
}

fn cell(name: &str, content: Content, value: Value) -> Cell {
    Cell { position: Position::parse(name).unwrap(), content, value, format: NumberFormat::General }
}
