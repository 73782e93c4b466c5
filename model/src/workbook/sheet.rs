//! A worksheet part: its cells in reading order, and what its formulas fill.

use super::cells::Cells;
use super::error::{ReadError, excerpt};
use super::formulas::{BoundedFormulas, CellName, SheetFormulas};
use super::limits::Limits;
use super::strings::{BoundedTexts, SharedStrings, read_runs, read_text};
use super::xml::Events;
use super::{Cell, Content, NumberFormat, Sheet, dates};
use crate::cell::{MAX_COLUMNS, MAX_ROWS, Position};
use crate::value::{ErrorKind, Value};

/// Reads the sheets of one workbook, one after the other.
#[derive(Debug)]
pub(super) struct SheetReader<'w> {
    /// Texts of the workbook.
    pub texts: BoundedTexts<'w>,
    /// Formulas of the workbook.
    pub formulas: BoundedFormulas<'w>,
    /// What `t="s"` cells refer to.
    pub strings: SharedStrings,
    /// What the `s` of a cell refers to.
    pub formats: Vec<NumberFormat>,
    /// The date system.
    pub dates_from_1904: bool,
    /// How many cells may still come.
    pub cells_left: u64,
    /// How many cells there may be in all.
    pub cells_limit: u64,
    /// Cells whose stored error is of a kind that formulas cannot make here.
    pub unknown_errors: u64,
    formula_text: String,
    value_text: String,
}

/// A sheet while it is read.
#[derive(Debug, Default)]
struct Draft {
    name: String,
    cells: Cells,
    /// Cells that came after a later one.
    disordered: Vec<Cell>,
    formulas: SheetFormulas,
    row: u32,
    next_column: u32,
}

/// What `t` says about the text of `<v>`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ValueType {
    Number,
    SharedString,
    Text,
    InlineString,
    Bool,
    Error,
    Date,
}

impl<'w> SheetReader<'w> {
    /// Reads into `texts` and `formulas`.
    pub fn new(texts: BoundedTexts<'w>, formulas: BoundedFormulas<'w>, limits: &Limits) -> SheetReader<'w> {
        SheetReader {
            texts,
            formulas,
            strings: SharedStrings::default(),
            formats: Vec::new(),
            dates_from_1904: false,
            cells_left: limits.cells,
            cells_limit: limits.cells,
            unknown_errors: 0,
            formula_text: String::new(),
            value_text: String::new(),
        }
    }

    /// Reads the sheet called `name`. The relationships of its tables come beside it.
    pub fn read(&mut self, events: &mut Events<'_>, name: &str) -> Result<(Sheet, Vec<String>), ReadError> {
        let mut draft = Draft { name: name.to_owned(), ..Draft::default() };
        let mut tables = Vec::new();
        events.expect_root("worksheet")?;
        while events.next_child()? {
            match events.name() {
                "sheetData" => self.read_rows(events, &mut draft)?,
                "tableParts" => {
                    while events.next_child()? {
                        tables.extend(events.attribute("id")?);
                        events.skip()?;
                    }
                }
                _ => events.skip()?,
            }
        }
        Ok((self.finish(draft)?, tables))
    }

    fn read_rows(&mut self, events: &mut Events<'_>, draft: &mut Draft) -> Result<(), ReadError> {
        let mut next_row = 0;
        while events.next_child()? {
            if events.name() != "row" {
                events.skip()?;
                continue;
            }
            draft.row = match row_number(events)? {
                Some(row) => row,
                None if next_row < MAX_ROWS => next_row,
                None => return Err(events.damaged("it has more rows than a sheet has")),
            };
            next_row = draft.row + 1;
            draft.next_column = 0;
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
        let cell_name = CellName { sheet: name, position };
        let value_type = value_type_of(value_type, cell_name)?;
        let format = match style {
            None => NumberFormat::General,
            Some(style) => self.format_of(style, cell_name)?,
        };
        let (mut content, mut has_value) = (None, false);
        while events.next_child()? {
            match events.name() {
                "f" => {
                    content = formulas.read(events, &mut self.formulas, &mut self.formula_text, cell_name)?;
                }
                "v" if value_type != ValueType::InlineString => {
                    self.value_text.clear();
                    read_text(events, &mut self.value_text)?;
                    has_value = true;
                }
                "is" if value_type == ValueType::InlineString => {
                    read_runs(events, &mut self.value_text)?;
                    has_value = true;
                }
                _ => events.skip()?,
            }
        }
        let value = match has_value {
            true => self.value_of(value_type, cell_name)?,
            false => Value::Empty,
        };
        if content.is_none() && value == Value::Empty {
            return Ok(());
        }
        self.take_cells(1, cell_name)?;
        draft.add(Cell { position, content: content.unwrap_or(Content::Constant), value, format });
        Ok(())
    }

    fn take_cells(&mut self, count: u64, cell: CellName<'_>) -> Result<(), ReadError> {
        match self.cells_left.checked_sub(count) {
            Some(left) => {
                self.cells_left = left;
                Ok(())
            }
            None => Err(cell.too_large("cells", self.cells_limit)),
        }
    }

    fn format_of(&self, style: &str, cell: CellName<'_>) -> Result<NumberFormat, ReadError> {
        let index: Option<usize> = style.parse().ok();
        // Some writers leave the styles out and still number them.
        let format = index.map(|index| self.formats.get(index).copied().unwrap_or_default());
        format.ok_or_else(|| cell.damaged(format!("its style is {:?}", excerpt(style))))
    }

    /// The value that `value_text` stands for.
    fn value_of(&mut self, value_type: ValueType, cell: CellName<'_>) -> Result<Value, ReadError> {
        let text = self.value_text.as_str();
        let unreadable = |what: &str| cell.damaged(format!("{:?} is not {what}", excerpt(text)));
        Ok(match value_type {
            ValueType::Text | ValueType::InlineString => {
                Value::Text(self.texts.intern(text, || cell.to_string())?)
            }
            _ if text.is_empty() => Value::Empty,
            ValueType::Number => Value::Number(number(text).ok_or_else(|| unreadable("a number"))?),
            ValueType::SharedString => {
                let index = text.parse().map_err(|_| unreadable("the number of a text"))?;
                let id = self.strings.get(index).ok_or_else(|| {
                    cell.damaged(format!("it holds text {index} of a table of {}", self.strings.len()))
                })?;
                Value::Text(id)
            }
            ValueType::Bool => match text {
                "1" | "true" | "TRUE" => Value::Bool(true),
                "0" | "false" | "FALSE" => Value::Bool(false),
                _ => return Err(unreadable("a truth value")),
            },
            ValueType::Error => Value::Error(match ErrorKind::parse(text) {
                Some(kind) => kind,
                None if text.starts_with('#') => {
                    self.unknown_errors += 1;
                    ErrorKind::Value
                }
                None => return Err(unreadable("an error value")),
            }),
            ValueType::Date => {
                let serial = dates::serial(text, self.dates_from_1904).or_else(|| number(text));
                Value::Number(serial.ok_or_else(|| unreadable("a date"))?)
            }
        })
    }

    /// Puts disordered cells in their places and marks the cells that array formulas and data tables fill.
    fn finish(&mut self, draft: Draft) -> Result<Sheet, ReadError> {
        let Draft { name, mut cells, disordered, formulas, .. } = draft;
        let name_of = |position| CellName { sheet: &name, position };
        let twice = |position| name_of(position).damaged("the cell is there twice");
        if !disordered.is_empty() {
            cells.insert(disordered).map_err(twice)?;
        }
        let mut missing = Vec::new();
        for region in &formulas.regions {
            let (area, anchor) = (region.area, region.area.first);
            // Charged in full before any of it is made: the file decides how large the area is.
            self.take_cells(u64::from(area.rows()) * u64::from(area.columns()), name_of(anchor))?;
            for row in area.first.row..=area.last.row {
                for column in area.first.column..=area.last.column {
                    let position = Position { row, column };
                    let filled = Cell {
                        position,
                        content: region.content,
                        value: Value::Empty,
                        format: NumberFormat::General,
                    };
                    let Some(index) = cells.find(position) else {
                        missing.push(filled);
                        continue;
                    };
                    let cell = &mut cells.as_mut_slice()[index];
                    if position != anchor && cell.content != Content::Constant {
                        let reason =
                            format!("it has a formula of its own inside the area that {anchor} fills");
                        return Err(name_of(position).damaged(reason));
                    }
                    cell.content = region.content;
                }
            }
        }
        if !missing.is_empty() {
            cells.insert(missing).map_err(twice)?;
        }
        Ok(Sheet { arrays: formulas.arrays, name, cells })
    }
}

