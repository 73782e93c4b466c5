//! Rows of instructions that repeat, as those of formulas that were copied down a column or along a row.
//!
//! What counts is which instruction made a value, not the slot that it went through. A row repeats another if it does the
//! same, and each operand is the same value for both, or moves along: it was made in the row or in the one before, at the
//! same place. Constants may differ, where all are numbers, and inputs of one kind, if their numbers go up in equal steps and
//! none of the plan's inputs are tied to others. Nothing but the next row, and for the last row what follows, may read what
//! a row made, so that a row needs no more than one register for each of its values. Outputs are not stored in rows, nor do
//! these read runs of values.

use std::ops::Range;

use fermiac_model::plan::{Instruction, Opcode, Operand, Place, Plan, Shape};

use crate::engine::image::Image;

/// Rows are not longer.
const MOST_INSTRUCTIONS_OF_A_ROW: usize = 400;
/// Fewer are not worth a loop, nor is it worth it to leave out fewer instructions.
const FEWEST_ROWS: usize = 3;
const FEWEST_LEFT_OUT: usize = 24;

/// A part of the tape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stretch {
    /// These instructions, one after the other.
    Once(Range<usize>),
    /// Rows.
    Rows(Rows),
}

/// Rows that repeat the first of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rows {
    /// The first instruction of the first.
    pub(super) first: usize,
    /// Instructions of each.
    pub(super) length: usize,
    pub(super) times: usize,
    /// The operands that are not the same for all rows.
    pub(super) changing: Vec<Changing>,
}

/// An operand of a row that is another for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Changing {
    /// The place of the instruction in its row.
    pub(super) instruction: usize,
    /// 0 to 2.
    pub(super) operand: usize,
    pub(super) source: Source,
}

/// Where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Made at this place of the row before.
    Before(usize),
    /// A constant, which for all rows is a number.
    Constant,
}

/// What an instruction reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Nothing,
    Constant(u32),
    /// What this instruction made.
    Result(u32),
}

/// Who reads what.
#[derive(Debug)]
struct Reads<'a> {
    plan: &'a Plan,
    image: &'a Image,
    operands: Vec<[Read; 3]>,
    /// Of each instruction, the last that reads its result.
    last_readers: Vec<u32>,
}

impl Rows {
    /// The instructions of one of them.
    pub(super) fn row(&self, number: usize) -> Range<usize> {
        let start = self.first + number * self.length;
        start..start + self.length
    }

    /// One past the last.
    fn end(&self) -> usize {
        self.first + self.times * self.length
    }

    /// How many instructions are not written because of them.
    fn left_out(&self) -> usize {
        (self.times - 1) * self.length
    }
}

impl Stretch {
    /// The instructions that are written.
    pub(super) fn written(&self) -> Range<usize> {
        match self {
            Stretch::Once(instructions) => instructions.clone(),
            Stretch::Rows(rows) => rows.row(0),
        }
    }

    /// How many operands are looked up for them.
    pub(super) fn looked_up(&self) -> usize {
        let Stretch::Rows(rows) = self else { return 0 };
        rows.changing.iter().filter(|changing| changing.source == Source::Constant).count()
    }
}

/// Cuts the tape into what is written once and rows. None if more than so many instructions were to be written.
pub(super) fn stretches(plan: &Plan, image: &Image, most: usize) -> Option<Vec<Stretch>> {
    let reads = Reads::of(plan, image);
    let (mut stretches, mut written) = (Vec::new(), 0);
    let (mut start, mut next) = (0, 0);
    while next < plan.instructions.len() {
        let rows = reads.rows_from(next);
        written += rows.as_ref().map_or(1, |rows| rows.length);
        if written > most {
            return None;
        }
        let end = rows.as_ref().map_or(next + 1, Rows::end);
        if let Some(rows) = rows {
            stretches.extend([Stretch::Once(start..next), Stretch::Rows(rows)]);
            start = end;
        }
        next = end;
    }
    stretches.push(Stretch::Once(start..next));
    Some(stretches)
}

