//! One formula in one cell: from bound nodes to the term of the cell.

use std::rc::Rc;

use super::address::Address;
use super::argument::{Argument, Array, Place, Rest};
use super::bind::{Bound, BoundNode, Obstacle};
use super::functions::{Call, Function, Semantics};
use super::rests::{Rests, rest_among};
use super::sheets::Sheets;
use super::term::{Kinds, Term};
use super::text;
use crate::cell::{Area, Position};
use crate::formula::{BinaryOperator, UnaryOperator};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};

/// The longest text that a cell holds in Excel, in characters; what would be longer is `#VALUE!`.
const MAX_TEXT: usize = 32_767;

impl Sheets<'_> {
    /// What `bound` comes to in the cell `at`.
    pub fn evaluate(&mut self, bound: &Bound, at: Address) -> Argument {
        if !self.work.spend(bound.nodes.len() as u64) {
            return Argument::error(ErrorKind::Num);
        }
        let mut results = self.spare.pop().unwrap_or_default();
        for (index, node) in bound.nodes.iter().enumerate() {
            let array = bound.array_context[index];
            let result = self.evaluate_node(bound, node, &results, at, array);
            results.push(result);
        }
        let result = results.pop().unwrap_or(Argument::Missing);
        results.clear();
        self.spare.push(results);
        result
    }

    fn evaluate_node(
        &mut self,
        bound: &Bound,
        node: &BoundNode,
        results: &[Argument],
        at: Address,
        array: bool,
    ) -> Argument {
        let result = |index: u32| &results[index as usize];
        match node {
            BoundNode::Value(value) => Argument::Term(Term::Known(*value)),
            BoundNode::Missing => Argument::Missing,
            BoundNode::Target(target) => match target.place(at) {
                Some(place) => Argument::Place(place),
                None => Argument::error(ErrorKind::Ref),
            },
            BoundNode::Formula(inner) => self.evaluate(inner, at),
            BoundNode::Unary(operator, child) => self.unary(*operator, result(*child), at, array),
            BoundNode::Binary(operator, left, right) => {
                self.binary(*operator, result(*left), result(*right), at, array)
            }
            BoundNode::Call { function, first, count } => {
                let children = &bound.children[*first as usize..(*first + *count) as usize];
                match function.semantics {
                    Semantics::Values(lower) => {
                        let arguments: Vec<&Argument> = children.iter().map(|child| result(*child)).collect();
                        self.map(&arguments, at, array, |sheets, terms| lower(&mut sheets.graph, terms))
                    }
                    Semantics::Arguments(lower) => {
                        let arguments: Vec<Argument> =
                            children.iter().map(|child| result(*child).clone()).collect();
                        if let Some(unsupported) = self.unsupported_among(function, &arguments) {
                            return unsupported;
                        }
                        let result = lower(&mut Call { sheets: self, arguments: &arguments, at, array });
                        self.without_rests(result, at)
                    }
                }
            }
            BoundNode::Array { first, rows, columns } => {
                let children = &bound.children[*first as usize..(*first + rows * columns) as usize];
                let terms = children.iter().map(|child| self.scalar(result(*child), at)).collect();
                Argument::Array(Rc::new(Array::new(*rows, *columns, terms)))
            }
            BoundNode::Unsupported(obstacle) => Argument::Term(self.written_obstacle(obstacle, at)),
        }
    }

    /// An argument that cannot be computed makes the whole call so, before the function mistakes it for no range.
    /// IF and CHOOSE may not need it, and a criterion may be understood.
    fn unsupported_among(&self, function: &Function, arguments: &[Argument]) -> Option<Argument> {
        let lazy = ["IF", "CHOOSE"].contains(&function.names[0]);
        let found = arguments.iter().find(|argument| match argument {
            Argument::Term(Term::Unsupported(index)) => !self.uncertain_criteria.contains_key(index),
            _ => false,
        });
        found.filter(|_| !lazy).cloned()
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &Argument, at: Address, array: bool) -> Argument {
        match operator {
            UnaryOperator::Plus => operand.clone(),
            UnaryOperator::Intersect => Argument::Term(self.scalar(operand, at)),
            UnaryOperator::Spill => self.spilled(operand),
            UnaryOperator::Negate => {
                self.map(&[operand], at, array, |sheets, terms| sheets.graph.unary(Opcode::Negate, terms[0]))
            }
            UnaryOperator::Percent => self.map(&[operand], at, array, |sheets, terms| {
                sheets.graph.binary(Opcode::Divide, terms[0], Term::number(100.0))
            }),
        }
    }

    /// The area that the array formula anchored at a cell fills.
    fn spilled(&self, anchor: &Argument) -> Argument {
        let Argument::Place(place) = anchor else { return unsupported_or(&[anchor], ErrorKind::Ref) };
        let arrays = &self.workbook.sheets[place.sheet as usize].arrays;
        match arrays.iter().find(|array| array.area.first == place.area.first) {
            Some(array) => Argument::Place(Place { sheet: place.sheet, area: array.area }),
            None => Argument::error(ErrorKind::Ref),
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &Argument,
        right: &Argument,
        at: Address,
        array: bool,
    ) -> Argument {
        match operator {
            BinaryOperator::Range => joined(left, right),
            BinaryOperator::Intersection => intersected(left, right),
            BinaryOperator::Union => united(left, right),
            _ => self.map(&[left, right], at, array, |sheets, terms| {
                sheets.operate(operator, terms[0], terms[1], at)
            }),
        }
    }

    fn operate(&mut self, operator: BinaryOperator, left: Term, right: Term, at: Address) -> Term {
        let graph = &mut self.graph;
        match operator {
            BinaryOperator::Add => graph.binary(Opcode::Add, left, right),
            BinaryOperator::Subtract => graph.binary(Opcode::Subtract, left, right),
            BinaryOperator::Multiply => graph.binary(Opcode::Multiply, left, right),
            BinaryOperator::Divide => graph.binary(Opcode::Divide, left, right),
            BinaryOperator::Power => graph.binary(Opcode::Power, left, right),
            BinaryOperator::Equal => graph.compare(Opcode::Equal, left, right),
            BinaryOperator::NotEqual => graph.compare(Opcode::NotEqual, left, right),
            BinaryOperator::Less => graph.compare(Opcode::Less, left, right),
            BinaryOperator::LessEqual => graph.compare(Opcode::LessEqual, left, right),
            BinaryOperator::Greater => {
                let opposite = graph.compare(Opcode::LessEqual, left, right);
                graph.not(opposite)
            }
            BinaryOperator::GreaterEqual => {
                let opposite = graph.compare(Opcode::Less, left, right);
                graph.not(opposite)
            }
            BinaryOperator::Concatenate => self.concatenate(left, right, at),
            BinaryOperator::Range | BinaryOperator::Intersection | BinaryOperator::Union => {
                unreachable!("reference operators are handled by `binary`")
            }
        }
    }

    fn concatenate(&mut self, left: Term, right: Term, at: Address) -> Term {
        match (left, right) {
            (Term::Known(left), Term::Known(right)) => {
                for value in [left, right] {
                    if let Value::Error(kind) = value {
                        return Term::error(kind);
                    }
                }
                let joined = self.written(left) + &self.written(right);
                if joined.len() > MAX_TEXT && joined.chars().count() > MAX_TEXT
                    || !self.work.make_text(joined.len() as u64)
                {
                    return Term::error(ErrorKind::Value);
                }
                Term::Known(Value::Text(self.graph.texts.intern(&joined)))
            }
            (Term::Unsupported(_), _) => left,
            (_, Term::Unsupported(_)) => right,
            _ => self.uncertain_text(left, right, at),
        }
    }

    /// A text made from an uncertain value cannot be computed, but `">"&A1` is understood where it is a criterion.
    fn uncertain_text(&mut self, left: Term, right: Term, at: Address) -> Term {
        let what = "& (a text made from an uncertain value)".to_owned();
        let term = self.obstacle(&Obstacle { what, sees_unnamed_cells: false }, at);
        if let (Term::Unsupported(index), Term::Known(Value::Text(sign)), Term::Computed(_)) =
            (term, left, right)
            && self.graph.kinds(right).within(Kinds::NUMBER)
        {
            self.uncertain_criteria.insert(index, (sign, right));
        }
        term
    }

    /// The value as a text.
    fn written(&self, value: Value) -> String {
        match value {
            Value::Empty => String::new(),
            Value::Number(number) => text::write_number(number),
            Value::Bool(truth) => if truth { "TRUE" } else { "FALSE" }.to_owned(),
            Value::Text(id) => self.graph.texts.get(id).to_owned(),
            Value::Error(kind) => kind.as_str().to_owned(),
        }
    }

    /// Applies `operation` to single values; in array context, to each place of arrays that are broadcast together.
    pub fn map(
        &mut self,
        arguments: &[&Argument],
        at: Address,
        array: bool,
        mut operation: impl FnMut(&mut Self, &[Term]) -> Term,
    ) -> Argument {
        let many = arguments
            .iter()
            .any(|argument| argument.is_many() && (array || matches!(argument, Argument::Array(_))));
        if !many {
            let mut terms = [Term::Known(Value::Empty); 4];
            if arguments.len() <= terms.len() {
                for (term, argument) in terms.iter_mut().zip(arguments) {
                    *term = self.scalar(argument, at);
                }
                return Argument::Term(operation(self, &terms[..arguments.len()]));
            }
            let terms: Vec<Term> = arguments.iter().map(|argument| self.scalar(argument, at)).collect();
            return Argument::Term(operation(self, &terms));
        }
        let arrays: Vec<Rc<Array>> = arguments.iter().map(|argument| self.dense(argument)).collect();
        let rows = arrays.iter().map(|array| array.rows).max().unwrap_or(1);
        let columns = arrays.iter().map(|array| array.columns).max().unwrap_or(1);
        let size = u64::from(rows) * u64::from(columns);
        if !self.work.make_array(size, None) {
            return Argument::error(ErrorKind::Num);
        }
        let mut terms = Vec::with_capacity(size as usize);
        let mut lane = Vec::with_capacity(arrays.len());
        for row in 0..rows {
            for column in 0..columns {
                lane.clear();
                lane.extend(arrays.iter().map(|array| array.broadcast(row, column)));
                terms.push(operation(self, &lane));
            }
        }
        let rest = rest_among(&arrays).map(|Rests { count, lane }| {
            let term = match lane {
                Some(lane) => operation(self, &lane),
                None => self.uncounted_rest(at),
            };
            Rest { term, count }
        });
        Argument::Array(Rc::new(Array { rows, columns, terms, rest }))
    }

    /// The one value of an argument: a range gives the cell in the formula's own row or column (implicit
    /// intersection), an array its first value.
    pub fn scalar(&self, argument: &Argument, at: Address) -> Term {
        match argument {
            Argument::Term(term) => *term,
            Argument::Missing => Term::Known(Value::Empty),
            Argument::Union(_) => Term::error(ErrorKind::Value),
            Argument::Array(array) => array.terms.first().copied().unwrap_or(Term::error(ErrorKind::Calc)),
            Argument::Place(place) => match intersect_implicitly(place.area, at.position) {
                Some(position) => self.term(Address { sheet: place.sheet, position }),
                None => Term::error(ErrorKind::Value),
            },
        }
    }

    /// All values of an argument as an array; of whole rows and columns what the sheet uses.
    pub fn dense(&mut self, argument: &Argument) -> Rc<Array> {
        match argument {
            Argument::Term(term) => Rc::new(Array::single(*term)),
            Argument::Missing => Rc::new(Array::single(Term::Known(Value::Empty))),
            Argument::Union(_) => Rc::new(Array::single(Term::error(ErrorKind::Value))),
            Argument::Array(array) => Rc::clone(array),
            Argument::Place(place) => self.dense_once(*place, |sheets| sheets.dense_place(*place)),
        }
    }

    fn dense_place(&self, whole: Place) -> Array {
        let place = self.clipped(whole);
        let (rows, columns) = (place.area.rows(), place.area.columns());
        if !self.work.make_array(u64::from(rows) * u64::from(columns), Some(place)) {
            return Array::single(Term::error(ErrorKind::Num));
        }
        let mut terms = vec![Term::Known(Value::Empty); rows as usize * columns as usize];
        self.each_cell(place, |position, term| {
            let row = (position.row - place.area.first.row) as usize;
            terms[row * columns as usize + (position.column - place.area.first.column) as usize] = term;
        });
        let cells = |area: Area| u64::from(area.rows()) * u64::from(area.columns());
        let count = cells(whole.area) - cells(place.area);
        let rest = (count > 0).then_some(Rest { term: Term::Known(Value::Empty), count });
        Array { rows, columns, terms, rest }
    }

    /// The term of an obstacle that a formula is written with: names can bring one and the same into a cell very often.
    fn written_obstacle(&mut self, obstacle: &Obstacle, at: Address) -> Term {
        if let Some((place, what, term)) = &self.last_obstacle
            && (*place, what) == (at, &obstacle.what)
        {
            return *term;
        }
        let term = self.obstacle(obstacle, at);
        self.last_obstacle = Some((at, obstacle.what.clone(), term));
        term
    }

    /// The term of something that cannot be computed, with the place where it stands.
    pub fn obstacle(&mut self, obstacle: &Obstacle, at: Address) -> Term {
        let source = self.note_obstacle(obstacle, at);
        self.graph.unsupported(source, obstacle.sees_unnamed_cells)
    }
}

