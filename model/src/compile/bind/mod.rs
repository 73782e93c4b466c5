//! Formulas with their names looked up: sheets, defined names, tables and functions become what they stand for.
//!
//! A formula is bound once for each sheet it stands in, however many cells share it.

mod name;
mod table;
mod target;

pub use target::Target;

use std::rc::Rc;

use name::{BoundNames, NameUse, bind_name, bind_reference};
use table::bind_structured;

use super::address::{Address, Directory};
use super::functions::{self, Function};
use crate::formula::{BinaryOperator, FormulaId, Formulas, Node, StringId, Syntax, UnaryOperator};
use crate::value::{Texts, Value};
use crate::workbook::Workbook;

/// A formula bound in a sheet.
#[derive(Debug)]
pub struct Bound {
    /// Children before parents; the last is the root.
    pub nodes: Vec<BoundNode>,
    /// Children of calls and arrays.
    pub children: Vec<u32>,
    /// For each node, whether it is evaluated for every cell of a range rather than for one.
    pub array_context: Vec<bool>,
    /// Every reference of the formula, those of its names included.
    pub targets: Vec<Target>,
}

impl Bound {
    /// Whether the formula can refer to cells beside its targets: by a range between computed references, by the spill
    /// of an array, or by values that take the shape of another range.
    pub fn is_dynamic(&self) -> bool {
        self.nodes.iter().any(|node| match node {
            BoundNode::Unary(UnaryOperator::Spill, _) | BoundNode::Binary(BinaryOperator::Range, ..) => true,
            BoundNode::Call { function, count: 3, .. } => {
                function.names.iter().any(|name| ["SUMIF", "AVERAGEIF"].contains(name))
            }
            BoundNode::Formula(inner) => inner.is_dynamic(),
            _ => false,
        })
    }
}

/// A node whose names are looked up.
#[derive(Debug, Clone)]
pub enum BoundNode {
    /// A literal.
    Value(Value),
    /// An argument left out.
    Missing,
    /// Cells.
    Target(Target),
    /// A defined name that stands for a formula.
    Formula(Rc<Bound>),
    /// One operand.
    Unary(UnaryOperator, u32),
    /// Two operands.
    Binary(BinaryOperator, u32, u32),
    /// A call.
    Call {
        /// The function.
        function: &'static Function,
        /// First argument in [`Bound::children`].
        first: u32,
        /// How many arguments.
        count: u32,
    },
    /// A rectangle of literals.
    Array {
        /// First element in [`Bound::children`].
        first: u32,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: u32,
    },
    /// What cannot be computed.
    Unsupported(Obstacle),
}

/// Something in a formula that this program cannot compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The function or construct, in words.
    pub what: String,
    /// Whether it may depend on cells that its formula does not name, so that the value stored in the file is
    /// no substitute even where no input reaches the cells that are named.
    pub sees_unnamed_cells: bool,
}

impl Obstacle {
    fn plain(what: impl Into<String>) -> BoundNode {
        BoundNode::Unsupported(Obstacle { what: what.into(), sees_unnamed_cells: false })
    }

    fn far_seeing(what: impl Into<String>) -> BoundNode {
        BoundNode::Unsupported(Obstacle { what: what.into(), sees_unnamed_cells: true })
    }
}

/// Functions whose value hangs on cells that the formula does not name, or on chance.
const FAR_SEEING: [&str; 8] =
    ["INDIRECT", "OFFSET", "GETPIVOTDATA", "CELL", "RAND", "RANDBETWEEN", "RANDARRAY", "EVALUATE"];

/// Binds formulas and remembers what it bound.
#[derive(Debug, Default)]
pub struct Binder {
    /// By formula: the few sheets it stands in, and whether as an array formula.
    bound: Vec<Vec<(u32, bool, Rc<Bound>)>>,
    names: BoundNames,
    /// About the size of `bound`, in nodes.
    size: usize,
}

/// What is remembered, in nodes of some 56 bytes. Past it all formulas are forgotten, and bound again where they are met again: only
/// a workbook of very many different formulas comes so far, and they would fill the memory.
const MAX_SIZE: usize = 1_000_000;
/// What a formula takes beside its nodes.
const SIZE_OF_FORMULA: usize = 8;

/// What binding looks things up in.
pub struct Scope<'a> {
    /// The workbook, its formulas and texts set apart.
    pub workbook: &'a Workbook,
    /// Its sheets and names.
    pub directory: &'a Directory,
}

impl Binder {
    /// The formula as it stands in cells of `sheet`; `array` where it is an array formula.
    pub fn bind(
        &mut self,
        scope: &Scope<'_>,
        stores: &mut Stores<'_>,
        formula: FormulaId,
        at: Address,
        array: bool,
    ) -> Rc<Bound> {
        let index = formula.0 as usize;
        let known = self.bound.get(index).and_then(|sheets| {
            sheets.iter().find(|(sheet, as_array, _)| *sheet == at.sheet && *as_array == array)
        });
        if let Some((_, _, bound)) = known {
            return Rc::clone(bound);
        }
        let bound = Rc::new(bind_formula(scope, stores, &mut self.names, formula, at, array));
        let size = bound.nodes.len() + SIZE_OF_FORMULA;
        self.size += size;
        if self.size > MAX_SIZE {
            self.bound = Vec::new();
            self.size = size;
        }
        if self.bound.len() <= index {
            self.bound.resize_with(index + 1, Vec::new);
        }
        self.bound[index].push((at.sheet, array, Rc::clone(&bound)));
        bound
    }
}

