//! Folding of operations on texts, which are numbered among themselves.

use super::Graph;
use crate::compile::text;
use crate::plan::{Opcode, TextFacts, scalar};
use crate::value::{ErrorKind, TextId, Texts, Value};

/// Values whose texts are numbered among themselves.
pub(super) struct LocalTexts {
    pub(super) values: Vec<Value>,
    pub(super) facts: Vec<TextFacts>,
    pub(super) ids: Vec<TextId>,
}

impl Graph {
    pub(super) fn fold_run(&self, opcode: Opcode, values: &mut Vec<Value>, c: Value) -> Value {
        values.push(c);
        let local = self.local_texts(values);
        let mut lanes: Vec<f64> = local.values.iter().map(|value| value.pack()).collect();
        let c = lanes.pop().expect("c was pushed above");
        match Value::unpack(scalar::apply_run(opcode, &mut lanes, c, &local.facts)) {
            Value::Text(TextId(place)) => Value::Text(local.ids[place as usize]),
            other => other,
        }
    }

    /// The values with the facts that their texts need to be compared with each other.
    pub(super) fn local_texts(&self, values: &[Value]) -> LocalTexts {
        let text_of = |value: &Value| if let Value::Text(id) = value { Some(*id) } else { None };
        let mut ids: Vec<TextId> = values.iter().filter_map(text_of).collect();
        ids.sort_unstable();
        ids.dedup();
        let renumber = |value: &Value| match value {
            Value::Text(id) => Value::Text(TextId(ids.partition_point(|known| known < id) as u32)),
            other => *other,
        };
        let values = values.iter().map(renumber).collect();
        LocalTexts { values, facts: text_facts(&self.texts, &ids), ids }
    }
}

/// What engines must know of `texts`, in the order given.
pub fn text_facts(texts: &Texts, ids: &[TextId]) -> Vec<TextFacts> {
    let folded: Vec<String> = ids.iter().map(|id| text::fold_case(texts.get(*id))).collect();
    let mut sorted: Vec<&str> = folded.iter().map(String::as_str).collect();
    // The empty text takes the lowest rank, whether it is there or not.
    sorted.push("");
    sorted.sort_unstable();
    sorted.dedup();
    let value_error = Value::Error(ErrorKind::Value).pack();
    ids.iter()
        .zip(&folded)
        .map(|(id, key)| TextFacts {
            rank: sorted.partition_point(|other| *other < key.as_str()) as u32,
            as_number: text::parse_number(texts.get(*id)).unwrap_or(value_error),
            as_condition: text::parse_condition(texts.get(*id))
                .map_or(value_error, |truth| f64::from(u8::from(truth))),
        })
        .collect()
}
