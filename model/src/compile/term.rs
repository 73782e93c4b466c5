//! What the compiler knows of an expression: its value, or the instruction that will make it.

use crate::value::{ErrorKind, Value};

/// An expression during compilation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Term {
    /// The same in every trial.
    Known(Value),
    /// Made by a node of the graph in each trial.
    Computed(NodeIndex),
    /// Something that this program cannot compute, by its index in the list of refusals. It spreads through
    /// instructions and is refused where it reaches an output.
    Unsupported(u32),
}

/// The index of a node of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(pub u32);

impl Term {
    /// A known number.
    pub fn number(number: f64) -> Term {
        Term::Known(Value::Number(number))
    }

    /// A known boolean.
    pub fn bool(truth: bool) -> Term {
        Term::Known(Value::Bool(truth))
    }

    /// A known error.
    pub fn error(kind: ErrorKind) -> Term {
        Term::Known(Value::Error(kind))
    }

    /// The known value, if it is one.
    pub fn known(self) -> Option<Value> {
        match self {
            Term::Known(value) => Some(value),
            Term::Computed(_) | Term::Unsupported(_) => None,
        }
    }
}

/// Which kinds of value, apart from errors, a term can come to. A set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Nothing but errors.
    pub const NONE: Kinds = Kinds(0);
    /// Numbers.
    pub const NUMBER: Kinds = Kinds(1);
    /// Packed booleans.
    pub const BOOL: Kinds = Kinds(2);
    /// Texts.
    pub const TEXT: Kinds = Kinds(4);
    /// The value of a cell that holds nothing.
    pub const EMPTY: Kinds = Kinds(8);
    /// Conditions, held as 1.0 and 0.0. Never together with another kind.
    pub const CONDITION: Kinds = Kinds(16);

    /// The kinds of one value.
    pub fn of(value: Value) -> Kinds {
        match value {
            Value::Empty => Kinds::EMPTY,
            Value::Number(_) => Kinds::NUMBER,
            Value::Bool(_) => Kinds::BOOL,
            Value::Text(_) => Kinds::TEXT,
            Value::Error(_) => Kinds::NONE,
        }
    }

    /// Both.
    pub fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether every kind of this is one of `other`.
    pub fn within(self, other: Kinds) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether this has a kind in common with `other`.
    pub fn meets(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

/// The mask of [`crate::plan::Opcode::HasKind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindMask(pub u32);

impl KindMask {
    /// A number.
    pub const NUMBER: KindMask = KindMask(1);
    /// A boolean.
    pub const BOOL: KindMask = KindMask(2);
    /// A text.
    pub const TEXT: KindMask = KindMask(4);
    /// Nothing.
    pub const EMPTY: KindMask = KindMask(8);
    /// An error other than `#N/A`.
    pub const ERROR_NOT_NA: KindMask = KindMask(16);
    /// `#N/A`.
    pub const NOT_AVAILABLE: KindMask = KindMask(32);
    /// Any error.
    pub const ERROR: KindMask = KindMask(48);

    /// Whether `value` is of a kind in the mask.
    pub fn holds(self, value: Value) -> bool {
        let bit = match value {
            Value::Number(_) => KindMask::NUMBER,
            Value::Bool(_) => KindMask::BOOL,
            Value::Text(_) => KindMask::TEXT,
            Value::Empty => KindMask::EMPTY,
            Value::Error(ErrorKind::NotAvailable) => KindMask::NOT_AVAILABLE,
            Value::Error(_) => KindMask::ERROR_NOT_NA,
        };
        self.0 & bit.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_no_larger_than_a_value() {
        assert_eq!(size_of::<Term>(), size_of::<Value>());
        assert_eq!(size_of::<Option<Term>>(), size_of::<Value>());
    }
}
