//! The instructions of a model while it is compiled: each made once, folded where all it needs is known.
//!
//! A node's operands are earlier nodes or constants, so the order of nodes is one valid order of execution; the
//! schedule finds a better one. Equal nodes are one node, which hoists what does not change from row to row.

use hashbrown::HashTable;

use super::term::{KindMask, Kinds, NodeIndex, Term};
use super::text;
use crate::cell::Position;
use crate::plan::{Opcode, Operand, TextFacts, scalar};
use crate::value::{ErrorKind, TextId, Texts, Value};

/// One instruction to be. `a`, `b` and `c` are as in [`crate::plan::Instruction`], with nodes for slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it does.
    pub opcode: Opcode,
    /// First operand, or an index.
    pub a: u32,
    /// Second operand, or a count.
    pub b: u32,
    /// Third operand.
    pub c: u32,
}

/// Something that this program cannot compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsupported {
    /// Where it begins: an index of the evaluator's list.
    Source(u32),
    /// Two that met in one instruction.
    Both(u32, u32),
}

/// The cell for which nodes were made, from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The first of them.
    pub first_node: u32,
    /// The cell.
    pub position: Position,
}

/// The nodes, the constants and what is known of both.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    kinds: Vec<Kinds>,
    arguments: Vec<Operand>,
    constants: Vec<f64>,
    constant_index: HashTable<u32>,
    node_index: HashTable<u32>,
    run_index: HashTable<(u32, u32)>,
    unsupported: Vec<Unsupported>,
    origins: Vec<Origin>,
    /// The texts of the model, to which folding adds.
    pub texts: Texts,
}

impl Graph {
    /// A graph without nodes over the texts of a model.
    pub fn new(texts: Texts) -> Graph {
        Graph { texts, ..Graph::default() }
    }

