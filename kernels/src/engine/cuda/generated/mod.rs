//! Code made for one plan: the kernel's PTX, written straight from the tape.
//!
//! What the interpreter looks up for every trial is known here once: the [kernel] has each instruction as an operation of
//! registers, one register a value. [`region`] keeps the operations exact and holds them to what the interpreter says of
//! errors and overflows; [`instructions`] takes the tape to them and [`draws`] the inputs; what is not written in place is
//! called from the [library], which is compiled from the interpreter's own headers, or taken from it [`in_place`]; [`constants`] of short kernels
//! are in registers. Rows of instructions that [`repeat`] are
//! [`rolled`] into a loop, so that a model of a hundred thousand formulas in a few columns is as quickly made as one row of it.
//!
//! Both kernels come to the same bytes: which of them evaluates a launch is a [choice] by time alone. What the driver's
//! assembler has made is kept in a [cache].

pub mod cache;
pub mod choice;
mod constants;
mod draws;
mod in_place;
mod instructions;
mod kernel;
pub mod library;
mod region;
mod repeat;
mod rolled;
mod value;

use std::collections::BTreeSet;
use std::ops::Range;

use fermiac_model::plan::{Instruction, Opcode, Plan, Shape};

use repeat::Stretch;

use crate::engine::image::Image;

/// The name of the kernel in [`Generated::ptx`].
pub const KERNEL: &str = "fermiac_generated";

/// Tapes of which more is to be written stay interpreted: the assembler's time grows faster than the text.
///
/// NVIDIA's ptxas 12.1 on one core of a small machine, for sm_90, without a GPU (22 November 2026), for tapes of sums and
/// products, and for tapes with comparisons, exponentials and roundings among them:
///
/// | instructions | sums and products | mixed |
/// |---|---|---|
/// | 100 | 0.17 s | 0.23 s |
/// | 300 | 0.28 s | 0.48 s |
/// | 1,000 | 0.85 s | 1.70 s |
/// | 2,000 | 2.93 s | 6.58 s |
/// | 4,000 | 10.15 s | 16.16 s |
pub const MOST_INSTRUCTIONS: usize = 1_000;

/// An input, drawn and put into its column, takes the assembler as long as so many instructions at most: 100 normal ones and
/// their sum 0.36 s, 300 0.73 s; others before functions came in place of calls 0.46 s, and 400 of them 2.1 s.
const INSTRUCTIONS_OF_AN_INPUT: usize = 4;
/// Nor is code made where instructions and inputs together come to more.
const MOST_SIZE: usize = 1_500;
/// A thread evaluates the trials of a pair one after the other, which share a call of Philox, in a kernel that has all twice. Of
/// this size or less, and where no rows repeat, that costs little.
const MOST_OF_PAIRS: usize = 150;
/// A thread has at most so many numbers in memory of its own, which the driver sets aside for every thread that the GPU holds.
const MOST_LOCAL_NUMBERS: usize = 256;

/// The kernel of a plan, before it is assembled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Its text.
    pub ptx: String,
    /// How long it takes the assembler, as a number of instructions.
    pub size: usize,
}

impl Generated {
    /// For images of the plan with the same columns and the same sampling. None for a plan that is better interpreted.
    pub fn new(plan: &Plan, image: &Image) -> Option<Generated> {
        let has_runs = plan.instructions.iter().any(|instruction| instruction.opcode.shape() == Shape::Run);
        let slots = if has_runs { plan.slots as usize } else { 0 };
        let uniforms = if plan.correlations.is_empty() { 0 } else { plan.draws.len() };
        if slots + uniforms > MOST_LOCAL_NUMBERS {
            return None;
        }
        let stretches = repeat::stretches(plan, image, MOST_INSTRUCTIONS)?;
        let size = size(plan, &stretches);
        // A trial that is not wanted is evaluated all the same, and of those that are stratified there may be none such.
        let are_independent = || (0..plan.draws.len()).all(|input| !image.input(input).is_stratified);
        // Beside a loop a draw is little, and half as many threads would have something to do.
        let is_straight = stretches.iter().all(|stretch| matches!(stretch, Stretch::Once(_)));
        let has_pairs = size <= MOST_OF_PAIRS && is_straight && !plan.draws.is_empty() && are_independent();
        let generated = || Generated {
            ptx: kernel::written(plan, image, &stretches, has_pairs),
            size: if has_pairs { 2 * size } else { size },
        };
        (size <= MOST_SIZE).then(generated)
    }
}

