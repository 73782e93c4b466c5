//! Rows that repeat, as a loop over them.
//!
//! A row is written once. What the row before made is in registers that are set before the loop and at the end of each row;
//! constants that differ are looked up where the tape of the image says for the row.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fermiac_model::plan::{Instruction, Opcode, Operand};

use super::instructions::Tape;
use super::repeat::{Rows, Source};
use super::value::{Register, Value};
use crate::engine::image::INSTRUCTION_WORDS;

const WORD_BYTES: usize = size_of::<u64>();
/// Where in an instruction of the image its operands are, each half a word.
const OPERAND_BYTES: [usize; 3] = [8, 12, 16];

/// The assembler leaves loops of longer rows as they are, which would take it longer otherwise.
const MOST_INSTRUCTIONS_UNROLLED: usize = 32;

/// A row, in which slots behind the plan's own stand for what changes from one to the next.
#[derive(Debug, Default)]
struct Row {
    instructions: Vec<Instruction>,
    /// What the row before made, by its place there.
    before: BTreeMap<usize, Register>,
    /// Constants, by instruction and operand.
    constants: Vec<([usize; 2], Register)>,
}

impl Tape<'_> {
    /// Writes a loop.
    pub(super) fn roll(&mut self, rows: &Rows) {
        self.region.close(&mut self.text);
        let row = self.first_row(rows);
        if !row.constants.is_empty() {
            self.point_at_rows(rows.first);
        }
        self.text.put("mov.u64 %turn, 0");
        let start = self.text.label();
        let _ = writeln!(self.text.way, "{start}:");
        if rows.length > MOST_INSTRUCTIONS_UNROLLED {
            self.text.put(".pragma \"nounroll\"");
        }
        if !row.constants.is_empty() {
            let bytes = rows.length * INSTRUCTION_WORDS * WORD_BYTES;
            self.text.put(&format!("mad.lo.u64 %row, %turn, {bytes}, %rows"));
        }
        let places = 0..rows.length;
        let made: Vec<Value> = places.map(|place| self.made(rows, &row, place)).collect();
        self.region.close(&mut self.text);
        for (place, register) in row.before {
            self.text.put(&format!("mov.f64 {register}, {}", made[place]));
        }
        let goes_on = self.text.registers.predicate();
        self.text.put("add.u64 %turn, %turn, 1");
        self.text.put(&format!("setp.lt.u64 {goes_on}, %turn, {}", rows.times));
        self.text.put(&format!("@{goes_on} bra {start}"));
        let last = &self.plan.instructions[rows.row(rows.times - 1)];
        for (instruction, value) in last.iter().zip(made) {
            self.slots[instruction.destination as usize] = Some(value);
        }
    }

    /// The first row, with what it takes over from before the loop in registers.
    fn first_row(&mut self, rows: &Rows) -> Row {
        let mut row = Row { instructions: self.plan.instructions[rows.row(0)].to_vec(), ..Row::default() };
        self.slots.truncate(self.plan.slots as usize);
        for changing in &rows.changing {
            let Instruction { a, b, c, .. } = &mut row.instructions[changing.instruction];
            let operand = [a, b, c].into_iter().nth(changing.operand).expect("there are three");
            let value = match changing.source {
                Source::Before(place) => {
                    let first = self.operand(*operand);
                    Value::Result(*row.before.entry(place).or_insert_with(|| self.copied(first)))
                }
                Source::Constant => {
                    let register = self.text.registers.double();
                    row.constants.push(([changing.instruction, changing.operand], register));
                    Value::Number(register)
                }
            };
            *operand = Operand::slot(self.slots.len() as u32).bits();
            self.slots.push(Some(value));
        }
        row
    }

    /// Has `%rows` point at the first row in the image, and `%constants` at the constants.
    fn point_at_rows(&mut self, first: usize) {
        let constants = self.image.constants_at() * WORD_BYTES;
        let first = (self.image.instructions_at() + first * INSTRUCTION_WORDS) * WORD_BYTES;
        self.text.put("cvta.to.global.u64 %rows, %words");
        self.text.put(&format!("add.u64 %constants, %rows, {constants}"));
        self.text.put(&format!("add.u64 %rows, %rows, {first}"));
    }

    /// Gets a constant that is an operand of the row.
    fn look_up(&mut self, [instruction, operand]: [usize; 2], register: Register) {
        let place = instruction * INSTRUCTION_WORDS * WORD_BYTES + OPERAND_BYTES[operand];
        self.text.put(&format!("ld.global.nc.u32 %bits, [%row+{place}]"));
        self.text.put(&format!("and.b32 %bits, %bits, {}", Operand::INDEX_BITS));
        self.text.put(&format!("mad.wide.u32 %to, %bits, {WORD_BYTES}, %constants"));
        self.text.put(&format!("ld.global.nc.f64 {register}, [%to]"));
    }

    /// What an instruction of the row makes, in no register that is set for the next row.
    fn made(&mut self, rows: &Rows, row: &Row, place: usize) -> Value {
        for (operand, register) in row.constants.iter().filter(|([instruction, _], _)| *instruction == place)
        {
            self.look_up(*operand, *register);
        }
        let instruction = &row.instructions[place];
        let slot = instruction.destination as usize;
        if instruction.opcode == Opcode::Draw {
            let of_row = |number| self.plan.instructions[rows.row(number)][place].a as usize;
            let inputs: Vec<usize> = (0..rows.times).map(of_row).collect();
            self.slots[slot] = Some(self.inputs.draw_in_row(&inputs, &mut self.text));
        } else {
            self.add(instruction);
        }
        let made = self.slots[slot].expect("it was just written");
        let is_set =
            matches!(made, Value::Result(register) if row.before.values().any(|set| *set == register));
        let made = if is_set { Value::Result(self.copied(made)) } else { made };
        self.slots[slot] = Some(made);
        made
    }

    fn copied(&mut self, value: Value) -> Register {
        let register = self.text.registers.double();
        self.text.put(&format!("mov.f64 {register}, {value}"));
        register
    }
}
