//! Finding the node that is equal to one about to be made.
//!
//! A node is looked for among those that use its newest operand, as the nodes of a row use those before them: they lie
//! where work was done a moment ago, while a table by hash is read at a place that no cache holds. Behind the first few users
//! of an operand there is such a table, as half of a model may use one cell.

use hashbrown::HashTable;

use super::Node;
use super::hash::hash_node;
use crate::plan::{Opcode, Operand, Place};

/// So many users of an operand are looked through.
const FIRST_USERS: usize = 8;
const NOBODY: u32 = u32::MAX;

/// The nodes by what they are.
#[derive(Debug, Default)]
pub(super) struct KnownNodes {
    /// Of each node.
    links: Vec<Links>,
    others: HashTable<u32>,
}

/// What a node is part of: a list of those with the same newest operand.
#[derive(Debug, Clone, Copy)]
struct Links {
    /// The first that has this node for its newest operand.
    user: u32,
    /// The one that comes after this in the list that it is in.
    next: u32,
}

impl KnownNodes {
    /// Makes room for about as many.
    pub fn reserve(&mut self, nodes: usize) {
        self.links.reserve(nodes);
    }

    /// The node that is like `node` and `same`; if there is none, it is known from here on as the next one.
    pub fn find_or_add(&mut self, nodes: &[Node], node: &Node, same: impl Fn(u32) -> bool) -> Option<u32> {
        let index = nodes.len() as u32;
        let mut last = None;
        if let Some(operand) = newest_operand(node) {
            let mut user = self.links[operand as usize].user;
            for _ in 0..FIRST_USERS {
                if user == NOBODY {
                    self.add(last, operand, index);
                    return None;
                }
                if same(user) {
                    return Some(user);
                }
                (last, user) = (Some(user), self.links[user as usize].next);
            }
        }
        let hash = hash_node(node);
        if let Some(known) = self.others.find(hash, |known| same(*known)) {
            return Some(*known);
        }
        let hash_of = |known: &u32| hash_node(if *known == index { node } else { &nodes[*known as usize] });
        self.others.insert_unique(hash, index, hash_of);
        self.links.push(Links { user: NOBODY, next: NOBODY });
        None
    }

    /// Puts the next node behind the `last` user of an operand.
    fn add(&mut self, last: Option<u32>, operand: u32, index: u32) {
        match last {
            Some(last) => self.links[last as usize].next = index,
            None => self.links[operand as usize].user = index,
        }
        self.links.push(Links { user: NOBODY, next: NOBODY });
    }
}

/// The greatest node among the operands, if the node has any.
fn newest_operand(node: &Node) -> Option<u32> {
    let slot = |bits: u32| match Operand::from_bits(bits).place() {
        Place::Slot(slot) => Some(slot),
        Place::Constant(_) => None,
    };
    match node.opcode {
        Opcode::Draw => None,
        Opcode::HasKind => slot(node.a),
        opcode if opcode >= Opcode::Smallest => None,
        // Of operands that an opcode does not take the bits are 0, the oldest node.
        _ => slot(node.a).max(slot(node.b)).max(slot(node.c)),
    }
}
