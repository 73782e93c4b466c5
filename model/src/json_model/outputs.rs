//! Which cells of a JSON model matter.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Names, or names with what to call them, in order and with duplicates.
#[derive(Default)]
pub(super) struct Outputs(pub Vec<(String, Option<String>)>);

/// Read by hand: an untagged enum would first hold whatever is there, lists of millions included.
impl<'de> Deserialize<'de> for Outputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutputsVisitor)
    }
}

struct OutputsVisitor;

impl<'de> Visitor<'de> for OutputsVisitor {
    type Value = Outputs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outputs as a list of names, or as an object from names to what to call them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Outputs, A::Error> {
        let mut outputs = Vec::new();
        while let Some(name) = names.next_element()? {
            outputs.push((name, None));
        }
        Ok(Outputs(outputs))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut labels: A) -> Result<Outputs, A::Error> {
        let mut outputs = Vec::new();
        while let Some((name, label)) = labels.next_entry()? {
            outputs.push((name, Some(label)));
        }
        Ok(Outputs(outputs))
    }
}
