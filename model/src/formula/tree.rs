//! A syntax tree while it grows.

use super::{
    BinaryOperator, Node, NodeId, Reference, SheetName, StringId, Syntax, SyntaxError, UnaryOperator,
};

/// Nodes, and the complete operands that wait for their operator.
#[derive(Default)]
pub(super) struct Tree {
    syntax: Syntax,
    operands: Vec<NodeId>,
}

impl Tree {
    /// The tree, whose one operand is its root.
    pub(super) fn complete(self) -> Syntax {
        let mut syntax = self.syntax;
        syntax.nodes.shrink_to_fit();
        syntax.children.shrink_to_fit();
        syntax.strings.shrink_to_fit();
        syntax
    }

    /// How many operands wait.
    pub(super) fn waiting(&self) -> usize {
        self.operands.len()
    }

    /// Adds a node and makes it the last operand.
    pub(super) fn push(&mut self, node: Node) {
        let id = self.add_node(node);
        self.operands.push(id);
    }

    /// Adds a node that is no operand, such as an element of an array.
    pub(super) fn add_node(&mut self, node: Node) -> NodeId {
        self.syntax.nodes.push(node);
        (self.syntax.nodes.len() - 1) as NodeId
    }

    pub(super) fn add_string(&mut self, string: String) -> StringId {
        self.syntax.strings.push(string);
        (self.syntax.strings.len() - 1) as StringId
    }

    pub(super) fn string(&self, id: StringId) -> &str {
        &self.syntax.strings[id as usize]
    }

    /// Puts an operator around the last operand.
    pub(super) fn wrap(&mut self, operator: UnaryOperator) {
        let operand = self.pop_operand();
        self.push(Node::Unary(operator, operand));
    }

    /// Joins the last two operands with the operator that stands at `start`.
    pub(super) fn combine(&mut self, operator: BinaryOperator, start: usize) -> Result<(), SyntaxError> {
        let right = self.pop_operand();
        let left = self.pop_operand();
        if needs_references(operator) && !(self.may_be_reference(left) && self.may_be_reference(right)) {
            return Err(SyntaxError::new(start, "both sides of this must be references"));
        }
        match self.as_rectangle(operator, left, right) {
            Some(rectangle) => {
                self.syntax.nodes.truncate(left as usize);
                self.push(Node::Reference(rectangle));
            }
            None => self.push(Node::Binary(operator, left, right)),
        }
        Ok(())
    }

    /// `A1:B2` is one reference, not an operation on two.
    fn as_rectangle(&self, operator: BinaryOperator, left: NodeId, right: NodeId) -> Option<Reference> {
        let nodes = &self.syntax.nodes;
        let (Node::Reference(first), Node::Reference(last)) = (nodes[left as usize], nodes[right as usize])
        else {
            return None;
        };
        let on_one_sheet = match (first.sheet, last.sheet) {
            (_, SheetName::Own) => true,
            (SheetName::One(a), SheetName::One(b)) => self.string(a) == self.string(b),
            _ => false,
        };
        let joins = operator == BinaryOperator::Range && first.single && last.single && on_one_sheet;
        joins.then_some(Reference { sheet: first.sheet, first: first.first, last: last.first, single: false })
    }

    /// Makes the operands from `first_operand` on the arguments of a call.
    pub(super) fn complete_call(&mut self, name: String, first_operand: usize) {
        let node = match (name.as_str(), self.operands.len() - first_operand) {
            ("TRUE", 0) => Node::Bool(true),
            ("FALSE", 0) => Node::Bool(false),
            ("SINGLE", 1) => Node::Unary(UnaryOperator::Intersect, self.pop_operand()),
            ("ANCHORARRAY", 1) => Node::Unary(UnaryOperator::Spill, self.pop_operand()),
            (_, count) => {
                let first = self.syntax.children.len() as u32;
                self.syntax.children.extend(self.operands.drain(first_operand..));
                Node::Call { function: self.add_string(name), first, count: count as u32 }
            }
        };
        self.push(node);
    }

    /// Adds an array of `rows` rows.
    pub(super) fn push_array(&mut self, elements: &[NodeId], rows: usize) {
        let first = self.syntax.children.len() as u32;
        self.syntax.children.extend_from_slice(elements);
        let columns = (elements.len() / rows) as u32;
        self.push(Node::Array { first, rows: rows as u32, columns });
    }

    fn pop_operand(&mut self) -> NodeId {
        self.operands.pop().expect("the parser reads as many operands as its operators take")
    }

    /// Whether a reference operator can take the last operand.
    pub(super) fn last_may_be_reference(&self) -> bool {
        self.operands.last().is_some_and(|id| self.may_be_reference(*id))
    }

    fn may_be_reference(&self, id: NodeId) -> bool {
        match self.syntax.nodes[id as usize] {
            // A function or a name may come to a reference, an error stands for a lost one.
            Node::Reference(_) | Node::Name { .. } | Node::Structured(_) => true,
            Node::Call { .. } | Node::Error(_) => true,
            Node::Unary(operator, _) => matches!(operator, UnaryOperator::Intersect | UnaryOperator::Spill),
            Node::Binary(operator, ..) => needs_references(operator),
            Node::Number(_) | Node::Text(_) | Node::Bool(_) | Node::Missing | Node::Array { .. } => false,
        }
    }
}

fn needs_references(operator: BinaryOperator) -> bool {
    matches!(operator, BinaryOperator::Range | BinaryOperator::Intersection | BinaryOperator::Union)
}
