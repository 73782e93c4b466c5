//! What a term stands for where a number, a condition or a packed value is wanted.

use super::{Graph, Node};
use crate::compile::local_text::reads_locally;
use crate::compile::term::{Kinds, NodeIndex, Term};
use crate::compile::text;
use crate::plan::{Opcode, Operand};
use crate::value::{ErrorKind, Value};

impl Graph {
    /// The number that `term` stands for in arithmetic. Its kind is a number, also where `term` is a condition: those
    /// are held as numbers but compare and pack as booleans.
    pub fn number(&mut self, term: Term) -> Term {
        let number = self.arithmetic(term);
        if matches!(number, Term::Computed(_)) && self.kinds(number) == Kinds::CONDITION {
            let a = self.number_operand(number);
            return self.emit(Node { opcode: Opcode::ToNumber, a, b: 0, c: 0 }, Kinds::NUMBER);
        }
        number
    }

    /// What arithmetic takes for `term`: a number, or a condition, which is held as one.
    pub(super) fn arithmetic(&mut self, term: Term) -> Term {
        match term {
            Term::Known(value) => match (self.number_value(value), value) {
                (Value::Error(_), Value::Text(id)) if reads_locally(self.texts.get(id)) => {
                    self.local_text(id)
                }
                (number, _) => Term::Known(number),
            },
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

    pub(super) fn number_value(&self, value: Value) -> Value {
        match value {
            Value::Number(_) | Value::Error(_) => value,
            Value::Bool(truth) => Value::Number(f64::from(u8::from(truth))),
            Value::Empty => Value::Number(0.0),
            Value::Text(id) => {
                text::parse_number(self.texts.get(id)).map_or(Value::Error(ErrorKind::Value), Value::Number)
            }
        }
    }

    pub(super) fn condition_value(&self, value: Value) -> Value {
        match value {
            Value::Bool(_) | Value::Error(_) => value,
            Value::Number(number) => Value::Bool(number != 0.0),
            Value::Empty => Value::Bool(false),
            Value::Text(id) => {
                text::parse_condition(self.texts.get(id)).map_or(Value::Error(ErrorKind::Value), Value::Bool)
            }
        }
    }

    pub(super) fn number_operand(&mut self, term: Term) -> u32 {
        match term {
            Term::Known(Value::Bool(truth)) => self.constant(f64::from(u8::from(truth))),
            other => self.packed_operand(other),
        }
    }

    pub(super) fn packed_operand(&mut self, term: Term) -> u32 {
        match term {
            Term::Known(value) => self.constant(value.pack()),
            Term::Computed(NodeIndex(index)) => Operand::slot(index).bits(),
            Term::Unsupported(_) => unreachable!("unsupported terms are merged before operands are made"),
        }
    }
}
