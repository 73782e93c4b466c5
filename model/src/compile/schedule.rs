//! From the graph to the tape: what outputs need, in an order that keeps few values alive, in slots that are reused as
//! soon as their value is dead.
//!
//! Which order is best hangs on the model: a sum wants its terms one after the other, a running balance its past
//! first. A few orders are tried, and the one with the fewest slots is taken. The order never changes a result.

use std::collections::HashMap;

use super::graph::{Graph, Node, Origin};
use crate::plan::{Instruction, Opcode, Operand, Place, Shape};

/// A tape whose orders with this few slots stay in the first cache: no better one is looked for.
const FEW_SLOTS: u32 = 48;

/// The tape of a plan.
#[derive(Debug, Default)]
pub struct Tape {
    /// In order.
    pub instructions: Vec<Instruction>,
    /// Operands of instructions over runs.
    pub arguments: Vec<Operand>,
    /// Slots used.
    pub slots: u32,
}

/// A value to be stored in a result column.
#[derive(Debug, Clone, Copy)]
pub struct ResultColumn {
    /// The column.
    pub column: u32,
    /// A number, a condition or an error, known or computed.
    pub operand: Operand,
}

/// Lays out what `results` need.
pub fn schedule(graph: &Graph, results: &[ResultColumn]) -> Tape {
    let mut best: Option<Tape> = None;
    for preference in [Preference::LeftFirst, Preference::DeepFirst, Preference::ByRow, Preference::ByColumn]
    {
        let order = ordered(graph, results, preference);
        let tape = assign(graph, results, &order);
        if best.as_ref().is_none_or(|best| tape.slots < best.slots) {
            best = Some(tape);
        }
        if best.as_ref().is_some_and(|best| best.slots <= FEW_SLOTS) {
            break;
        }
    }
    best.expect("the first order is always kept")
}

/// What is made first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Preference {
    /// The left operand and all it needs.
    LeftFirst,
    /// The operand that needs more room (Sethi and Ullman 1970), as if the graph were a tree.
    DeepFirst,
    /// What stands in the first rows, as in models whose time runs down.
    ByRow,
    /// What stands in the first columns, as in models whose time runs across.
    ByColumn,
}

/// The most operands' worth of room that is told apart.
const MAX_LABEL: u8 = 6;

/// The nodes that `results` need, operands first.
fn ordered(graph: &Graph, results: &[ResultColumn], preference: Preference) -> Vec<u32> {
    let mut needed = vec![false; graph.nodes().len()];
    let labels = if preference == Preference::DeepFirst { labels(graph) } else { Vec::new() };
    let mut order = Vec::new();
    let mut stack: Vec<(u32, bool)> = Vec::new();
    let mut operands = Vec::new();
    for result in results {
        let Place::Slot(root) = result.operand.place() else { continue };
        stack.push((root, false));
        while let Some((index, leave)) = stack.pop() {
            if leave {
                order.push(index);
                continue;
            }
            if std::mem::replace(&mut needed[index as usize], true) {
                continue;
            }
            stack.push((index, true));
            operands.clear();
            each_operand(graph, &graph.nodes()[index as usize], |operand| {
                if !needed[operand as usize] {
                    operands.push(operand);
                }
            });
            // What is pushed last is made first.
            match preference {
                Preference::LeftFirst | Preference::ByRow | Preference::ByColumn => operands.reverse(),
                Preference::DeepFirst => {
                    operands.reverse();
                    operands.sort_by_key(|operand| labels[*operand as usize]);
                }
            }
            stack.extend(operands.iter().map(|operand| (*operand, false)));
        }
    }
    match preference {
        Preference::LeftFirst | Preference::DeepFirst => order,
        Preference::ByRow => by_place(graph, order, |origin| origin.position.row),
        Preference::ByColumn => by_place(graph, order, |origin| origin.position.column),
    }
}

/// The nodes by the place of the cell they were made for, or of what they read where that lies further on: a sum in
/// a corner goes along with its terms. No node comes before one that it reads, which was made before it and lies no
/// further on.
fn by_place(graph: &Graph, mut order: Vec<u32>, coordinate: fn(&Origin) -> u32) -> Vec<u32> {
    let mut places = vec![0u32; graph.nodes().len()];
    let mut origins = graph.origins().iter().peekable();
    let mut own = 0;
    for (index, node) in (0u32..).zip(graph.nodes()) {
        while let Some(origin) = origins.next_if(|origin| origin.first_node <= index) {
            own = coordinate(origin);
        }
        let mut place = if node.opcode == Opcode::Draw { 0 } else { own };
        each_operand(graph, node, |operand| place = place.max(places[operand as usize]));
        places[index as usize] = place;
    }
    order.sort_unstable_by_key(|index| (places[*index as usize], *index));
    order
}

fn labels(graph: &Graph) -> Vec<u8> {
    let mut labels = Vec::with_capacity(graph.nodes().len());
    let mut own: Vec<u8> = Vec::new();
    for node in graph.nodes() {
        own.clear();
        each_operand(graph, node, |operand| own.push(labels[operand as usize]));
        own.sort_unstable_by(|a, b| b.cmp(a));
        let label = own.iter().zip(0u8..=255).map(|(label, held)| label.saturating_add(held)).max();
        labels.push(label.unwrap_or(0).clamp(1, MAX_LABEL));
    }
    labels
}

