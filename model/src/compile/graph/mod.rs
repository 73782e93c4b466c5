//! The instructions of a model while it is compiled: each made once, folded where all it needs is known.
//!
//! A node's operands are earlier nodes or constants, so the order of nodes is one valid order of execution; the
//! schedule finds a better one. Equal nodes are one node, which hoists what does not change from row to row.

mod coerce;
mod fold;
mod hash;
mod known;
mod operations;

pub use fold::text_facts;

use hashbrown::HashTable;

use hash::{hash_constant, hash_words};
use known::KnownNodes;

use super::term::{Kinds, NodeIndex, Term};
use super::text;
use crate::cell::Position;
use crate::plan::{Opcode, Operand};
use crate::value::{TextId, Texts, Value};

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

/// A node with its kind and its place in the index, then the schedule's notes and the instruction.
const BYTES_OF_NODE: u64 = 64;
/// An operand here, on the tape and in the engine's program.
const BYTES_OF_ARGUMENT: u64 = 16;

/// Something that this program cannot compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unsupported {
    /// Where it begins: an index of the evaluator's list.
    Source(u32),
    /// Two that met in one instruction.
    Both(u32, u32),
    /// A text that machines read as different numbers, until [`Graph::source_of_local_texts`] says where it begins.
    LocalText,
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
    known: KnownNodes,
    run_index: HashTable<(u32, u32)>,
    /// Each with whether it, or what it comes from, may depend on cells that its formula does not name.
    unsupported: Vec<(Unsupported, bool)>,
    origins: Vec<Origin>,
    operations: u64,
    /// The terms of texts that machines read as different numbers, since their source was last told; and one such text.
    local_texts: (Vec<u32>, Option<TextId>),
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
        self.known.reserve(nodes);
    }

    /// The nodes made so far.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Operations asked for so far, those on known values included.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// About how many bytes the nodes and their operands take, here and laid out as a tape.
    pub fn bytes(&self) -> u64 {
        self.nodes.len() as u64 * BYTES_OF_NODE + self.arguments.len() as u64 * BYTES_OF_ARGUMENT
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

    /// A term for what cannot be computed, by its index in the evaluator's list.
    pub fn unsupported(&mut self, source: u32, sees_unnamed_cells: bool) -> Term {
        self.unsupported.push((Unsupported::Source(source), sees_unnamed_cells));
        Term::Unsupported((self.unsupported.len() - 1) as u32)
    }

    /// The term of a text that machines read as different numbers.
    fn local_text(&mut self, text: TextId) -> Term {
        self.unsupported.push((Unsupported::LocalText, false));
        let index = (self.unsupported.len() - 1) as u32;
        self.local_texts.0.push(index);
        self.local_texts.1 = Some(text);
        Term::Unsupported(index)
    }

    /// Such a text, if the formula that was evaluated took one for a number.
    pub fn taken_local_text(&mut self) -> Option<TextId> {
        self.local_texts.1.take()
    }

    /// Says where the terms of such texts begin that were made since this was last said.
    pub fn source_of_local_texts(&mut self, source: u32) {
        for index in self.local_texts.0.drain(..) {
            self.unsupported[index as usize].0 = Unsupported::Source(source);
        }
    }

    /// Whether what a term of [`Term::Unsupported`] comes from may depend on cells that no formula names.
    pub fn sees_unnamed_cells(&self, index: u32) -> bool {
        self.unsupported[index as usize].1
    }

    /// The sources that terms of [`Term::Unsupported`] come from, each once.
    pub fn unsupported_sources(&self, indices: Vec<u32>) -> Vec<u32> {
        let mut found = Vec::new();
        let mut stack = indices;
        let mut seen = vec![false; self.unsupported.len()];
        while let Some(index) = stack.pop() {
            if std::mem::replace(&mut seen[index as usize], true) {
                continue;
            }
            match self.unsupported[index as usize].0 {
                Unsupported::Source(source) => found.push(source),
                Unsupported::Both(a, b) => stack.extend([a, b]),
                Unsupported::LocalText => {
                    unreachable!("each cell's local texts are given their source when it is done")
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether a text that slots can hold has wildcards.
    pub fn holds_wildcard_text(&self) -> bool {
        self.constants.iter().any(|constant| match Value::unpack(*constant) {
            Value::Text(id) => text::has_wildcard(self.texts.get(id)),
            _ => false,
        })
    }

    fn merge_unsupported(&mut self, terms: &[Term]) -> Option<Term> {
        let mut merged: Option<u32> = None;
        for term in terms {
            if let Term::Unsupported(index) = term {
                merged = Some(match merged {
                    None => *index,
                    Some(known) if known == *index => known,
                    Some(known) => {
                        let far = self.sees_unnamed_cells(known) || self.sees_unnamed_cells(*index);
                        self.unsupported.push((Unsupported::Both(known, *index), far));
                        (self.unsupported.len() - 1) as u32
                    }
                });
            }
        }
        merged.map(Term::Unsupported)
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
        // A condition and a number can be made by the same operation, and differ to what asks for kinds.
        let same = |index: u32| nodes[index as usize] == node && self.kinds[index as usize] == kinds;
        if let Some(known) = self.known.find_or_add(nodes, &node, same) {
            return Term::Computed(NodeIndex(known));
        }
        let index = self.nodes.len() as u32;
        self.nodes.push(node);
        self.kinds.push(kinds);
        Term::Computed(NodeIndex(index))
    }
}
