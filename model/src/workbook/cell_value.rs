//! The stored value of a cell, from its type and its text.

use super::dates;
use super::error::{ReadError, excerpt};
use super::formulas::CellName;
use super::strings::{BoundedTexts, SharedStrings};
use crate::value::{ErrorKind, Value};

/// What `t` says about the text of `<v>`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ValueType {
    /// A number, where nothing is said.
    Number,
    /// An index of the shared string table.
    SharedString,
    /// The text itself, mostly a formula's.
    Text,
    /// The text in `<is>`.
    InlineString,
    /// 0 or 1.
    Bool,
    /// The text of an error.
    Error,
    /// An ISO 8601 date.
    Date,
}

impl ValueType {
    /// The type called `name` in the `t` of a cell.
    pub fn parse(name: &str, cell: CellName<'_>) -> Result<ValueType, ReadError> {
        Ok(match name {
            "n" => ValueType::Number,
            "s" => ValueType::SharedString,
            "str" => ValueType::Text,
            "inlineStr" => ValueType::InlineString,
            "b" => ValueType::Bool,
            "e" => ValueType::Error,
            "d" => ValueType::Date,
            other => {
                return Err(cell.damaged(format!("its value is of the unknown type {:?}", excerpt(other))));
            }
        })
    }
}

/// Makes values out of their texts.
#[derive(Debug)]
pub(super) struct ValueReader<'w> {
    /// Texts of the workbook.
    pub texts: BoundedTexts<'w>,
    /// What shared strings are indices of.
    pub strings: SharedStrings,
    /// The date system.
    pub dates_from_1904: bool,
    /// Cells whose stored error is of a kind that formulas cannot make here.
    pub unknown_errors: u64,
}

impl ValueReader<'_> {
    /// The value that `text` stands for in a cell of this type.
    pub fn read(
        &mut self,
        text: &str,
        value_type: ValueType,
        cell: CellName<'_>,
    ) -> Result<Value, ReadError> {
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
}

/// A finite number. The words `inf` and `nan`, which Rust reads as numbers, are none here.
fn number(text: &str) -> Option<f64> {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}