fn intersect_implicitly(area: Area, at: Position) -> Option<Position> {
    if area.first == area.last {
        Some(area.first)
    } else if area.first.column == area.last.column && (area.first.row..=area.last.row).contains(&at.row) {
        Some(Position { row: at.row, column: area.first.column })
    } else if area.first.row == area.last.row && (area.first.column..=area.last.column).contains(&at.column) {
        Some(Position { row: area.first.row, column: at.column })
    } else {
        None
    }
}

/// The operand that cannot be computed, if there is one, else the error.
fn unsupported_or(operands: &[&Argument], kind: ErrorKind) -> Argument {
    let unsupported = |argument: &&&Argument| matches!(argument, Argument::Term(Term::Unsupported(_)));
    operands.iter().find(unsupported).map_or(Argument::error(kind), |argument| (*argument).clone())
}

fn united(left_argument: &Argument, right_argument: &Argument) -> Argument {
    let (left, right) = (left_argument.places(), right_argument.places());
    if left.is_empty() || right.is_empty() {
        return unsupported_or(&[left_argument, right_argument], ErrorKind::Value);
    }
    Argument::Union(left.iter().chain(right).copied().collect())
}

fn joined(left: &Argument, right: &Argument) -> Argument {
    match (left, right) {
        (Argument::Place(left), Argument::Place(right)) if left.sheet == right.sheet => {
            let (a, b) = (left.area, right.area);
            let first =
                Position { row: a.first.row.min(b.first.row), column: a.first.column.min(b.first.column) };
            let last = Position { row: a.last.row.max(b.last.row), column: a.last.column.max(b.last.column) };
            Argument::Place(Place { sheet: left.sheet, area: Area { first, last } })
        }
        _ => unsupported_or(&[left, right], ErrorKind::Ref),
    }
}

fn intersected(left: &Argument, right: &Argument) -> Argument {
    match (left, right) {
        (Argument::Place(left), Argument::Place(right)) if left.sheet == right.sheet => {
            let (a, b) = (left.area, right.area);
            let first =
                Position { row: a.first.row.max(b.first.row), column: a.first.column.max(b.first.column) };
            let last = Position { row: a.last.row.min(b.last.row), column: a.last.column.min(b.last.column) };
            if first.row > last.row || first.column > last.column {
                return Argument::error(ErrorKind::Null);
            }
            Argument::Place(Place { sheet: left.sheet, area: Area { first, last } })
        }
        _ => unsupported_or(&[left, right], ErrorKind::Null),
    }
}
