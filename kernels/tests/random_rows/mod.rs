//! Random plans whose rows repeat, as formulas do that were copied down.

use std::ops::Range;

use crate::random_plans::{Draft, INPUTS, any_draft, plan_of};
use fermiac_model::plan::{Draw, Instruction, Opcode, Operand, Place, Plan};
use proptest::prelude::*;

/// Rows of these, so many of them.
type Rows = (Vec<Draft>, usize);

/// A plan with rows twice: behind something, and behind something else.
pub fn any_plan_with_rows() -> impl Strategy<Value = Plan> {
    let drafts = |most| prop::collection::vec(any_draft(), 0..most);
    let parts = (drafts(12), any_rows(), drafts(4), any_rows());
    parts.prop_map(|(before, rows, between, more)| {
        plan_with_rows(&before, &[(rows, between), (more, Vec::new())])
    })
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let draft = any_draft().prop_filter("runs are not in rows", |(opcode, ..)| *opcode < Opcode::Smallest);
    (prop::collection::vec(draft, 1..10), 1..40_usize)
}

fn plan_with_rows(before: &[Draft], parts: &[(Rows, Vec<Draft>)]) -> Plan {
    let empty = plan_of(&[]);
    let draws = empty.instructions.iter().filter(|instruction| instruction.opcode == Opcode::Draw).count();
    let mut drafts = before.to_vec();
    let mut rows: Vec<(Range<usize>, usize)> = Vec::new();
    for ((row, times), behind) in parts {
        let start = draws + drafts.len();
        rows.push((start..start + row.len(), *times));
        drafts.extend(row.iter().chain(behind).cloned());
    }
    let mut plan = plan_of(&drafts);
    // The last first, so that the places of the others stay.
    for (row, times) in rows.into_iter().rev() {
        repeat(&mut plan, row, times);
    }
    plan
}

/// Has a row of instructions so many times, each with other numbers in the places of its constants and other inputs.
fn repeat(plan: &mut Plan, row: Range<usize>, times: usize) {
    let constants = (0..plan.constants.len() as u32).map(|index| (index, plan.constants[index as usize]));
    let numbers: Vec<u32> =
        constants.filter(|(_, value)| value.is_finite()).map(|(index, _)| index).collect();
    let moved = |bits: u32, by: usize| match Operand::from_bits(bits).place() {
        Place::Constant(index) => match numbers.iter().position(|number| *number == index) {
            Some(place) => Operand::constant(numbers[(place + by) % numbers.len()]).bits(),
            None => bits,
        },
        Place::Slot(_) => bits,
    };
    let first = plan.instructions[row.clone()].to_vec();
    let rows: Vec<Instruction> = (0..times)
        .flat_map(|by| first.iter().map(move |instruction| (by, *instruction)))
        .map(|(by, Instruction { opcode, destination, a, b, c })| {
            let b = if opcode == Opcode::HasKind { b } else { moved(b, by) };
            let a = if opcode == Opcode::Draw { a + by as u32 * INPUTS } else { moved(a, by) };
            Instruction { opcode, destination, a, b, c: moved(c, by) }
        })
        .collect();
    plan.instructions.splice(row, rows);
    let draws = plan.instructions.iter().filter(|instruction| instruction.opcode == Opcode::Draw);
    let inputs = draws.map(|draw| draw.a + 1).max().unwrap_or(0);
    for input in plan.draws.len() as u32..inputs {
        let like = &plan.draws[input as usize % INPUTS as usize];
        let draw =
            Draw { identity: format!("input {input}"), stream: 1000 + u64::from(input), ..like.clone() };
        plan.draws.push(draw);
        let stores = plan.instructions.iter_mut().filter(|instruction| instruction.opcode == Opcode::Store);
        // The columns of outputs are behind those of inputs.
        stores.for_each(|store| store.destination += 1);
    }
}
