//! The selection that a workbook brings along: the sheet named `fermiac`.

use super::{SelectionError, input, refuse_duplicates};
use crate::cell::{Area, MAX_COLUMNS, Position};
use crate::compile::{Directory, Output, Selection};
use crate::value::Value;
use crate::workbook::{Cell, Sheet, Workbook};

/// The name of the sheet, case ignored.
pub const SELECTION_SHEET: &str = "fermiac";

/// Takes the sheet `fermiac` out of `workbook` and reads it; an empty selection where there is none.
///
/// Its first row that holds anything names the columns `cell`, `role`, `distribution` and `name`, in any order
/// and case; columns with other headings are the person's own. Each row below says one input or output. The
/// sheet is no part of the model: a formula that refers to it finds it gone.
pub fn take_sheet(workbook: &mut Workbook) -> Result<Selection, SelectionError> {
    let is_it = |sheet: &Sheet| sheet.name.eq_ignore_ascii_case(SELECTION_SHEET);
    let Some(index) = workbook.sheets.iter().position(is_it) else {
        return Ok(Selection::default());
    };
    let sheet = workbook.sheets.remove(index);
    let index = index as u32;
    workbook.names.retain(|name| name.scope != Some(index));
    for scope in workbook.names.iter_mut().filter_map(|name| name.scope.as_mut()) {
        *scope -= u32::from(*scope > index);
    }
    workbook.tables.retain(|table| table.sheet != index);
    for table in &mut workbook.tables {
        table.sheet -= u32::from(table.sheet > index);
    }
    read(&Reading { sheet: &sheet, directory: Directory::new(workbook), workbook })
}

/// A selection sheet being read.
struct Reading<'a> {
    sheet: &'a Sheet,
    /// What it speaks of: the others.
    workbook: &'a Workbook,
    directory: Directory,
}

/// Where the columns are.
#[derive(Default)]
struct Columns {
    cell: Option<u32>,
    role: Option<u32>,
    distribution: Option<u32>,
    name: Option<u32>,
}

fn read(reading: &Reading<'_>) -> Result<Selection, SelectionError> {
    let mut selection = Selection::default();
    let mut rows: Vec<u32> = reading.sheet.cells.as_slice().iter().map(|cell| cell.position.row).collect();
    rows.dedup();
    let mut rows = rows.into_iter().filter(|row| reading.row_holds_something(*row));
    let Some(header) = rows.next() else {
        return Ok(selection);
    };
    let columns = reading.columns(header)?;
    for row in rows {
        reading.read_row(row, &columns, &mut selection)?;
    }
    refuse_duplicates(&selection)
        .map_err(|error| reading.error(Position { row: header, column: 0 }, &error.to_string()))?;
    Ok(selection)
}