impl Draft {
    /// The place of the cell that just opened, as it says itself or behind the one before.
    fn position(&mut self, events: &Events<'_>, reference: Option<&str>) -> Result<Position, ReadError> {
        let position = match reference {
            Some(reference) => Position::parse(reference).ok_or_else(|| {
                events.damaged(format!("{:?} is not a cell of a sheet", excerpt(reference)))
            })?,
            None if self.next_column < MAX_COLUMNS => Position { row: self.row, column: self.next_column },
            None => return Err(events.damaged(format!("row {} has too many cells", self.row + 1))),
        };
        self.next_column = position.column + 1;
        Ok(position)
    }

    fn add(&mut self, cell: Cell) {
        if !self.cells.push(cell) {
            self.disordered.push(cell);
        }
    }
}

fn row_number(events: &Events<'_>) -> Result<Option<u32>, ReadError> {
    let mut number = None;
    events.attributes(|name, value| {
        if name == "r" {
            number = Some(value);
        }
    })?;
    let Some(number) = number else { return Ok(None) };
    match number.parse() {
        Ok(row) if (1..=MAX_ROWS).contains(&row) => Ok(Some(row - 1)),
        _ => Err(events.damaged(format!("{:?} is not a row of a sheet", excerpt(number)))),
    }
}

fn value_type_of(name: &str, cell: CellName<'_>) -> Result<ValueType, ReadError> {
    Ok(match name {
        "n" => ValueType::Number,
        "s" => ValueType::SharedString,
        "str" => ValueType::Text,
        "inlineStr" => ValueType::InlineString,
        "b" => ValueType::Bool,
        "e" => ValueType::Error,
        "d" => ValueType::Date,
        other => return Err(cell.damaged(format!("its value is of the unknown type {:?}", excerpt(other)))),
    })
}

/// A finite number. The words `inf` and `nan`, which Rust reads as numbers, are none here.
fn number(text: &str) -> Option<f64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}
