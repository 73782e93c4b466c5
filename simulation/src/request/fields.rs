//! Inputs and outputs as a request writes them.

use std::fmt;

use fermiac_model::compile::Output;
use fermiac_model::selection::parse_output;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::document::as_object;

/// Cells and distributions, in order and with duplicates, which a map would swallow.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct InputFields(pub Vec<(String, String)>);

impl Serialize for InputFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_object(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for InputFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InputsVisitor)
    }
}

struct InputsVisitor;

impl<'de> Visitor<'de> for InputsVisitor {
    type Value = InputFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"an object such as {"Sheet1!B2": "normal(10, 2)"}"#)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InputFields, A::Error> {
        let mut inputs = Vec::new();
        while let Some(input) = map.next_entry()? {
            inputs.push(input);
        }
        Ok(InputFields(inputs))
    }
}

/// `"Sheet1!D9"`, `"Sheet1!D9=NPV"` as on the command line, or both parts in an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OutputField(Output);

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct NamedOutput {
    cell: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl OutputField {
    pub fn into_output(self) -> Output {
        self.0
    }
}

impl From<Output> for OutputField {
    fn from(output: Output) -> OutputField {
        OutputField(output)
    }
}

impl Serialize for OutputField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Output { cell, name } = self.0.clone();
        NamedOutput { cell, name }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OutputField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutputVisitor)
    }
}

struct OutputVisitor;

impl<'de> Visitor<'de> for OutputVisitor {
    type Value = OutputField;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a cell such as "Sheet1!D9", or {"cell": "Sheet1!D9", "name": "NPV"}"#)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OutputField, E> {
        parse_output(text).map(OutputField).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OutputField, A::Error> {
        let NamedOutput { cell, name } = NamedOutput::deserialize(MapAccessDeserializer::new(map))?;
        let cell = cell.trim().to_owned();
        let name = name.map(|name| name.trim().to_owned());
        if cell.is_empty() || name.as_deref() == Some("") {
            return Err(A::Error::custom("an output needs a cell, and a name if it is given one"));
        }
        Ok(OutputField(Output { cell, name }))
    }
}
