//! Operations on terms: what is known folds, the rest becomes nodes.

use super::{Graph, Node};
use crate::compile::term::{KindMask, Kinds, NodeIndex, Term};
use crate::plan::scalar::{self, compare::numbers};
use crate::plan::{Opcode, Operand, Place};
use crate::value::Value;

impl Graph {
    /// An operation on one number.
    pub fn unary(&mut self, opcode: Opcode, a: Term) -> Term {
        let a = self.arithmetic(a);
        self.numeric(opcode, [a, Term::Known(Value::Empty), Term::Known(Value::Empty)], 1, Kinds::NUMBER)
    }

    /// An operation on two numbers.
    pub fn binary(&mut self, opcode: Opcode, a: Term, b: Term) -> Term {
        if let (Term::Known(Value::Number(a)), Term::Known(Value::Number(b))) = (a, b)
            && let Some(result) = fold_numbers(opcode, a, b)
        {
            return result;
        }
        let (a, b) = (self.arithmetic(a), self.arithmetic(b));
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
        if let (Term::Known(Value::Number(a)), Term::Known(Value::Number(b))) = (a, b)
            && let Some(result) = fold_numbers(opcode, a, b)
        {
            return result;
        }
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
        self.operations += terms.len() as u64;
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
            Place::Slot(inner) => Some(Term::Computed(NodeIndex(inner))),
            Place::Constant(_) => None,
        }
    }

    fn numeric(&mut self, opcode: Opcode, operands: [Term; 3], count: usize, kinds: Kinds) -> Term {
        self.operations += 1;
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
        self.operations += 1;
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
}

/// What the commonest operations make of known numbers, without the way through a lane. `None` for the others.
fn fold_numbers(opcode: Opcode, a: f64, b: f64) -> Option<Term> {
    let result = match opcode {
        Opcode::Add => a + b,
        Opcode::Subtract => a - b,
        Opcode::Multiply => a * b,
        Opcode::Less => return Some(Term::bool(numbers(a, b).is_lt())),
        Opcode::LessEqual => return Some(Term::bool(numbers(a, b).is_le())),
        Opcode::Equal => return Some(Term::bool(numbers(a, b).is_eq())),
        Opcode::NotEqual => return Some(Term::bool(numbers(a, b).is_ne())),
        _ => return None,
    };
    // What overflows is an error.
    result.is_finite().then(|| Term::number(result))
}

fn as_bool(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Bool(number != 0.0),
        other => other,
    }
}