/// Visits the nodes that `node` reads.
fn each_operand(graph: &Graph, node: &Node, mut visit: impl FnMut(u32)) {
    let mut operand = |bits: u32| {
        if let Place::Slot(index) = Operand::from_bits(bits).place() {
            visit(index);
        }
    };
    match node.opcode.shape() {
        Shape::Draw => {}
        Shape::One => operand(node.a),
        Shape::Two => [node.a, node.b].into_iter().for_each(operand),
        Shape::Three => [node.a, node.b, node.c].into_iter().for_each(operand),
        Shape::Run => {
            let run = &graph.arguments()[node.a as usize..(node.a + node.b) as usize];
            run.iter().for_each(|argument| operand(argument.bits()));
            operand(node.c);
        }
    }
}

const NO_SLOT: u32 = u32::MAX;

/// Writes the tape in `order`, giving each node a slot until its last use.
fn assign(graph: &Graph, results: &[ResultColumn], order: &[u32]) -> Tape {
    let mut uses = vec![0u32; graph.nodes().len()];
    for index in order {
        each_operand(graph, &graph.nodes()[*index as usize], |operand| uses[operand as usize] += 1);
    }
    let mut stores: Vec<Vec<u32>> = Vec::new();
    let mut store_index = HashMap::new();
    for result in results {
        if let Place::Slot(index) = result.operand.place() {
            uses[index as usize] += 1;
            let place = *store_index.entry(index).or_insert_with(|| {
                stores.push(Vec::new());
                stores.len() - 1
            });
            stores[place].push(result.column);
        }
    }
    let tape = Tape { instructions: Vec::with_capacity(order.len() + results.len()), ..Tape::default() };
    let slot_of = vec![NO_SLOT; graph.nodes().len()];
    let mut writer = Writer { tape, slot_of, free: Vec::new(), uses, constant_runs: HashMap::new() };
    for result in results {
        if let Place::Constant(_) = result.operand.place() {
            writer.store(result.column, result.operand);
        }
    }
    for index in order {
        writer.node(graph, *index);
        if let Some(place) = store_index.get(index) {
            for column in &stores[*place] {
                writer.store(*column, Operand::slot(writer.slot_of[*index as usize]));
                writer.release(*index);
            }
        }
    }
    writer.tape
}

/// Gives out slots and writes instructions.
struct Writer {
    tape: Tape,
    slot_of: Vec<u32>,
    free: Vec<u32>,
    uses: Vec<u32>,
    /// Runs of constants only, which instructions share: where each stands in the tape.
    constant_runs: HashMap<(u32, u32), u32>,
}

impl Writer {
    fn node(&mut self, graph: &Graph, index: u32) {
        let node = graph.nodes()[index as usize];
        // The destination is taken before the operands are released, so that it is none of them.
        let destination = self.free.pop().unwrap_or_else(|| {
            self.tape.slots += 1;
            self.tape.slots - 1
        });
        self.slot_of[index as usize] = destination;
        self.write(graph, node, destination);
        each_operand(graph, &node, |operand| self.release(operand));
    }

    fn release(&mut self, index: u32) {
        let uses = &mut self.uses[index as usize];
        *uses -= 1;
        if *uses == 0 {
            self.free.push(self.slot_of[index as usize]);
        }
    }

    fn write(&mut self, graph: &Graph, node: Node, destination: u32) {
        let slot_of = &self.slot_of;
        let placed = |bits: u32| match Operand::from_bits(bits).place() {
            Place::Slot(index) => Operand::slot(slot_of[index as usize]).bits(),
            Place::Constant(_) => bits,
        };
        let tape = &mut self.tape;
        let Node { opcode, a, b, c } = node;
        let (a, b, c) = match opcode.shape() {
            Shape::Draw => (a, b, c),
            Shape::One => (placed(a), b, c),
            Shape::Two => (placed(a), placed(b), c),
            Shape::Three => (placed(a), placed(b), placed(c)),
            Shape::Run => {
                let run = &graph.arguments()[a as usize..(a + b) as usize];
                let constant = run.iter().all(|argument| matches!(argument.place(), Place::Constant(_)));
                let start = match self.constant_runs.get(&(a, b)) {
                    Some(start) => *start,
                    None => {
                        let start = tape.arguments.len() as u32;
                        tape.arguments
                            .extend(run.iter().map(|argument| Operand::from_bits(placed(argument.bits()))));
                        if constant {
                            self.constant_runs.insert((a, b), start);
                        }
                        start
                    }
                };
                (start, b, placed(c))
            }
        };
        tape.instructions.push(Instruction { opcode, destination, a, b, c });
    }

    fn store(&mut self, column: u32, operand: Operand) {
        let (a, destination) = (operand.bits(), column);
        self.tape.instructions.push(Instruction { opcode: Opcode::Store, destination, a, b: 0, c: 0 });
    }
}
