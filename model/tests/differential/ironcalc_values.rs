//! What ironcalc makes of a sheet, and that this program makes the same.

use fermiac_model::cell::Position;
use fermiac_model::compile::check;
use fermiac_model::value::ErrorKind;
use ironcalc::Model;
use ironcalc::cell::CellValue;
use ironcalc::types::CellType;
use proptest::test_runner::TestCaseError;

use super::choices::{Choices, words};
use super::engine::{Outcome, workbook};
use super::formula::{self, Scope};
use super::sheet::{Constant, Sheet};
use super::{Tally, assert_holds, departures, runner};

/// Cases of a run that nobody asked to be longer.
const CASES: u32 = 4_000;

#[test]
fn formulas_come_to_what_ironcalc_makes_of_them() {
    let tally = Tally::default();
    let result = runner(CASES).run(&words(), |words| {
        let sheet = formula::sheet(&mut Choices::new(&words), Scope::Shared);
        compare(&sheet, &tally).map_err(TestCaseError::fail)
    });
    assert_holds(result);
    tally.assert_share(0.5);
}

/// The first formula that differs, in words.
fn compare(sheet: &Sheet, tally: &Tally) -> Result<(), String> {
    let values = evaluate(sheet);
    let report = check(&mut workbook(sheet, &values)).map_err(|error| error.to_string())?;
    for (index, formula) in sheet.formulas.iter().enumerate() {
        let cell = format!("S!{}", Sheet::formula_cell(index));
        if report.unsupported.iter().any(|unsupported| unsupported.cell == cell) {
            // Formulas below may use this one.
            tally.skipped();
            return Ok(());
        }
        if let Some(difference) = report.differ.iter().find(|difference| difference.cell == cell) {
            if departures::says_nothing(difference) {
                tally.skipped();
                return Ok(());
            }
            return Err(format!(
                "{formula} is {} for ironcalc and {} here\n{}",
                difference.stored,
                difference.computed,
                described(sheet)
            ));
        }
        tally.compared();
    }
    Ok(())
}

fn described(sheet: &Sheet) -> String {
    let constants: Vec<String> =
        sheet.constants.iter().map(|(name, constant)| format!("{name} {constant:?}")).collect();
    format!("{}\n{}", constants.join(", "), sheet.formulas.join("\n"))
}

/// The values of the sheet's formulas.
fn evaluate(sheet: &Sheet) -> Vec<Outcome> {
    let mut model = Model::new_empty("model", "en", "UTC", "en").unwrap();
    let place = |name: &str| {
        let position = Position::parse(name).unwrap();
        (position.row as i32 + 1, position.column as i32 + 1)
    };
    for (name, constant) in &sheet.constants {
        let (row, column) = place(name);
        match constant {
            Constant::Number(number) => model.update_cell_with_number(0, row, column, *number),
            Constant::Text(text) => model.update_cell_with_text(0, row, column, text),
            Constant::Bool(truth) => model.update_cell_with_bool(0, row, column, *truth),
            Constant::Error(error) => model.set_user_input(0, row, column, (*error).to_owned()),
        }
        .unwrap();
    }
    for (index, formula) in sheet.formulas.iter().enumerate() {
        let (row, column) = place(&Sheet::formula_cell(index));
        model.update_cell_with_formula(0, row, column, formula.clone()).unwrap();
    }
    model.evaluate();
    (0..sheet.formulas.len())
        .map(|index| {
            let (row, column) = place(&Sheet::formula_cell(index));
            let kind = model.get_cell_type(0, row, column).unwrap();
            outcome(model.get_cell_value_by_index(0, row, column).unwrap(), &kind)
        })
        .collect()
}

fn outcome(value: CellValue, kind: &CellType) -> Outcome {
    match value {
        CellValue::None => Outcome::Text(String::new()),
        CellValue::Number(number) => Outcome::Number(number),
        CellValue::Boolean(truth) => Outcome::Bool(truth),
        CellValue::String(text) if *kind == CellType::ErrorValue => match ErrorKind::parse(&text) {
            Some(kind) => Outcome::Error(kind),
            None => Outcome::Text(text),
        },
        CellValue::String(text) => Outcome::Text(text),
    }
}
