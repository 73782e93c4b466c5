//! The tape as operations of registers.

use fermiac_model::plan::{Instruction, Opcode, Operand, Place, Plan, Shape, scalar};
use fermiac_model::value::Value as Packed;

use super::draws::{Inputs, Pair};
use super::kernel::{IS_WANTED, TO_THE_OTHER};
use super::region::{Region, Text, call};
use super::repeat::Stretch;
use super::value::{Predicate, Register, Value};
use crate::engine::image::Image;

/// As in `plan/compare.cuh`: numbers so near to each other are compared digit by digit.
const NEAR: f64 = 1.1e-14;

/// The tape on its way into a text.
#[derive(Debug)]
pub(super) struct Tape<'a> {
    pub(super) plan: &'a Plan,
    pub(super) image: &'a Image,
    pub(super) inputs: Inputs<'a>,
    pub(super) slots: Vec<Option<Value>>,
    /// Which value of each slot lies where runs are read from.
    in_memory: Vec<Option<Value>>,
    pub(super) region: Region,
    pub(super) text: Text,
}

impl<'a> Tape<'a> {
    /// The text of all draws and instructions of one trial, cut into these stretches.
    pub(super) fn written(plan: &'a Plan, image: &'a Image, stretches: &[Stretch]) -> Text {
        Tape::of_trial(plan, image, stretches, (Text::default(), Pair::None)).text
    }

    /// Of both trials of a pair, one after the other.
    pub(super) fn of_pairs(plan: &'a Plan, image: &'a Image, stretches: &[Stretch]) -> Text {
        let mut text = Text::default();
        text.stores_if = Some(IS_WANTED);
        let first = (text, Pair::First(vec![None; plan.draws.len()]));
        let Tape { mut text, inputs, .. } = Tape::of_trial(plan, image, stretches, first);
        TO_THE_OTHER.iter().for_each(|instruction| text.put(instruction));
        Tape::of_trial(plan, image, stretches, (text, inputs.of_the_other())).text
    }

