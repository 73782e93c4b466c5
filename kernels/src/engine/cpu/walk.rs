//! The walk along the tape for one batch of trials.

use std::ops::Range;

use fermiac_model::plan::{Opcode, scalar};

use super::elementwise::{exponential, of_one, of_two, select};
use super::lanes::{Constant, is_finite};
use super::program::Step;
use super::runs;
use super::slots::{GROUP, Group};
use super::{CpuEngine, CpuScratch};

/// Trials that are walked together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// The first of them.
    pub(super) first_trial: u64,
    /// Their places in the columns.
    pub(super) range: Range<usize>,
}

/// Draws the inputs of the batch's trials and executes every step for them.
#[inline(always)]
pub(super) fn walk(engine: &CpuEngine, scratch: &mut CpuScratch, columns: &mut [&mut [f64]], batch: &Batch) {
    engine.inputs.fill(engine.simd, columns, batch);
    let (program, range) = (&engine.program, batch.range.clone());
    let groups = range.len().div_ceil(GROUP);
    let texts = program.texts();
    let CpuScratch { slots, run: memory } = scratch;
    for step in program.steps() {
        match *step {
            Step::OfSlots { opcode, destination, a, b } => {
                let (out, others) = slots.split(destination, groups);
                of_two(opcode, out, others.slot(a), others.slot(b), texts);
            }
            Step::OfSlot { opcode: Opcode::Exp, destination, a, .. } => {
                let (out, others) = slots.split(destination, groups);
                exponential(engine.simd, out, others.slot(a), texts);
            }
            Step::OfSlot { opcode, destination, a, mask } => {
                let (out, others) = slots.split(destination, groups);
                of_one(opcode, out, others.slot(a), mask, texts);
            }
            Step::OfSlotAndConstant { opcode, destination, a, b } => {
                let (out, others) = slots.split(destination, groups);
                of_two(opcode, out, others.slot(a), Constant(b), texts);
            }
            Step::OfConstantAndSlot { opcode, destination, a, b } => {
                let (out, others) = slots.split(destination, groups);
                of_two(opcode, out, Constant(a), others.slot(b), texts);
            }
            Step::Select { destination, condition, branches } => {
                let (out, others) = slots.split(destination, groups);
                select(out, others, condition, program.branches(branches));
            }
            Step::Fill { destination, value } => {
                slots.slot_mut(destination, groups).fill(Group([value; GROUP]));
            }
            Step::Copy { destination, a } => {
                let (out, others) = slots.split(destination, groups);
                out.copy_from_slice(others.slot(a));
            }
            Step::Draw { destination, column } => {
                load(slots.slot_mut(destination, groups), &columns[column as usize][range.clone()]);
            }
            Step::Store { column, a } => {
                store(&mut columns[column as usize][range.clone()], slots.slot(a, groups));
            }
            Step::StoreConstant { column, value } => columns[column as usize][range.clone()].fill(value),
            Step::Run { destination, run } => {
                let (out, others) = slots.split(destination, groups);
                let run = program.run(run);
                match run.opcode {
                    Opcode::InternalRate => runs::rates(run, out, others, memory, texts),
                    _ => runs::execute(run, out, others, memory, texts),
                }
            }
        }
    }
}

/// A column's numbers as lanes; the last group's lanes past the trials repeat the last trial, which then costs
/// no errors of its own.
#[inline(always)]
fn load(out: &mut [Group], column: &[f64]) {
    let (whole, rest) = column.as_chunks::<GROUP>();
    for (out, trials) in out.iter_mut().zip(whole) {
        out.0 = *trials;
    }
    if let Some(out) = out.get_mut(whole.len()) {
        load_rest(out, rest);
    }
}

/// Out of line, or the compiler takes all lanes one by one.
#[cold]
#[inline(never)]
fn load_rest(out: &mut Group, rest: &[f64]) {
    if let Some(last) = rest.last() {
        out.0 = [*last; GROUP];
        out.0[..rest.len()].copy_from_slice(rest);
    }
}

/// Lanes as a column of numbers and errors, each zero without its sign.
#[inline(always)]
fn store(column: &mut [f64], lanes: &[Group]) {
    let (whole, rest) = column.as_chunks_mut::<GROUP>();
    let mut watched = [0.0; GROUP];
    for (trials, lanes) in whole.iter_mut().zip(lanes) {
        let lanes = lanes.0;
        // Computed apart and then copied: written lane by lane, the compiler takes them one by one.
        let mut results = [0.0; GROUP];
        for lane in 0..GROUP {
            results[lane] = lanes[lane] + 0.0;
            watched[lane] += lanes[lane];
        }
        *trials = results;
    }
    if !is_finite(watched) {
        reference_store(whole.as_flattened_mut(), lanes);
    }
    if let Some(lanes) = lanes.get(whole.len()..) {
        reference_store(rest, lanes);
    }
}

#[cold]
#[inline(never)]
fn reference_store(column: &mut [f64], lanes: &[Group]) {
    let lanes = lanes.iter().flat_map(|group| group.0);
    for (trial, lane) in column.iter_mut().zip(lanes) {
        *trial = scalar::apply(Opcode::Store, lane, 0.0, 0.0, &[]);
    }
}
