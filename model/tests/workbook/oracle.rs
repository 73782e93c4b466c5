//! Beside another reader: the values and formulas of both agree.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use fermiac_model::value::Value;
use fermiac_model::workbook::{Content, read};

use crate::package::Package;

/// What calamine says of every cell that holds a value or a formula: (row, column, value, has a formula).
fn of_calamine(bytes: &[u8], sheet: &str) -> Vec<(u32, u32, String, bool)> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let values = workbook.worksheet_range(sheet).unwrap();
    let formulas = workbook.worksheet_formula(sheet).unwrap();
    let (top, left) = values.start().unwrap();
    values
        .used_cells()
        .map(|(row, column, value)| {
            let (row, column) = (row as u32 + top, column as u32 + left);
            let formula = formulas.get_value((row, column)).is_some_and(|formula| !formula.is_empty());
            let value = match value {
                Data::Float(number) => format!("{number}"),
                Data::Int(number) => format!("{number}"),
                Data::DateTime(date) => format!("{}", date.as_f64()),
                Data::String(text) => text.clone(),
                Data::Bool(truth) => format!("{truth}"),
                Data::Error(error) => error.to_string(),
                other => panic!("{other:?}"),
            };
            (row, column, value, formula)
        })
        .collect()
}

fn of_this_reader(bytes: &[u8], sheet: &str) -> Vec<(u32, u32, String, bool)> {
    let workbook = read(Cursor::new(bytes)).unwrap();
    let sheet = workbook.sheets.iter().find(|candidate| candidate.name == sheet).unwrap();
    let cells = sheet.cells.as_slice().iter().filter(|cell| cell.value != Value::Empty);
    cells
        .map(|cell| {
            let value = match cell.value {
                Value::Number(number) => format!("{number}"),
                Value::Text(id) => workbook.texts.get(id).to_owned(),
                Value::Bool(truth) => format!("{truth}"),
                Value::Error(kind) => kind.to_string(),
                Value::Empty => unreachable!("filtered out above"),
            };
            (cell.position.row, cell.position.column, value, matches!(cell.content, Content::Formula(_)))
        })
        .collect()
}

fn sample(rows: u32) -> Package {
    package_of(&sample_rows(rows))
}

/// Every type of value, with normal and shared formulas, `rows` long.
fn sample_rows(rows: u32) -> String {
    let mut xml = String::new();
    for row in 1..=rows {
        let number = f64::from(row) * 0.1 - 7.0;
        xml.push_str(&format!(
            "<row r=\"{row}\"><c r=\"B{row}\"><v>{number}</v></c><c r=\"C{row}\" t=\"s\"><v>{}</v></c>\
             <c r=\"D{row}\"><f>B{row}*2</f><v>{}</v></c><c r=\"E{row}\" s=\"1\"><v>{row}</v></c>\
             <c r=\"G{row}\" t=\"b\"><f>B{row}&gt;0</f><v>{}</v></c><c r=\"H{row}\" t=\"str\"><f>\"a\"&amp;\"b\"</f><v>ab</v></c>",
            row % 3,
            number * 2.0,
            u8::from(number > 0.0),
        ));
        match row {
            1 => xml.push_str(&format!(
                "<c r=\"I1\"><f t=\"shared\" ref=\"I1:I{rows}\" si=\"0\">B1+1</f><v>1</v></c></row>"
            )),
            _ => xml.push_str(&format!("<c r=\"I{row}\"><f t=\"shared\" si=\"0\"/><v>{row}</v></c></row>")),
        }
    }
    xml
}

fn package_of(rows: &str) -> Package {
    Package::with_rows(rows)
        .strings("<si><t>one</t></si><si><t>t&amp;o</t></si><si><r><t>th</t></r><r><t>ree</t></r></si>")
        .styles("<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>")
}

#[test]
fn values_and_formulas_agree_with_another_reader() {
    let bytes = sample(200).bytes();
    assert_eq!(of_this_reader(&bytes, "Model"), of_calamine(&bytes, "Model"));
}

/// Large enough to be inflated on a thread of its own.
#[test]
fn large_sheets_agree_with_another_reader() {
    let bytes = sample(20_000).bytes();
    assert!(bytes.len() > 300 << 10, "{}", bytes.len());
    assert_eq!(of_this_reader(&bytes, "Model"), of_calamine(&bytes, "Model"));
}

/// The common form of a cell is read by another way than the rest; a blank more makes it uncommon.
#[test]
fn both_ways_of_reading_a_cell_agree() {
    let plain = sample_rows(500);
    let uncommon = plain.replace("<c r", "<c  r");
    let sheets = [plain, uncommon].map(|rows| of_this_reader(&package_of(&rows).bytes(), "Model"));
    assert_eq!(sheets[0], sheets[1]);
    assert!(sheets[0].len() >= 500 * 7);
}