impl<'a> Reads<'a> {
    fn of(plan: &'a Plan, image: &'a Image) -> Reads<'a> {
        let mut made_by: Vec<Option<u32>> = vec![None; plan.slots as usize];
        let mut last_readers = vec![0; plan.instructions.len()];
        let mut operands = Vec::with_capacity(plan.instructions.len());
        for (place, instruction) in (0..).zip(&plan.instructions) {
            let mut read = |bits: u32| match Operand::from_bits(bits).place() {
                Place::Constant(index) => Read::Constant(index),
                Place::Slot(slot) => made_by[slot as usize].map_or(Read::Nothing, |maker| {
                    last_readers[maker as usize] = place;
                    Read::Result(maker)
                }),
            };
            if instruction.opcode.shape() == Shape::Run {
                plan.run(instruction).iter().for_each(|operand| _ = read(operand.bits()));
            }
            let mut all = [Read::Nothing; 3];
            for (operand, bits) in all.iter_mut().zip(operands_of(instruction)) {
                *operand = read(bits);
            }
            operands.push(all);
            if instruction.opcode != Opcode::Store {
                made_by[instruction.destination as usize] = Some(place);
            }
        }
        Reads { plan, image, operands, last_readers }
    }

    /// The rows that begin at an instruction and leave out most, if any do.
    fn rows_from(&self, first: usize) -> Option<Rows> {
        let mut best: Option<Rows> = None;
        // Where those repeat no more.
        let mut stopped = first;
        for length in 1..=MOST_INSTRUCTIONS_OF_A_ROW {
            // Others leave out more only if they go on there.
            let is_beyond = stopped >= first + length;
            if is_beyond && (stopped == self.operands.len() || !self.repeats(stopped, length, first)) {
                continue;
            }
            let end =
                (first + length..self.operands.len()).find(|place| !self.repeats(*place, length, first));
            let end = end.unwrap_or(self.operands.len());
            let times = end.saturating_sub(first) / length;
            let rows = Rows { first, length, times, changing: Vec::new() };
            let is_worth_it = times >= FEWEST_ROWS && rows.left_out() >= FEWEST_LEFT_OUT;
            if is_worth_it && best.as_ref().is_none_or(|best| best.left_out() < rows.left_out()) {
                (best, stopped) = (Some(rows), end);
            }
        }
        best.map(|rows| Rows { changing: self.changing(&rows), ..rows })
    }

    /// Whether an instruction does what the one a row before does, in rows that begin with the instruction `first`.
    fn repeats(&self, place: usize, length: usize, first: usize) -> bool {
        let before = place - length;
        let [now, then] = [place, before].map(|place| self.plan.instructions[place]);
        if now.opcode != then.opcode || (now.opcode == Opcode::HasKind && now.b != then.b) {
            return false;
        }
        let place_in_row = (place - first) % length;
        let is_alike = match now.opcode.shape() {
            Shape::Draw => {
                let step = self.step(first + place_in_row, length);
                step > 0 && self.step(before, length) == step && self.are_alike(then.a, now.a)
            }
            Shape::Run => false,
            Shape::One | Shape::Two | Shape::Three => now.opcode != Opcode::Store,
        };
        let row = place - place_in_row;
        if !is_alike || self.last_readers[before] as usize >= row + length {
            return false;
        }
        let operands = self.operands[place].iter().zip(&self.operands[before]);
        operands.into_iter().all(|operands| match operands {
            (Read::Nothing, Read::Nothing) => true,
            (Read::Constant(now), Read::Constant(then)) => {
                now == then
                    || [now, then].iter().all(|index| self.plan.constants[**index as usize].is_finite())
            }
            // The same for all, or made in the row or the one before.
            (Read::Result(now), Read::Result(then)) => {
                let [now, then] = [*now as usize, *then as usize];
                (now == then && now < first) || (now == then + length && now + length >= row)
            }
            _ => false,
        })
    }

    /// How many inputs lie between a draw and that of the next row.
    fn step(&self, place: usize, length: usize) -> i64 {
        let [now, next] = [place, place + length].map(|place| i64::from(self.plan.instructions[place].a));
        next - now
    }

    /// Whether two inputs are drawn by the same functions, into columns that lie as far apart as they do.
    fn are_alike(&self, input: u32, later: u32) -> bool {
        let [one, other] = [input, later].map(|input| self.image.input(input as usize));
        let columns = [input, later].map(|input| self.image.place(input as usize));
        let columns_are_alike = match columns {
            [Some(one), Some(other)] => one + u64::from(later - input) == other,
            [one, other] => one == other,
        };
        let are_of_a_kind = one.family == other.family && one.is_stratified == other.is_stratified;
        // Inputs that move together have their uniforms already.
        columns_are_alike && are_of_a_kind && self.plan.correlations.is_empty()
    }

    fn changing(&self, rows: &Rows) -> Vec<Changing> {
        let mut changing = Vec::new();
        for instruction in 0..rows.length {
            for operand in 0..3 {
                let of = |row: usize| self.operands[rows.first + row * rows.length + instruction][operand];
                let source = match (of(0), of(1)) {
                    (Read::Constant(index), _) => {
                        let differs = (1..rows.times).any(|row| of(row) != Read::Constant(index));
                        differs.then_some(Source::Constant)
                    }
                    (Read::Result(maker), Read::Result(next)) => {
                        let is_before = maker != next && (maker as usize) < rows.first;
                        is_before.then(|| Source::Before(maker as usize + rows.length - rows.first))
                    }
                    _ => None,
                };
                changing.extend(source.map(|source| Changing { instruction, operand, source }));
            }
        }
        changing
    }
}

