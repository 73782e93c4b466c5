//! Operations behind each other that are checked together: a region.
//!
//! Each is computed plainly, as for numbers. One condition tells whether all of them were: that every result is finite,
//! and what else an operation demands. Where it does not hold, the region is computed once more by functions of the library,
//! out of the way, which say what errors, texts and overflows come to. A result need not be looked at if a later one of
//! the region cannot be finite unless it is.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use super::kernel::Registers;
use super::value::{Predicate, Register, Value};

/// More are checked in two regions: a trial with an error in it should not cost many operations twice.
const MOST_OPERATIONS: usize = 32;
const GREATEST_FINITE: &str = "0d7FEFFFFFFFFFFFFF";

/// Operations that are not yet checked.
#[derive(Debug, Default)]
pub(super) struct Region {
    operations: Vec<Operation>,
    /// All that are written in it.
    results: BTreeSet<Register>,
    /// Those of them that are finite if all is well, and not yet known to be.
    unwatched: BTreeSet<Register>,
    watched: BTreeSet<Register>,
    /// Holds as long as all is well.
    holds: Option<Predicate>,
    /// What goes to columns afterwards, by their places.
    stores: Vec<(u64, Register)>,
}

/// How to compute a result once more.
#[derive(Debug)]
struct Operation {
    function: String,
    result: Register,
    operands: Vec<Value>,
}

/// The text of a kernel as it grows: what every trial comes past, and what is out of the way.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) way: String,
    pub(super) aside: String,
    pub(super) registers: Registers,
    /// Which condition all that goes to columns waits for.
    pub(super) stores_if: Option<&'static str>,
    regions: usize,
    labels: usize,
}

impl Text {
    /// Adds an instruction.
    pub(super) fn put(&mut self, instruction: &str) {
        writeln!(self.way, "\t{instruction};").expect("a text takes all that is written");
    }

    /// The name of a place that the kernel comes back to.
    pub(super) fn label(&mut self) -> String {
        self.labels += 1;
        format!("$again{}", self.labels - 1)
    }

    /// Puts a value into a column, of which there is the place among those that are wanted.
    pub(super) fn store(&mut self, place: impl Display, value: Register) {
        self.put(&format!("mad.lo.u64 %to, %pitch, {place}, %at"));
        let condition = self.stores_if.map_or_else(String::new, |condition| format!("@{condition} "));
        self.put(&format!("{condition}st.global.f64 [%to], {value}"));
    }
}

/// A call for a value.
pub(super) fn call(function: &str, result: Register, operands: &[Value]) -> String {
    let operands: String = operands.iter().map(|operand| format!(", {operand}")).collect();
    format!("call ({result}), fermiac_{function}, (%words{operands})")
}

impl Region {
    /// Whether a value is written in this region, so that it is not to be relied on before that is checked.
    pub(super) fn has(&self, value: Value) -> bool {
        matches!(value, Value::Result(register) if self.results.contains(&register))
    }

    /// Adds an operation whose result comes out of what was just written.
    pub(super) fn add(&mut self, function: &str, result: Register, operands: &[Value]) {
        self.results.insert(result);
        self.operations.push(Operation {
            function: function.to_owned(),
            result,
            operands: operands.to_vec(),
        });
    }

    /// The result, just added, is finite if all is well. `covered` are operands without which it would not be.
    pub(super) fn expect_number(&mut self, result: Register, covered: &[Value]) {
        self.unwatched.insert(result);
        for value in covered {
            if let Value::Result(register) = value {
                self.unwatched.remove(register);
            }
        }
    }

    /// Demands that a value is a number.
    pub(super) fn watch(&mut self, text: &mut Text, value: Value) {
        let Value::Result(register) = value else { return };
        if !self.unwatched.contains(&register) && self.watched.insert(register) {
            self.demand_finite(text, register);
        }
    }

    /// Demands a condition.
    pub(super) fn demand(&mut self, text: &mut Text, condition: Predicate) {
        self.holds = Some(match self.holds {
            None => condition,
            Some(before) => {
                let both = text.registers.predicate();
                text.put(&format!("and.pred {both}, {before}, {condition}"));
                both
            }
        });
    }

    /// A result of the region goes to a column.
    pub(super) fn store(&mut self, place: u64, value: Register) {
        self.stores.push((place, value));
    }

    pub(super) fn is_full(&self) -> bool {
        self.operations.len() >= MOST_OPERATIONS
    }

    /// Ends the region: from here on its results are what the interpreter says.
    pub(super) fn close(&mut self, text: &mut Text) {
        let mut region = std::mem::take(self);
        for register in std::mem::take(&mut region.unwatched) {
            region.demand_finite(text, register);
        }
        if let Some(holds) = region.holds {
            let number = text.regions;
            text.regions += 1;
            text.put(&format!("@!{holds} bra $aside{number}"));
            let _ = writeln!(text.way, "$back{number}:");
            let _ = writeln!(text.aside, "$aside{number}:");
            for Operation { function, result, operands } in &region.operations {
                let _ = writeln!(text.aside, "\t{};", call(function, *result, operands));
            }
            let _ = writeln!(text.aside, "\tbra $back{number};");
        }
        for (place, value) in region.stores {
            text.store(place, value);
        }
    }

    fn demand_finite(&mut self, text: &mut Text, register: Register) {
        let (size, holds) = (text.registers.double(), text.registers.predicate());
        text.put(&format!("abs.f64 {size}, {register}"));
        text.put(&match self.holds {
            None => format!("setp.le.f64 {holds}, {size}, {GREATEST_FINITE}"),
            Some(before) => format!("setp.le.and.f64 {holds}, {size}, {GREATEST_FINITE}, {before}"),
        });
        self.holds = Some(holds);
    }
}
