//! A worksheet part: rows of cells, and the tables that lie on it.

use super::cell_value::{ValueReader, ValueType};
use super::draft::{CellAllowance, Draft};
use super::error::{ReadError, excerpt};
use super::formulas::{BoundedFormulas, CellName};
use super::limits::Limits;
use super::plain_cell::plain_cell;
use super::strings::{is_blank, read_runs, read_text};
use super::xml::Events;
use super::{Cell, Content, NumberFormat, Sheet};
use crate::cell::Position;
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
    text: String,
}

/// What the attributes of a cell say.
#[derive(Debug)]
struct Head {
    position: Position,
    value_type: ValueType,
    format: NumberFormat,
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
            text: String::new(),
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
            self.read_plain_cells(events, draft)?;
            while events.next_child()? {
                match events.name() {
                    "c" => self.read_cell(events, draft)?,
                    _ => events.skip()?,
                }
                self.read_plain_cells(events, draft)?;
            }
        }
        Ok(())
    }

    /// Reads cells as long as they are written plainly.
    fn read_plain_cells(&mut self, events: &mut Events<'_>, draft: &mut Draft) -> Result<(), ReadError> {
        while let Some(plain) = plain_cell(events.ready()) {
            let head = self.head(events, draft, plain.reference, plain.style, plain.value_type)?;
            let cell = CellName { sheet: &draft.name, position: head.position };
            let mut content = None;
            if let Some(formula) = &plain.formula {
                content = draft.formulas.read_plain(events, &mut self.formulas, formula, cell)?;
            }
            let mut value = Value::Empty;
            if let Some(text) = plain.value.filter(|_| head.value_type != ValueType::InlineString) {
                value = self.values.read(text.trim_matches(is_blank), head.value_type, cell)?;
            }
            let length = plain.length;
            self.add(draft, &head, content, value)?;
            events.pass(length);
        }
        Ok(())
    }

    fn read_cell(&mut self, events: &mut Events<'_>, draft: &mut Draft) -> Result<(), ReadError> {
        let (mut reference, mut style, mut value_type) = (None, None, None);
        events.attributes(|name, value| match name {
            "r" => reference = Some(value),
            "s" => style = Some(value),
            "t" => value_type = Some(value),
            _ => {}
        })?;
        let head = self.head(events, draft, reference, style, value_type)?;
        let cell = CellName { sheet: &draft.name, position: head.position };
        let (mut content, mut value) = (None, Value::Empty);
        while events.next_child()? {
            let inline = head.value_type == ValueType::InlineString;
            match events.name() {
                "f" => {
                    let text = &mut self.text;
                    content = draft.formulas.read(events, &mut self.formulas, text, cell)?;
                }
                "v" if !inline => {
                    self.text.clear();
                    read_text(events, &mut self.text)?;
                    value = self.values.read(&self.text, head.value_type, cell)?;
                }
                "is" if inline => {
                    read_runs(events, &mut self.text)?;
                    value = self.values.read(&self.text, head.value_type, cell)?;
                }
                _ => events.skip()?,
            }
        }
        self.add(draft, &head, content, value)
    }

    /// What the attributes of a cell say.
    fn head(
        &self,
        events: &Events<'_>,
        draft: &mut Draft,
        reference: Option<&str>,
        style: Option<&str>,
        value_type: Option<&str>,
    ) -> Result<Head, ReadError> {
        let position = draft.position(events, reference)?;
        let cell = CellName { sheet: &draft.name, position };
        let value_type = value_type.map_or(Ok(ValueType::Number), |name| ValueType::parse(name, cell))?;
        let format = style.map_or(Ok(NumberFormat::General), |style| self.format_of(style, cell))?;
        Ok(Head { position, value_type, format })
    }

    /// Adds a cell that holds something.
    fn add(
        &mut self,
        draft: &mut Draft,
        head: &Head,
        content: Option<Content>,
        value: Value,
    ) -> Result<(), ReadError> {
        if content.is_none() && value == Value::Empty {
            return Ok(());
        }
        let Head { position, format, .. } = *head;
        self.allowance.take(1, CellName { sheet: &draft.name, position })?;
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