/// What of an instruction's fields are operands, from the first on.
fn operands_of(instruction: &Instruction) -> impl Iterator<Item = u32> {
    let Instruction { opcode, a, b, c, .. } = *instruction;
    let (fields, count) = match opcode.shape() {
        Shape::Draw => ([a, b, c], 0),
        Shape::Run => ([c, b, a], usize::from(opcode != Opcode::Median)),
        _ if opcode == Opcode::HasKind => ([a, b, c], 1),
        Shape::One => ([a, b, c], 1),
        Shape::Two => ([a, b, c], 2),
        Shape::Three => ([a, b, c], 3),
    };
    fields.into_iter().take(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::image::Wanted;
    use crate::random::Sampling;
    use fermiac_model::distribution::{Distribution, identity_hash};
    use fermiac_model::plan::Draw;
    use fermiac_model::value::Value;

    fn cut(plan: &Plan, most: usize) -> Option<Vec<Stretch>> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed: 1, sampling: Sampling::Random, columns: &columns });
        stretches(plan, &image.unwrap(), most)
    }

    fn written(stretches: &[Stretch]) -> usize {
        stretches.iter().map(|stretch| stretch.written().len()).sum()
    }

    fn input(distribution: &str) -> Draw {
        let distribution = Distribution::parse(distribution).unwrap();
        Draw { identity: "B1".to_owned(), stream: identity_hash("B1"), distribution }
    }

    /// A plan whose instructions have a slot each, from opcodes and operands. A draw's are the number of its input.
    fn tape(instructions: &[(Opcode, [Operand; 2])]) -> Plan {
        let mut plan = Plan { slots: instructions.len() as u32, ..Plan::default() };
        plan.constants = (0..100).map(f64::from).chain([Value::Empty.pack()]).collect();
        plan.draws = vec![input("normal(1, 2)"); instructions.len()];
        for (destination, (opcode, [a, b])) in (0..).zip(instructions) {
            let (a, b) = (a.bits(), b.bits());
            plan.instructions.push(Instruction { opcode: *opcode, destination, a, b, c: 0 });
        }
        plan
    }

    /// A draw, and rows that multiply what the row before made and add a constant of their own.
    fn growth(rows: u32) -> Vec<(Opcode, [Operand; 2])> {
        let (slot, constant) = (Operand::slot, Operand::constant);
        let mut tape = vec![(Opcode::Draw, [slot(0), slot(0)])];
        for row in 0..rows {
            tape.push((Opcode::Multiply, [slot(2 * row), slot(0)]));
            tape.push((Opcode::Add, [slot(2 * row + 1), constant(row)]));
        }
        tape
    }

    fn rows(plan: &Plan) -> Vec<(usize, usize, usize)> {
        let stretches = cut(plan, usize::MAX).expect("there is no bound");
        let rows = stretches.into_iter().filter_map(|stretch| match stretch {
            Stretch::Rows(rows) => Some((rows.first, rows.length, rows.times)),
            Stretch::Once(_) => None,
        });
        rows.collect()
    }

    #[test]
    fn rows_are_found_with_what_changes_from_one_to_the_next() {
        let plan = tape(&growth(40));
        let stretches = cut(&plan, 3).unwrap();
        assert_eq!(written(&stretches), 3);
        let changing = |instruction, operand, source| Changing { instruction, operand, source };
        // The first row reads the draw in both places.
        let found = Rows {
            first: 1,
            length: 2,
            times: 40,
            changing: vec![changing(0, 0, Source::Before(1)), changing(1, 1, Source::Constant)],
        };
        assert_eq!(stretches, [Stretch::Once(0..1), Stretch::Rows(found), Stretch::Once(81..81)]);
        assert_eq!(cut(&plan, 2), None);
    }

    #[test]
    fn a_row_that_others_read_later_is_the_last_of_its_loop() {
        let mut instructions = growth(40);
        instructions.push((Opcode::Add, [Operand::slot(40), Operand::slot(80)]));
        assert_eq!(rows(&tape(&instructions)), [(1, 2, 20), (41, 2, 20)]);
    }

    #[test]
    fn what_was_made_two_rows_before_makes_two_rows_one() {
        let slot = Operand::slot;
        let mut fibonacci = vec![(Opcode::Draw, [slot(0), slot(0)]), (Opcode::Exp, [slot(0), slot(0)])];
        fibonacci.extend((2..62).map(|row| (Opcode::Add, [slot(row - 1), slot(row - 2)])));
        assert_eq!(rows(&tape(&fibonacci)), [(2, 2, 30)]);
    }

    #[test]
    fn rows_end_at_a_constant_that_is_no_number_and_at_another_operation() {
        for other in [(Opcode::Add, Operand::constant(100)), (Opcode::Subtract, Operand::constant(20))] {
            let mut instructions = growth(40);
            instructions[2 * 20 + 2] = (other.0, [Operand::slot(2 * 20 + 1), other.1]);
            assert_eq!(rows(&tape(&instructions)), [(1, 2, 20), (43, 2, 19)], "{other:?}");
        }
    }

    #[test]
    fn rows_of_rows_are_rows() {
        let (slot, constant) = (Operand::slot, Operand::constant);
        let mut both = vec![(Opcode::Draw, [slot(0), slot(0)])];
        for made in 0..20 * 60 {
            let opcode = if made / 30 % 2 == 0 { Opcode::Multiply } else { Opcode::Add };
            both.push((opcode, [slot(made), constant(7)]));
        }
        assert_eq!(rows(&tape(&both)), [(1, 60, 20)]);
    }

    #[test]
    fn few_rows_are_written_out() {
        assert_eq!(rows(&tape(&growth(12))), []);
        assert_eq!(rows(&tape(&growth(13))), [(1, 2, 13)]);
    }

    /// Rows that draw an input and add it to what the row before made.
    fn walk(inputs: &[u32]) -> Plan {
        let slot = Operand::slot;
        let mut walk = vec![(Opcode::Draw, [slot(0), slot(0)])];
        for (row, input) in (0..).zip(inputs) {
            walk.extend([
                (Opcode::Draw, [slot(*input); 2]),
                (Opcode::Add, [slot(2 * row), slot(2 * row + 1)]),
            ]);
        }
        tape(&walk)
    }

    #[test]
    fn rows_draw_inputs_in_equal_steps_and_of_one_kind() {
        let inputs: Vec<u32> = (1..41).map(|row| 2 * row).collect();
        let mut plan = walk(&inputs);
        assert_eq!(rows(&plan), [(1, 2, 40)]);
        plan.draws[40] = input("uniform(1, 2)");
        // The other input's sum may as well begin rows as end them.
        assert_eq!(rows(&plan), [(1, 2, 19), (40, 2, 20)]);
        let unequal: Vec<u32> = (1..41).map(|row| if row < 20 { row } else { row + 1 }).collect();
        assert_eq!(rows(&walk(&unequal)), [(1, 2, 19), (39, 2, 21)]);
        assert_eq!(rows(&walk(&[7; 40])), []);
    }
}
