//! A worksheet part: rows of cells, and the tables that lie on it.

use super::cell_value::{ValueReader, ValueType};
use super::draft::{CellAllowance, Draft};
use super::error::{ReadError, excerpt};
use super::formulas::{BoundedFormulas, CellName};
use super::limits::Limits;
use super::strings::{read_runs, read_text};
use super::xml::Events;
use super::{Cell, Content, NumberFormat, Sheet};
use crate::value::Value;

/// Reads the sheets of one workbook, one after the other.
#[derive(Debug)]
pub(super) struct SheetReader<'w> {
    /// Makes the stored values.
    pub values: ValueReader<'w>,
    /// What the `s` of a cell is an index of.
    pub formats: Vec<NumberFormat>,
    formulas: BoundedFormulas<'w>,
    allowance: CellAllowance,
    tables_limit: u64,
    formula_text: String,
    value_text: String,
}

impl<'w> SheetReader<'w> {
    /// Reads into what `values` and `formulas` add to.
    pub fn new(
        values: ValueReader<'w>,
        formats: Vec<NumberFormat>,
        formulas: BoundedFormulas<'w>,
        limits: &Limits,
    ) -> SheetReader<'w> {
        SheetReader {
            values,
            formats,
            formulas,
            allowance: CellAllowance::new(limits),
            tables_limit: limits.relationships,
            formula_text: String::new(),
            value_text: String::new(),
        }
    }

    /// Reads the sheet called `name`. The relationships of its tables come beside it.
    pub fn read(&mut self, events: &mut Events<'_>, name: &str) -> Result<(Sheet, Vec<String>), ReadError> {
        let mut draft = Draft::new(name);
        let mut tables = Vec::new();
        events.expect_root("worksheet")?;
        while events.next_child()? {
            match events.name() {
                "sheetData" => self.read_rows(events, &mut draft)?,
                "tableParts" => {
                    while events.next_child()? {
                        if tables.len() as u64 >= self.tables_limit {
                            return Err(events.too_large("tables", self.tables_limit));
                        }
                        tables.extend(events.attribute("id")?);
                        events.skip()?;
                    }
                }
                _ => events.skip()?,
            }
        }
        Ok((draft.finish(&mut self.allowance)?, tables))
    }

    fn read_rows(&mut self, events: &mut Events<'_>, draft: &mut Draft) -> Result<(), ReadError> {
        while events.next_child()? {
            if events.name() != "row" {
                events.skip()?;
                continue;
            }
            draft.begin_row(events)?;
            while events.next_child()? {
                match events.name() {
                    "c" => self.read_cell(events, draft)?,
                    _ => events.skip()?,
                }
            }
        }
        Ok(())
    }

    fn read_cell(&mut self, events: &mut Events<'_>, draft: &mut Draft) -> Result<(), ReadError> {
        let (mut reference, mut style, mut value_type) = (None, None, "n");
        events.attributes(|name, value| match name {
            "r" => reference = Some(value),
            "s" => style = Some(value),
            "t" => value_type = value,
            _ => {}
        })?;
        let position = draft.position(events, reference)?;
        let Draft { name, formulas, .. } = draft;
        let cell = CellName { sheet: name, position };
        let value_type = ValueType::parse(value_type, cell)?;
        let format = match style {
            None => NumberFormat::General,
            Some(style) => self.format_of(style, cell)?,
        };
        let (mut content, mut value) = (None, Value::Empty);
        while events.next_child()? {
            let inline = value_type == ValueType::InlineString;
            match events.name() {
                "f" => content = formulas.read(events, &mut self.formulas, &mut self.formula_text, cell)?,
                "v" if !inline => {
                    self.value_text.clear();
                    read_text(events, &mut self.value_text)?;
                    value = self.values.read(&self.value_text, value_type, cell)?;
                }
                "is" if inline => {
                    read_runs(events, &mut self.value_text)?;
                    value = self.values.read(&self.value_text, value_type, cell)?;
                }
                _ => events.skip()?,
            }
        }
        if content.is_none() && value == Value::Empty {
            return Ok(());
        }
        self.allowance.take(1, cell)?;
        draft.add(Cell { position, content: content.unwrap_or(Content::Constant), value, format });
        Ok(())
    }

    fn format_of(&self, style: &str, cell: CellName<'_>) -> Result<NumberFormat, ReadError> {
        let index: Option<usize> = style.parse().ok();
        // Some writers leave the styles out and still number them.
        let format = index.map(|index| self.formats.get(index).copied().unwrap_or_default());
        format.ok_or_else(|| cell.damaged(format!("its style is {:?}", excerpt(style))))
    }
}