impl Reading<'_> {
    fn columns(&self, row: u32) -> Result<Columns, SelectionError> {
        let mut columns = Columns::default();
        for cell in self.row(row) {
            let heading = self.text(cell.position)?.to_lowercase();
            let column = match heading.as_str() {
                "cell" => &mut columns.cell,
                "role" => &mut columns.role,
                "distribution" => &mut columns.distribution,
                "name" => &mut columns.name,
                _ => continue,
            };
            if column.replace(cell.position.column).is_some() {
                return Err(self.error(cell.position, &format!("a second column {heading}; keep one")));
            }
        }
        if columns.cell.is_none() || columns.role.is_none() {
            let reason = "this row must name the columns: cell, role, distribution, name";
            return Err(self.error(Position { row, column: 0 }, reason));
        }
        Ok(columns)
    }

    fn read_row(&self, row: u32, columns: &Columns, selection: &mut Selection) -> Result<(), SelectionError> {
        let place = |column: Option<u32>| Position { row, column: column.unwrap_or(0) };
        let field = |column: Option<u32>| match column {
            Some(column) => self.text(Position { row, column }),
            None => Ok(String::new()),
        };
        let (cell, role) = (field(columns.cell)?, field(columns.role)?);
        let (distribution, name) = (field(columns.distribution)?, field(columns.name)?);
        if [&cell, &role, &distribution, &name].iter().all(|field| field.is_empty()) {
            return Ok(());
        }
        if cell.is_empty() {
            return Err(self.error(place(columns.cell), "name the cell here, such as Sheet1!B2"));
        }
        let found = self.directory.find(self.workbook, &cell);
        found.map_err(|reason| self.error(place(columns.cell), &format!("{cell}: {reason}")))?;
        let name = Some(name).filter(|name| !name.is_empty());
        match role.to_lowercase().as_str() {
            "input" => {
                let wrong = |reason: String| self.error(place(columns.distribution), &reason);
                if distribution.is_empty() {
                    return Err(wrong(format!(
                        "the input {cell} needs a distribution here, such as normal(10, 2)"
                    )));
                }
                selection.inputs.push(input(&cell, &distribution, name).map_err(wrong)?);
            }
            "output" if distribution.is_empty() => selection.outputs.push(Output { cell, name }),
            "output" => {
                let reason = format!("the output {cell} can have no distribution; clear this cell");
                return Err(self.error(place(columns.distribution), &reason));
            }
            other => {
                let reason = format!("the role is input or output, not {other:?}");
                return Err(self.error(place(columns.role), &reason));
            }
        }
        Ok(())
    }

    fn row(&self, row: u32) -> impl Iterator<Item = &Cell> {
        let end = |column| Position { row, column };
        let area = Area { first: end(0), last: end(MAX_COLUMNS - 1) };
        self.sheet.cells.within(area).map(|index| &self.sheet.cells.as_slice()[index])
    }

    fn row_holds_something(&self, row: u32) -> bool {
        self.row(row).any(|cell| match cell.value {
            Value::Empty => false,
            Value::Text(id) => !self.workbook.texts.get(id).trim().is_empty(),
            Value::Number(_) | Value::Bool(_) | Value::Error(_) => true,
        })
    }

    /// What the cell shows, trimmed; of a formula, the value it was saved with.
    fn text(&self, position: Position) -> Result<String, SelectionError> {
        let Some(index) = self.sheet.cells.find(position) else {
            return Ok(String::new());
        };
        match self.sheet.cells.as_slice()[index].value {
            Value::Empty => Ok(String::new()),
            Value::Text(id) => Ok(self.workbook.texts.get(id).trim().to_owned()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(truth) => Ok(if truth { "TRUE" } else { "FALSE" }.to_owned()),
            Value::Error(kind) => Err(self.error(position, &format!("holds {kind}; write a text here"))),
        }
    }

    fn error(&self, position: Position, reason: &str) -> SelectionError {
        SelectionError::Sheet { cell: format!("{}!{position}", self.sheet.name), reason: reason.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbook::{Content, DefinedName, NumberFormat};

    /// A workbook of three sheets, the second holding `rows`; empty texts are no cells.
    fn workbook(rows: &[&[&str]]) -> Workbook {
        let mut workbook = Workbook::default();
        let mut sheet = Sheet { name: "Fermiac".to_owned(), ..Sheet::default() };
        for (row, fields) in rows.iter().enumerate() {
            for (column, field) in fields.iter().enumerate().filter(|(_, field)| !field.is_empty()) {
                let position = Position { row: row as u32, column: column as u32 };
                let value = Value::Text(workbook.texts.intern(field));
                let (content, format) = (Content::Constant, NumberFormat::General);
                assert!(sheet.cells.push(Cell { position, content, value, format }));
            }
        }
        let named = |name: &str| Sheet { name: name.to_owned(), ..Sheet::default() };
        workbook.sheets = vec![named("Inputs"), sheet, named("Results")];
        workbook
    }

    fn refusal(rows: &[&[&str]]) -> String {
        take_sheet(&mut workbook(rows)).unwrap_err().to_string()
    }

    #[test]
    fn columns_may_come_in_any_order_and_case() {
        let mut workbook = workbook(&[
            &[],
            &["Name", "note", "CELL", "Distribution", "Role"],
            &["Price", "why not", "Inputs!B1", "normal(1, 2)", "Input"],
            &[],
            &["", "", "Results!B1", "", "output"],
        ]);
        let selection = take_sheet(&mut workbook).unwrap();
        assert_eq!(selection.inputs.len(), 1);
        assert_eq!(selection.inputs[0].cell, "Inputs!B1");
        assert_eq!(selection.inputs[0].name.as_deref(), Some("Price"));
        assert_eq!(selection.outputs, [Output { cell: "Results!B1".to_owned(), name: None }]);
    }

    #[test]
    fn the_sheet_is_no_part_of_the_model() {
        let mut workbook = workbook(&[&["cell", "role"]]);
        let name = |scope| DefinedName { name: "x".to_owned(), scope, text: "1".to_owned() };
        workbook.names = vec![name(None), name(Some(0)), name(Some(1)), name(Some(2))];
        assert_eq!(take_sheet(&mut workbook), Ok(Selection::default()));
        assert_eq!(
            workbook.sheets.iter().map(|sheet| &sheet.name).collect::<Vec<_>>(),
            ["Inputs", "Results"]
        );
        assert_eq!(workbook.names, [name(None), name(Some(0)), name(Some(1))]);
        assert_eq!(take_sheet(&mut workbook), Ok(Selection::default()));
    }

    #[test]
    fn a_mistake_is_told_with_its_cell() {
        let header: &[&str] = &["cell", "role", "distribution", "name"];
        let nowhere = refusal(&[header, &["Inputs!B1", "input", "normal(1, 2)"], &["Sheet9!D9", "output"]]);
        assert!(nowhere.starts_with("Fermiac!A3: Sheet9!D9: "), "{nowhere}");
        assert!(refusal(&[&["B1", "input"]]).starts_with("Fermiac!A1: this row must name the columns"));
        assert!(
            refusal(&[header, &["Inputs!A1", "inputs"]])
                .starts_with("Fermiac!B2: the role is input or output")
        );
        assert!(refusal(&[header, &["", "input"]]).starts_with("Fermiac!A2: name the cell here"));
        assert!(
            refusal(&[header, &["Inputs!A1", "input"]]).starts_with("Fermiac!C2: the input Inputs!A1 needs")
        );
        assert!(refusal(&[header, &["Inputs!A1", "input", "norml(1)"]]).starts_with("Fermiac!C2: "));
        assert!(
            refusal(&[header, &["Inputs!A1", "output", "normal(1, 2)"]])
                .starts_with("Fermiac!C2: the output Inputs!A1")
        );
        assert!(refusal(&[&["cell", "role", "Cell"]]).starts_with("Fermiac!C1: a second column cell"));
    }
}