/// What grows while a workbook is bound.
pub struct Stores<'a> {
    /// Distinct formulas; those of defined names are added.
    pub formulas: &'a mut Formulas,
    /// Texts; those of formulas are added.
    pub texts: &'a mut Texts,
}

fn bind_formula(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    names: &mut BoundNames,
    formula: FormulaId,
    at: Address,
    array: bool,
) -> Bound {
    let syntax = match stores.formulas.syntax(formula) {
        Ok(syntax) => syntax,
        Err(error) => {
            let nodes = vec![Obstacle::far_seeing(format!("a formula that cannot be read: {error}"))];
            return Bound { nodes, children: Vec::new(), array_context: vec![array], targets: Vec::new() };
        }
    };
    let mut targets = Vec::new();
    let nodes: Vec<BoundNode> = syntax
        .nodes
        .iter()
        .map(|node| bind_node(scope, stores, names, &syntax, node, at, &mut targets))
        .collect();
    targets.extend(read_targets(&nodes, &syntax.children));
    targets.sort_unstable();
    targets.dedup();
    let array_context = array_context(&nodes, &syntax.children, array);
    targets.shrink_to_fit();
    Bound { nodes, children: syntax.children, array_context, targets }
}

fn bind_node(
    scope: &Scope<'_>,
    stores: &mut Stores<'_>,
    names: &mut BoundNames,
    syntax: &Syntax,
    node: &Node,
    at: Address,
    targets: &mut Vec<Target>,
) -> BoundNode {
    let string = |id: StringId| syntax.strings[id as usize].as_str();

    match *node {
        Node::Number(number) => BoundNode::Value(Value::Number(number)),
        Node::Text(id) => BoundNode::Value(Value::Text(stores.texts.intern(string(id)))),
        Node::Bool(truth) => BoundNode::Value(Value::Bool(truth)),
        Node::Error(kind) => BoundNode::Value(Value::Error(kind)),
        Node::Missing => BoundNode::Missing,
        Node::Reference(reference) => bind_reference(scope, syntax, reference),
        Node::Name { sheet, name } => {
            let sheet = sheet.map(string);
            bind_name(scope, stores, names, NameUse { sheet, name: string(name), at }, targets)
        }
        Node::Structured(structured) => bind_structured(scope, syntax, structured, at),
        Node::Unary(operator, child) => BoundNode::Unary(operator, child),
        Node::Binary(operator, left, right) => BoundNode::Binary(operator, left, right),
        Node::Call { function, first, count } => bind_call(string(function), first, count),
        Node::Array { first, rows, columns } => BoundNode::Array { first, rows, columns },
    }
}

fn bind_call(name: &str, first: u32, count: u32) -> BoundNode {
    match functions::find(name) {
        Some(function) if (function.least..=function.most).contains(&count) => {
            BoundNode::Call { function, first, count }
        }
        Some(function) => {
            Obstacle::plain(format!("{name} with {count} arguments ({})", function.arity_in_words()))
        }
        None if FAR_SEEING.contains(&name) => Obstacle::far_seeing(name),
        None => Obstacle::plain(name),
    }
}

/// The references whose cells are read: not those of which ROW and its kin want the place alone.
fn read_targets(nodes: &[BoundNode], children: &[u32]) -> Vec<Target> {
    let mut is_read = vec![true; nodes.len()];
    for node in nodes {
        if let BoundNode::Call { function, first, count } = node
            && ["ROW", "ROWS", "COLUMN", "COLUMNS"].contains(&function.names[0])
        {
            for child in &children[*first as usize..(*first + *count) as usize] {
                is_read[*child as usize] = false;
            }
        }
    }
    let read = nodes.iter().zip(is_read).filter(|(_, is_read)| *is_read);
    read.filter_map(|(node, _)| if let BoundNode::Target(target) = node { Some(*target) } else { None })
        .collect()
}

/// Which nodes are evaluated for every cell of their ranges: all under an array formula, and the arguments of
/// functions that take arrays.
fn array_context(nodes: &[BoundNode], children: &[u32], array: bool) -> Vec<bool> {
    let mut context = vec![false; nodes.len()];
    if let Some(root) = context.last_mut() {
        *root = array;
    }
    for index in (0..nodes.len()).rev() {
        let inherited = context[index];
        match &nodes[index] {
            BoundNode::Unary(_, child) => context[*child as usize] = inherited,
            BoundNode::Binary(_, left, right) => {
                context[*left as usize] = inherited;
                context[*right as usize] = inherited;
            }
            BoundNode::Call { function, first, count } => {
                for child in &children[*first as usize..(*first + *count) as usize] {
                    context[*child as usize] = inherited || function.takes_arrays;
                }
            }
            BoundNode::Value(_)
            | BoundNode::Missing
            | BoundNode::Target(_)
            | BoundNode::Formula(_)
            | BoundNode::Array { .. }
            | BoundNode::Unsupported(_) => {}
        }
    }
    context
}
