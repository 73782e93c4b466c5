//! How documents are written.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::Failure;

/// `document` as JSON, indented, with a line feed at its end.
pub fn json(document: &impl Serialize) -> Result<String, Failure> {
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::Failed(format!("cannot write the result as JSON: {error}")))?;
    text.push('\n');
    Ok(text)
}

/// Serializes pairs as an object whose keys stand in the order of the pairs.
pub fn as_object<S: Serializer, K: Serialize, V: Serialize>(
    pairs: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        object.serialize_entry(key, value)?;
    }
    object.end()
}