    /// Makes room for about as many nodes.
    pub fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
        self.kinds.reserve(nodes);
        let held = &self.nodes;
        self.node_index.reserve(nodes, |index| hash_node(&held[*index as usize]));
    }

    /// The nodes made so far.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// For which cells nodes were made, in order.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// Says that the nodes from now on are made for the cell at `position`.
    pub fn begin_cell(&mut self, position: Position) {
        let origin = Origin { first_node: self.nodes.len() as u32, position };
        match self.origins.last_mut() {
            Some(last) if last.first_node == origin.first_node => *last = origin,
            _ => self.origins.push(origin),
        }
    }

    /// Operands of nodes that take a run of them.
    pub fn arguments(&self) -> &[Operand] {
        &self.arguments
    }

    /// Packed constants of the nodes.
    pub fn constants(&self) -> &[f64] {
        &self.constants
    }

    /// Which kinds of value `term` can come to, apart from errors.
    pub fn kinds(&self, term: Term) -> Kinds {
        match term {
            Term::Known(value) => Kinds::of(value),
            Term::Computed(NodeIndex(index)) => self.kinds[index as usize],
            Term::Unsupported(_) => Kinds::NONE,
        }
    }

    /// The draw of input `index`.
    pub fn draw(&mut self, index: u32) -> Term {
        self.emit(Node { opcode: Opcode::Draw, a: index, b: 0, c: 0 }, Kinds::NUMBER)
    }

    /// A term for what cannot be computed.
    pub fn unsupported(&mut self, what: Unsupported) -> Term {
        self.unsupported.push(what);
        Term::Unsupported((self.unsupported.len() - 1) as u32)
    }

    /// The sources that a term of [`Term::Unsupported`] comes from.
    pub fn unsupported_sources(&self, index: u32, found: &mut Vec<u32>) {
        let mut stack = vec![index];
        let mut seen = vec![false; self.unsupported.len()];
        while let Some(index) = stack.pop() {
            if std::mem::replace(&mut seen[index as usize], true) {
                continue;
            }
            match self.unsupported[index as usize] {
                Unsupported::Source(source) => found.push(source),
                Unsupported::Both(a, b) => stack.extend([a, b]),
            }
        }
    }

    /// Whether a text that slots can hold has wildcards.
    pub fn holds_wildcard_text(&self) -> bool {
        self.constants.iter().any(|constant| match Value::unpack(*constant) {
            Value::Text(id) => text::has_wildcard(self.texts.get(id)),
            _ => false,
        })
    }

    /// An operation on one number.
    pub fn unary(&mut self, opcode: Opcode, a: Term) -> Term {
        let a = self.number(a);
        self.numeric(opcode, [a, Term::Known(Value::Empty), Term::Known(Value::Empty)], 1, Kinds::NUMBER)
    }

    /// An operation on two numbers.
    pub fn binary(&mut self, opcode: Opcode, a: Term, b: Term) -> Term {
        let (a, b) = (self.number(a), self.number(b));
        self.numeric(opcode, [a, b, Term::Known(Value::Empty)], 2, Kinds::NUMBER)
    }

    /// Both conditions.
    pub fn and(&mut self, a: Term, b: Term) -> Term {
        self.logical(Opcode::Multiply, a, b)
    }

    /// Either condition, or both.
    pub fn or(&mut self, a: Term, b: Term) -> Term {
        self.logical(Opcode::Maximum, a, b)
    }

    /// Exactly one of two conditions.
    pub fn xor(&mut self, a: Term, b: Term) -> Term {
        self.logical(Opcode::NotEqual, a, b)
    }

    /// The opposite condition.
    pub fn not(&mut self, a: Term) -> Term {
        self.logical(Opcode::Subtract, Term::bool(true), a)
    }

    fn logical(&mut self, opcode: Opcode, a: Term, b: Term) -> Term {
        let (a, b) = (self.condition(a), self.condition(b));
        self.numeric(opcode, [a, b, Term::Known(Value::Empty)], 2, Kinds::CONDITION)
    }

    /// `a < b` and the like, on any values. Only `Less`, `LessEqual`, `Equal` and `NotEqual` are given.
    pub fn compare(&mut self, opcode: Opcode, a: Term, b: Term) -> Term {
        if self.is_numeric(a) && self.is_numeric(b) {
            return self.numeric(opcode, [a, b, Term::Known(Value::Empty)], 2, Kinds::CONDITION);
        }
        let opcode = match opcode {
            Opcode::Less => Opcode::ValueLess,
            Opcode::LessEqual => Opcode::ValueLessEqual,
            Opcode::Equal => Opcode::ValueEqual,
            _ => Opcode::ValueNotEqual,
        };
        self.packed(opcode, [a, b, Term::Known(Value::Empty)], 2, Kinds::CONDITION)
    }

    /// `then` where `condition` holds, else `otherwise`.
    pub fn select(&mut self, condition: Term, then: Term, otherwise: Term) -> Term {
        let condition = self.condition(condition);
        match condition {
            Term::Known(Value::Bool(true)) => return then,
            Term::Known(Value::Bool(false)) => return otherwise,
            Term::Known(_) | Term::Unsupported(_) => return condition,
            Term::Computed(_) => {}
        }
        if let Some(merged) = self.merge_unsupported(&[then, otherwise]) {
            return merged;
        }
        let (condition, then, otherwise) = match self.negated(condition) {
            Some(inner) => (inner, otherwise, then),
            None => (condition, then, otherwise),
        };
        let conditions = self.is_condition(then) && self.is_condition(otherwise);
        let (then, otherwise, kinds) = if conditions {
            (then, otherwise, Kinds::CONDITION)
        } else {
            let (then, otherwise) = (self.pack(then), self.pack(otherwise));
            (then, otherwise, self.kinds(then).or(self.kinds(otherwise)))
        };
        let a = self.number_operand(condition);
        let (b, c) = if conditions {
            (self.number_operand(then), self.number_operand(otherwise))
        } else {
            (self.packed_operand(then), self.packed_operand(otherwise))
        };
        self.emit(Node { opcode: Opcode::Select, a, b, c }, kinds)
    }

    /// Whether `a` is of a kind in `mask`; never an error.
    pub fn has_kind(&mut self, a: Term, mask: KindMask) -> Term {
        if let Term::Known(value) = a {
            return Term::bool(mask.holds(value));
        }
        if matches!(a, Term::Unsupported(_)) {
            return a;
        }
        let a = self.pack(a);
        let a = self.packed_operand(a);
        self.emit(Node { opcode: Opcode::HasKind, a, b: mask.0, c: 0 }, Kinds::CONDITION)
    }

    /// An operation over a run of values. `c` is a number, or any value for the matching operations.
    pub fn run(&mut self, opcode: Opcode, terms: &[Term], c: Term, kinds: Kinds) -> Term {
        if let Some(merged) = self.merge_unsupported(terms).or_else(|| self.merge_unsupported(&[c])) {
            return merged;
        }
        if let (Some(mut values), Some(c)) =
            (terms.iter().map(|term| term.known()).collect::<Option<Vec<_>>>(), c.known())
        {
            return Term::Known(self.fold_run(opcode, &mut values, c));
        }
        let operands: Vec<Operand> = terms
            .iter()
            .map(|term| {
                let packed = self.pack(*term);
                Operand::from_bits(self.packed_operand(packed))
            })
            .collect();
        let packed = self.pack(c);
        let c = self.packed_operand(packed);
        let (a, b) = self.intern_run(&operands);
        self.emit(Node { opcode, a, b, c }, kinds)
    }

    /// The number that `term` stands for in arithmetic.
    pub fn number(&mut self, term: Term) -> Term {
        match term {
            Term::Known(value) => Term::Known(self.number_value(value)),
            Term::Unsupported(_) => term,
            Term::Computed(_) if self.kinds(term).within(Kinds::NUMBER.or(Kinds::CONDITION)) => term,
            Term::Computed(_) => {
                let a = self.packed_operand(term);
                self.emit(Node { opcode: Opcode::ToNumber, a, b: 0, c: 0 }, Kinds::NUMBER)
            }
        }
    }

    /// The condition that `term` stands for.
    pub fn condition(&mut self, term: Term) -> Term {
        match term {
            Term::Known(value) => Term::Known(self.condition_value(value)),
            Term::Unsupported(_) => term,
            Term::Computed(_) => {
                let kinds = self.kinds(term);
                if kinds == Kinds::CONDITION {
                    term
                } else if kinds.within(Kinds::NUMBER) {
                    self.compare(Opcode::NotEqual, term, Term::number(0.0))
                } else {
                    let a = self.packed_operand(term);
                    self.emit(Node { opcode: Opcode::ToCondition, a, b: 0, c: 0 }, Kinds::CONDITION)
                }
            }
        }
    }

    /// The same value in packed form: conditions become booleans.
    pub fn pack(&mut self, term: Term) -> Term {
        if matches!(term, Term::Computed(_)) && self.kinds(term) == Kinds::CONDITION {
            let a = self.number_operand(term);
            return self.emit(Node { opcode: Opcode::PackCondition, a, b: 0, c: 0 }, Kinds::BOOL);
        }
        term
    }

    fn is_numeric(&self, term: Term) -> bool {
        match term {
            Term::Known(value) => matches!(value, Value::Number(_) | Value::Error(_)),
            Term::Computed(_) => self.kinds(term).within(Kinds::NUMBER),
            Term::Unsupported(_) => true,
        }
    }

    fn is_condition(&self, term: Term) -> bool {
        match term {
            Term::Known(value) => matches!(value, Value::Bool(_) | Value::Error(_)),
            Term::Computed(_) => self.kinds(term) == Kinds::CONDITION,
            Term::Unsupported(_) => true,
        }
    }

    /// What `condition` is the opposite of, where it was made by [`Graph::not`].
    fn negated(&self, condition: Term) -> Option<Term> {
        let Term::Computed(NodeIndex(index)) = condition else { return None };
        let node = self.nodes[index as usize];
        if node.opcode != Opcode::Subtract || self.kinds[index as usize] != Kinds::CONDITION {
            return None;
        }
        match Operand::from_bits(node.b).place() {
            crate::plan::Place::Slot(inner) => Some(Term::Computed(NodeIndex(inner))),
            crate::plan::Place::Constant(_) => None,
        }
    }

    fn merge_unsupported(&mut self, terms: &[Term]) -> Option<Term> {
        let mut merged: Option<u32> = None;
        for term in terms {
            if let Term::Unsupported(index) = term {
                merged = Some(match merged {
                    None => *index,
                    Some(known) if known == *index => known,
                    Some(known) => {
                        self.unsupported.push(Unsupported::Both(known, *index));
                        (self.unsupported.len() - 1) as u32
                    }
                });
            }
        }
        merged.map(Term::Unsupported)
    }

    fn numeric(&mut self, opcode: Opcode, operands: [Term; 3], count: usize, kinds: Kinds) -> Term {
        if let Some(merged) = self.merge_unsupported(&operands[..count]) {
            return merged;
        }
        if let Term::Known(Value::Error(_)) = operands[0] {
            return operands[0];
        }
        if let [Term::Known(a), Term::Known(b), Term::Known(c)] = operands {
            let lane = |value: Value| match value {
                Value::Bool(truth) => f64::from(u8::from(truth)),
                other => other.pack(),
            };
            let result = Value::unpack(scalar::apply(opcode, lane(a), lane(b), lane(c), &[]));
            return Term::Known(if kinds == Kinds::CONDITION { as_bool(result) } else { result });
        }
        let mut bits = [0; 3];
        for (bit, operand) in bits.iter_mut().zip(&operands[..count]) {
            *bit = self.number_operand(*operand);
        }
        self.emit(Node { opcode, a: bits[0], b: bits[1], c: bits[2] }, kinds)
    }

    fn packed(&mut self, opcode: Opcode, operands: [Term; 3], count: usize, kinds: Kinds) -> Term {
        if let Some(merged) = self.merge_unsupported(&operands[..count]) {
            return merged;
        }
        if let [Term::Known(a), Term::Known(b), Term::Known(c)] = operands {
            let local = self.local_texts(&[a, b, c]);
            let [a, b, c] = [0, 1, 2].map(|operand| local.values[operand].pack());
            let result = scalar::apply(opcode, a, b, c, &local.facts);
            return Term::Known(as_bool(Value::unpack(result)));
        }
        let mut bits = [0; 3];
        for (bit, operand) in bits.iter_mut().zip(&operands[..count]) {
            let operand = self.pack(*operand);
            *bit = self.packed_operand(operand);
        }
        self.emit(Node { opcode, a: bits[0], b: bits[1], c: bits[2] }, kinds)
    }

    fn fold_run(&self, opcode: Opcode, values: &mut Vec<Value>, c: Value) -> Value {
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
    fn local_texts(&self, values: &[Value]) -> LocalTexts {
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

    fn number_value(&self, value: Value) -> Value {
        match value {
            Value::Number(_) | Value::Error(_) => value,
            Value::Bool(truth) => Value::Number(f64::from(u8::from(truth))),
            Value::Empty => Value::Number(0.0),
            Value::Text(id) => {
                text::parse_number(self.texts.get(id)).map_or(Value::Error(ErrorKind::Value), Value::Number)
            }
        }
    }

    fn condition_value(&self, value: Value) -> Value {
        match value {
            Value::Bool(_) | Value::Error(_) => value,
            Value::Number(number) => Value::Bool(number != 0.0),
            Value::Empty => Value::Bool(false),
            Value::Text(id) => {
                text::parse_condition(self.texts.get(id)).map_or(Value::Error(ErrorKind::Value), Value::Bool)
            }
        }
    }

    fn number_operand(&mut self, term: Term) -> u32 {
        match term {
            Term::Known(Value::Bool(truth)) => self.constant(f64::from(u8::from(truth))),
            other => self.packed_operand(other),
        }
    }

    fn packed_operand(&mut self, term: Term) -> u32 {
        match term {
            Term::Known(value) => self.constant(value.pack()),
            Term::Computed(NodeIndex(index)) => Operand::slot(index).bits(),
            Term::Unsupported(_) => unreachable!("unsupported terms are merged before operands are made"),
        }
    }

    fn constant(&mut self, packed: f64) -> u32 {
        let constants = &self.constants;
        let same = |index: &u32| constants[*index as usize].to_bits() == packed.to_bits();
        if let Some(index) = self.constant_index.find(hash_constant(packed), same) {
            return Operand::constant(*index).bits();
        }
        let index = self.constants.len() as u32;
        self.constants.push(packed);
        let constants = &self.constants;
        let rehash = |index: &u32| hash_constant(constants[*index as usize]);
        self.constant_index.insert_unique(hash_constant(packed), index, rehash);
        Operand::constant(index).bits()
    }

    /// The constant that a result column holds in every trial.
    pub fn result_constant(&mut self, value: Value) -> u32 {
        let number = self.number_value(value);
        self.constant(number.pack())
    }

    fn intern_run(&mut self, operands: &[Operand]) -> (u32, u32) {
        let hash = hash_words(operands.iter().map(|operand| operand.bits()));
        let arguments = &self.arguments;
        let place = |(start, length): (u32, u32)| &arguments[start as usize..(start + length) as usize];
        if let Some(known) = self.run_index.find(hash, |known| place(*known) == operands) {
            return *known;
        }
        let added = (self.arguments.len() as u32, operands.len() as u32);
        self.arguments.extend_from_slice(operands);
        let arguments = &self.arguments;
        let rehash = |(start, length): &(u32, u32)| {
            hash_words(
                arguments[*start as usize..(*start + *length) as usize].iter().map(|operand| operand.bits()),
            )
        };
        self.run_index.insert_unique(hash, added, rehash);
        added
    }

    fn emit(&mut self, node: Node, kinds: Kinds) -> Term {
        let nodes = &self.nodes;
        let hash = hash_node(&node);
        if let Some(known) = self.node_index.find(hash, |index| nodes[*index as usize] == node) {
            return Term::Computed(NodeIndex(*known));
        }
        let index = self.nodes.len() as u32;
        self.nodes.push(node);
        self.kinds.push(kinds);
        let nodes = &self.nodes;
        self.node_index.insert_unique(hash, index, |index| hash_node(&nodes[*index as usize]));
        Term::Computed(NodeIndex(index))
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

fn as_bool(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Bool(number != 0.0),
        other => other,
    }
}

fn hash_constant(packed: f64) -> u64 {
    let bits = packed.to_bits();
    hash_words([bits as u32, (bits >> 32) as u32].into_iter())
}

fn hash_node(node: &Node) -> u64 {
    hash_words([node.opcode as u32, node.a, node.b, node.c].into_iter())
}

/// Multiply-and-rotate on words: nodes are made by the million, and their number is bounded by the reader.
fn hash_words(words: impl Iterator<Item = u32>) -> u64 {
    let mixed = words.fold(0u64, |hash, word| {
        (hash.rotate_left(23) ^ u64::from(word)).wrapping_mul(0xf135_7aea_2e62_a9c5)
    });
    (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (mixed >> 29)
}

/// Values whose texts are numbered among themselves.
struct LocalTexts {
    values: Vec<Value>,
    facts: Vec<TextFacts>,
    ids: Vec<TextId>,
}
