//! The keys that lookups search, remembered by their range: a column of lookups in one table reads the table once.

use std::collections::HashMap;

use super::argument::Place;
use super::graph::Graph;
use super::term::Term;
use super::text;
use crate::plan::{Opcode, scalar};
use crate::value::{ErrorKind, Value};

/// Keys remembered over all ranges.
const MAX_KEYS: usize = 1_000_000;

/// The keys of ranges that were searched.
#[derive(Debug, Default)]
pub struct RememberedKeys {
    /// `None` where some key is not known.
    by_place: HashMap<Place, Option<Keys>>,
    count: usize,
}

/// The keys of a range, all of them known.
#[derive(Debug)]
pub struct Keys {
    /// The first place, from 0, of each key.
    first: HashMap<Key, u32>,
    /// The keys as the tape holds them.
    lanes: Vec<f64>,
}

/// What an exact match compares: numbers, texts without case, booleans.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Number(u64),
    Text(String),
    Bool(bool),
}

impl RememberedKeys {
    /// Whether the range `place` has not been searched before, and may be remembered.
    pub fn misses(&self, place: Place, length: usize) -> bool {
        !self.by_place.contains_key(&place) && self.count + length <= MAX_KEYS
    }

    /// Remembers the keys of `place`.
    pub fn add(&mut self, graph: &Graph, place: Place, terms: &[Term]) {
        self.count += terms.len();
        let known: Option<Vec<Value>> = terms.iter().map(|term| term.known()).collect();
        self.by_place.insert(place, known.map(|values| Keys::new(graph, &values)));
    }

    /// The keys of `place`, if they are remembered and known.
    pub fn get(&mut self, place: Place) -> Option<&mut Keys> {
        self.by_place.get_mut(&place)?.as_mut()
    }
}

impl Keys {
    fn new(graph: &Graph, values: &[Value]) -> Keys {
        let mut first = HashMap::with_capacity(values.len());
        for (place, value) in (0..).zip(values) {
            if let Some(key) = Key::of(graph, *value) {
                first.entry(key).or_insert(place);
            }
        }
        Keys { first, lanes: values.iter().map(|value| value.pack()).collect() }
    }

    /// The place, from 1, of the first key equal to `value`.
    pub fn exact(&self, graph: &Graph, value: Value) -> Term {
        let place = Key::of(graph, value).and_then(|key| self.first.get(&key));
        place.map_or(Term::error(ErrorKind::NotAvailable), |place| Term::number(f64::from(*place) + 1.0))
    }

    /// The place, from 1, that `opcode` finds for a number among the keys in order.
    pub fn in_order(&mut self, opcode: Opcode, number: f64) -> Term {
        // Numbers are held against numbers only, so that no facts of texts are needed.
        Term::Known(Value::unpack(scalar::apply_run(opcode, &mut self.lanes, number, &[])))
    }
}

impl Key {
    /// The key that `value` is; empties and errors are none.
    fn of(graph: &Graph, value: Value) -> Option<Key> {
        match value {
            // Zero has two signs and is one key.
            Value::Number(number) => Some(Key::Number((number + 0.0).to_bits())),
            Value::Text(id) => Some(Key::Text(text::fold_case(graph.texts.get(id)))),
            Value::Bool(truth) => Some(Key::Bool(truth)),
            Value::Empty | Value::Error(_) => None,
        }
    }
}