fn size(plan: &Plan, stretches: &[Stretch]) -> usize {
    let drawn_by = |instructions: Range<usize>| {
        let is_draw = |instruction: &&Instruction| instruction.opcode == Opcode::Draw;
        plan.instructions[instructions].iter().filter(is_draw).map(|draw| draw.a)
    };
    let drawn: BTreeSet<u32> = drawn_by(0..plan.instructions.len()).collect();
    let mut drawn_once = BTreeSet::new();
    // Those that the tape does not ask for are drawn at its end.
    let mut inputs = plan.draws.len() - drawn.len();
    let mut instructions = 0;
    for stretch in stretches {
        instructions += stretch.written().len() + stretch.looked_up();
        match stretch {
            Stretch::Once(once) => drawn_once.extend(drawn_by(once.clone())),
            Stretch::Rows(rows) => inputs += drawn_by(rows.row(0)).count(),
        }
    }
    instructions + (inputs + drawn_once.len()) * INSTRUCTIONS_OF_AN_INPUT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::image::Wanted;
    use crate::random::Sampling;
    use fermiac_model::distribution::{Distribution, identity_hash};
    use fermiac_model::plan::{Draw, Operand};

    /// So many sums and differences of a draw and what was before, in no order that repeats, between two sums that differ.
    fn sums(count: u32) -> Plan {
        let distribution = Distribution::parse("normal(1, 2)").unwrap();
        let draw = Draw { identity: "B1".to_owned(), stream: identity_hash("B1"), distribution };
        let mut plan =
            Plan { slots: 3, outputs: 1, draws: vec![draw], constants: vec![1.5], ..Plan::default() };
        let mut write = |opcode, destination, a: Operand, b: Operand| {
            let (a, b) = (a.bits(), b.bits());
            plan.instructions.push(Instruction { opcode, destination, a, b, c: 0 });
        };
        let [draw, constant] = [Operand::slot(0), Operand::constant(0)];
        write(Opcode::Draw, 0, draw, draw);
        write(Opcode::Add, 1, draw, constant);
        for sum in 0..count {
            let is_sum = identity_hash(&format!("{sum}")).is_multiple_of(2);
            let opcode = if is_sum { Opcode::Add } else { Opcode::Subtract };
            write(opcode, 2 - sum % 2, Operand::slot(1 + sum % 2), draw);
        }
        write(Opcode::Store, 1, Operand::slot(1 + count % 2), draw);
        plan
    }

    fn text(plan: &Plan, seed: u64, sampling: Sampling) -> Option<String> {
        let columns = vec![true; plan.columns()];
        let image = Image::new(&Wanted { plan, seed, sampling, columns: &columns }).unwrap();
        Generated::new(plan, &image).map(|generated| generated.ptx)
    }

    #[test]
    fn sums_are_checked_once_at_their_end() {
        let text = text(&sums(10), 1, Sampling::Random).unwrap();
        // Both trials of a pair are written.
        assert_eq!(text.matches("@!").count(), 2, "{text}");
        let (_, kernel) = text.split_once("fermiac_generated").unwrap();
        let computed = |operation: &str| kernel.matches(operation).count();
        assert_eq!(computed("\tadd.rn.f64 %f") + computed("\tsub.rn.f64 %f"), 2 * 12, "{text}");
        // The last of them, which is stored, is a number only if all are.
        assert_eq!(computed("abs.f64"), 2, "{text}");
    }

    #[test]
    fn a_long_tape_of_rows_is_written_as_one_row() {
        let mut plan = sums(0);
        let store = plan.instructions.pop().unwrap();
        let sum = Instruction { destination: 1, ..plan.instructions[1] };
        let [there, back] = [(2, 1), (1, 2)].map(|(destination, from)| Instruction {
            destination,
            b: Operand::slot(from).bits(),
            ..sum
        });
        plan.instructions.extend([there, back].repeat(50_000));
        plan.instructions.push(store);
        let text = text(&plan, 1, Sampling::Random).unwrap();
        let (_, kernel) = text.split_once("fermiac_generated").unwrap();
        // The one before the rows, that of the row, and that of the store.
        assert_eq!(kernel.matches("\tadd.rn.f64 %f").count(), 3, "{kernel}");
        assert!(kernel.contains(", %turn, 100000;"), "{kernel}");
    }

    #[test]
    fn one_text_serves_every_seed_but_not_every_sampling() {
        let [one, two] = [1, 2].map(|seed| text(&sums(3), seed, Sampling::Random).unwrap());
        assert_eq!(one, two);
        let sobol = text(&sums(3), 1, Sampling::Sobol).unwrap();
        assert!(sobol.contains("fermiac_stratified") && !one.contains("fermiac_stratified"));
    }

    #[test]
    fn trials_of_a_pair_share_a_call_of_philox_where_that_costs_little_text() {
        // One of its constants, as often as it is called.
        let calls = |count| text(&sums(count), 1, Sampling::Random).unwrap().matches("-845247145;").count();
        let [once, twice] = [calls(10), calls(200)];
        assert!(once > 0 && once == twice, "{once} and {twice}");
        let pairs = |count| {
            text(&sums(count), 1, Sampling::Random)
                .unwrap()
                .contains("$next:\n\tsetp.ge.u64 %is_done, %index, %pairs")
        };
        assert_eq!([10, 200].map(pairs), [true, false]);
    }

    #[test]
    fn a_plan_of_many_inputs_stays_interpreted() {
        let with_inputs = |inputs: usize| {
            let mut plan = sums(3);
            plan.draws = vec![plan.draws[0].clone(); inputs];
            plan.instructions.last_mut().unwrap().destination = inputs as u32;
            text(&plan, 1, Sampling::Random)
        };
        assert!(with_inputs(370).is_some());
        assert_eq!(with_inputs(380), None);
    }

    #[test]
    fn a_long_tape_stays_interpreted() {
        let most = MOST_INSTRUCTIONS as u32 - 3;
        assert!(text(&sums(most), 1, Sampling::Random).is_some());
        assert_eq!(text(&sums(most + 1), 1, Sampling::Random), None);
    }
}