    fn of_trial(
        plan: &'a Plan,
        image: &'a Image,
        stretches: &[Stretch],
        (mut text, pair): (Text, Pair),
    ) -> Tape<'a> {
        let slots = vec![None; plan.slots as usize];
        let inputs = Inputs::new(plan, image, pair, &mut text);
        let region = Region::default();
        let mut tape = Tape { plan, image, inputs, in_memory: slots.clone(), slots, region, text };
        for stretch in stretches {
            match stretch {
                Stretch::Once(instructions) => {
                    plan.instructions[instructions.clone()].iter().for_each(|each| tape.add(each));
                }
                Stretch::Rows(rows) => tape.roll(rows),
            }
        }
        tape.inputs.draw_the_rest(&mut tape.text);
        tape.region.close(&mut tape.text);
        tape
    }

    pub(super) fn add(&mut self, instruction: &Instruction) {
        let Instruction { opcode, destination, a, b, c } = *instruction;
        let value = match opcode.shape() {
            Shape::Draw => self.inputs.draw(a as usize, &mut self.text),
            Shape::Run => self.run(instruction),
            _ if opcode == Opcode::Store => return self.store(destination, a),
            _ if opcode == Opcode::HasKind => {
                let operands = [self.operand(a), Value::Constant(f64::from(b))];
                self.elementwise(opcode, &operands)
            }
            Shape::One => self.elementwise(opcode, &[a].map(|bits| self.operand(bits))),
            Shape::Two => self.elementwise(opcode, &[a, b].map(|bits| self.operand(bits))),
            Shape::Three => self.elementwise(opcode, &[a, b, c].map(|bits| self.operand(bits))),
        };
        self.slots[destination as usize] = Some(value);
    }

    /// The operand of these bits. A constant that no packing makes is what it unpacks to.
    pub(super) fn operand(&self, bits: u32) -> Value {
        match Operand::from_bits(bits).place() {
            Place::Slot(slot) => self.slots[slot as usize].expect("a slot is read after it was written"),
            Place::Constant(index) => {
                let value = self.plan.constants[index as usize];
                Value::Constant(if value.is_finite() { value } else { Packed::unpack(value).pack() })
            }
        }
    }

    fn elementwise(&mut self, opcode: Opcode, operands: &[Value]) -> Value {
        if let Some(value) = self.folded(opcode, operands) {
            return value;
        }
        let is_never_a_number = |value: &Value| value.constant().is_some_and(|value| !value.is_finite());
        let chosen_from = if opcode == Opcode::Select { 1 } else { operands.len() };
        if operands[..chosen_from].iter().any(is_never_a_number) {
            return self.called(opcode, operands);
        }
        let result = self.text.registers.double();
        if !self.computed(opcode, result, operands) {
            return self.called(opcode, operands);
        }
        self.added(opcode, result, operands)
    }

    /// What is known here already.
    fn folded(&self, opcode: Opcode, operands: &[Value]) -> Option<Value> {
        if opcode == Opcode::Select {
            let condition = scalar::apply(Opcode::Select, operands[0].constant()?, 1.0, 0.0, &[]);
            return Some(match Packed::unpack(condition) {
                Packed::Number(number) => operands[if number != 0.0 { 1 } else { 2 }],
                _ => Value::Constant(condition),
            });
        }
        let a = operands[0].constant()?;
        let b = operands.get(1).map_or(Some(0.0), |b| b.constant())?;
        Some(Value::Constant(scalar::apply(opcode, a, b, 0.0, &self.plan.texts)))
    }

    /// Writes an operation on numbers in place; says whether it is one of those that are. What it demands of its operands
    /// and of its result is told to the region.
    fn computed(&mut self, opcode: Opcode, result: Register, operands: &[Value]) -> bool {
        let (a, b) = (operands[0], operands.get(1).copied().unwrap_or(operands[0]));
        match opcode {
            Opcode::Add => self.number(&format!("add.rn.f64 {result}, {a}, {b}"), result, &[a, b]),
            Opcode::Subtract => self.number(&format!("sub.rn.f64 {result}, {a}, {b}"), result, &[a, b]),
            Opcode::Multiply => self.number(&format!("mul.rn.f64 {result}, {a}, {b}"), result, &[a, b]),
            // A number over an infinity is a number.
            Opcode::Divide => self.number(&format!("div.rn.f64 {result}, {a}, {b}"), result, &[a]),
            Opcode::Negate => self.number(&format!("neg.f64 {result}, {a}"), result, &[a]),
            Opcode::Absolute => self.number(&format!("abs.f64 {result}, {a}"), result, &[a]),
            Opcode::SquareRoot => self.number(&format!("sqrt.rn.f64 {result}, {a}"), result, &[a]),
            Opcode::Exp => {
                self.region.watch(&mut self.text, a);
                self.number(&format!("call ({result}), fermiac_exponential, ({a})"), result, &[]);
            }
            Opcode::Ln => {
                self.region.watch(&mut self.text, a);
                let is_positive = self.compared("gt", a, ZERO);
                self.region.demand(&mut self.text, is_positive);
                self.text.put(&format!("call ({result}), fermiac_logarithm, ({a})"));
            }
            Opcode::Floor => self.number(&format!("cvt.rmi.f64.f64 {result}, {a}"), result, &[a]),
            Opcode::ToNumber => self.number(&format!("mov.f64 {result}, {a}"), result, &[a]),
            Opcode::Minimum => self.choice(result, operands, ("lt", b, a), [b, a]),
            Opcode::Maximum => self.choice(result, operands, ("gt", b, a), [b, a]),
            Opcode::Less | Opcode::ValueLess => self.comparison("lt", result, a, b),
            Opcode::LessEqual | Opcode::ValueLessEqual => self.comparison("le", result, a, b),
            Opcode::Equal | Opcode::ValueEqual => self.comparison("eq", result, a, b),
            Opcode::NotEqual | Opcode::ValueNotEqual => self.comparison("ne", result, a, b),
            Opcode::Select => self.choice(result, &[a], ("ne", a, ZERO), [b, operands[2]]),
            Opcode::ToCondition => self.choice(result, &[a], ("ne", a, ZERO), [ONE, ZERO]),
            Opcode::PackCondition => {
                let [no, yes] = [false, true].map(|truth| Value::Constant(Packed::Bool(truth).pack()));
                self.choice(result, &[a], ("ne", a, ZERO), [yes, no]);
            }
            Opcode::Sign => {
                let negative = self.text.registers.double();
                self.choice(negative, &[a], ("lt", a, ZERO), [Value::Constant(-1.0), ZERO]);
                self.choice(result, &[a], ("gt", a, ZERO), [ONE, Value::Result(negative)]);
            }
            Opcode::HasKind => {
                let has_number = b.constant().is_some_and(|mask| mask as u32 & 1 != 0);
                self.text.put(&format!("mov.f64 {result}, {}", if has_number { ONE } else { ZERO }));
                self.region.watch(&mut self.text, a);
            }
            _ => return false,
        }
        true
    }

    /// An operation whose result is finite only if `covered` are.
    fn number(&mut self, operation: &str, result: Register, covered: &[Value]) {
        self.text.put(operation);
        self.region.expect_number(result, covered);
    }

    /// One of two values by a comparison of numbers, which `numbers` are to be.
    fn choice(
        &mut self,
        result: Register,
        numbers: &[Value],
        (comparison, a, b): (&str, Value, Value),
        [then, otherwise]: [Value; 2],
    ) {
        for number in numbers {
            self.region.watch(&mut self.text, *number);
        }
        let holds = self.compared(comparison, a, b);
        self.text.put(&format!("selp.f64 {result}, {then}, {otherwise}, {holds}"));
    }

    fn compared(&mut self, comparison: &str, a: Value, b: Value) -> Predicate {
        let holds = self.text.registers.predicate();
        self.text.put(&format!("setp.{comparison}.f64 {holds}, {a}, {b}"));
        holds
    }

    /// A condition on two numbers that are equal or not near to each other.
    fn comparison(&mut self, comparison: &str, result: Register, a: Value, b: Value) {
        self.choice(result, &[a, b], (comparison, a, b), [ONE, ZERO]);
        let [difference, distance, size, bound] = [(); 4].map(|()| self.text.registers.double());
        self.text.put(&format!("sub.rn.f64 {difference}, {a}, {b}"));
        self.text.put(&format!("abs.f64 {distance}, {difference}"));
        self.text.put(&format!("abs.f64 {size}, {a}"));
        self.text.put(&format!("mul.rn.f64 {bound}, {size}, {}", Value::Constant(NEAR)));
        let apart = self.compared("gt", Value::Result(distance), Value::Result(bound));
        let decided = self.text.registers.predicate();
        self.text.put(&format!("setp.eq.or.f64 {decided}, {a}, {b}, {apart}"));
        self.region.demand(&mut self.text, decided);
    }

    fn added(&mut self, opcode: Opcode, result: Register, operands: &[Value]) -> Value {
        self.region.add(&name_of(opcode), result, operands);
        if self.region.is_full() {
            self.region.close(&mut self.text);
        }
        Value::Result(result)
    }

    /// An operation by a function of the library, whose result is right if the operands are. Where they are not known to
    /// be, it is called again with the rest of their region.
    fn called(&mut self, opcode: Opcode, operands: &[Value]) -> Value {
        let result = self.text.registers.double();
        self.text.put(&call(&name_of(opcode), result, operands));
        if operands.iter().any(|operand| self.region.has(*operand)) {
            return self.added(opcode, result, operands);
        }
        Value::Result(result)
    }

    /// Sees to it that these values can be relied on.
    fn settle(&mut self, values: &[Value]) {
        if values.iter().any(|value| self.region.has(*value)) {
            self.region.close(&mut self.text);
        }
    }

    fn store(&mut self, column: u32, a: u32) {
        let Some(place) = self.image.place(column as usize) else { return };
        let (a, result) = (self.operand(a), self.text.registers.double());
        if let Value::Constant(value) = a {
            let stored = Value::Constant(scalar::apply(Opcode::Store, value, 0.0, 0.0, &[]));
            self.text.put(&format!("mov.f64 {result}, {stored}"));
            return self.text.store(place, result);
        }
        self.number(&format!("add.rn.f64 {result}, {a}, {ZERO}"), result, &[a]);
        self.region.store(place, result);
        self.added(Opcode::Store, result, &[a]);
    }

    /// An operation over a run: what of it lies in registers goes to the thread's memory, by slot.
    fn run(&mut self, instruction: &Instruction) -> Value {
        let Instruction { opcode, a, b, c, .. } = *instruction;
        let c = if opcode == Opcode::Median { ZERO } else { self.operand(c) };
        let slots = self.plan.run(instruction).iter().filter_map(|operand| match operand.place() {
            Place::Slot(slot) => Some(slot as usize),
            Place::Constant(_) => None,
        });
        let slots: Vec<usize> = slots.collect();
        let values: Vec<Value> = slots.iter().filter_map(|slot| self.slots[*slot]).chain([c]).collect();
        self.settle(&values);
        for (slot, value) in slots.into_iter().zip(values) {
            self.remember(slot, value);
        }
        let result = self.text.registers.double();
        let function = name_of(opcode);
        self.text.put(&format!("call ({result}), fermiac_{function}, (%words, {a}, {b}, %slots, {c})"));
        Value::Result(result)
    }

    fn remember(&mut self, slot: usize, value: Value) {
        // By their text, as 0 and -0 are two.
        let before = self.in_memory[slot].replace(value);
        if before.is_some_and(|before| before.to_string() == value.to_string()) {
            return;
        }
        let register = self.text.registers.double();
        self.text.put(&format!("mov.f64 {register}, {value}"));
        self.text.put(&format!("st.local.f64 [slots+{}], {register}", slot * size_of::<f64>()));
    }
}

const ZERO: Value = Value::Constant(0.0);
const ONE: Value = Value::Constant(1.0);

/// `SquareRoot` is `square_root`.
fn name_of(opcode: Opcode) -> String {
    let mut name = String::new();
    for letter in format!("{opcode:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
