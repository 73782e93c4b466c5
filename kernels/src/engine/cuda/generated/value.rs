//! What an instruction reads and writes, as the generated code has it.

use std::fmt;

/// A value of one trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// The same for every trial, packed.
    Constant(f64),
    /// A finite number, as all draws are, and constants that are looked up.
    Number(Register),
    /// What an instruction came to, packed.
    Result(Register),
}

/// A register of a double. Each is written for one value only, or for that value of every row that repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Register(pub u32);

/// A register of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Predicate(pub u32);

impl Value {
    /// The value, where it is the same for every trial.
    pub(super) fn constant(self) -> Option<f64> {
        if let Value::Constant(value) = self { Some(value) } else { None }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Constant(value) => write!(f, "0d{:016X}", value.to_bits()),
            Value::Number(register) | Value::Result(register) => register.fmt(f),
        }
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%f{}", self.0)
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%p{}", self.0)
    }
}
