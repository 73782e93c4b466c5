//! What a cell of a JSON model holds.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A formula or text, a number, TRUE or FALSE.
pub(super) enum CellText {
    Text(String),
    Number(f64),
    Bool(bool),
}

/// Read by hand: an untagged enum would first hold whatever is there, lists of millions included.
impl<'de> Deserialize<'de> for CellText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellTextVisitor)
    }
}

struct CellTextVisitor;

impl Visitor<'_> for CellTextVisitor {
    type Value = CellText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell that holds a formula such as \"=2*x\", a text, a number, true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<CellText, E> {
        Ok(CellText::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<CellText, E> {
        Ok(CellText::Text(text))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<CellText, E> {
        Ok(CellText::Number(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<CellText, E> {
        Ok(CellText::Number(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<CellText, E> {
        Ok(CellText::Number(number as f64))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<CellText, E> {
        Ok(CellText::Bool(truth))
    }
}
