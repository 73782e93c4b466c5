//! Random plans on every family of instructions against the reference, trial by trial.

#[path = "../../../tests/random_plans/mod.rs"]
mod random_plans;

use super::*;
use crate::simd::families;
use fermiac_model::plan::{Instruction, Opcode, Operand, Place, scalar};
use fermiac_model::value::Value;
use proptest::prelude::*;
use random_plans::{INPUTS, SLOTS, any_draft, plan_of};

const SEED: u64 = 7;

#[test]
fn few_slots_have_many_lanes_and_many_have_few() {
    let lanes = [0, 1, 2, 3, 4, 8, 9, 200, 256, 257, 1 << 13, 1 << 20].map(lanes_for);
    assert_eq!(lanes, [1024, 1024, 1024, 512, 512, 256, 256, 256, 256, 128, 8, 8]);
}

/// One trial by the reference, from its inputs to its columns.
fn trial_of(plan: &Plan, inputs: &[f64]) -> Vec<f64> {
    let mut slots = vec![f64::NAN; plan.slots as usize];
    let mut columns = inputs.to_vec();
    columns.resize(plan.columns(), f64::NAN);
    for &Instruction { opcode, destination, a, b, c } in &plan.instructions {
        let value = |bits| match Operand::from_bits(bits).place() {
            Place::Slot(slot) => slots[slot as usize],
            Place::Constant(index) => Value::unpack(plan.constants[index as usize]).pack(),
        };
        let result = match opcode {
            Opcode::Draw => inputs[a as usize],
            Opcode::HasKind => scalar::apply(opcode, value(a), f64::from(b), 0.0, &plan.texts),
            _ if opcode >= Opcode::Smallest => {
                let run = &plan.arguments[a as usize..][..b as usize];
                let mut run: Vec<f64> = run.iter().map(|operand| value(operand.bits())).collect();
                scalar::apply_run(opcode, &mut run, value(c), &plan.texts)
            }
            _ => scalar::apply(opcode, value(a), value(b), value(c), &plan.texts),
        };
        match opcode {
            Opcode::Store => columns[destination as usize] = result,
            _ => slots[destination as usize] = result,
        }
    }
    columns
}

/// The columns of `trials` trials, evaluated in calls of the given lengths, over and over.
fn evaluate(engine: &CpuEngine, columns: usize, trials: usize, calls: &[usize]) -> Vec<Vec<f64>> {
    let mut results = vec![vec![f64::NAN; trials]; columns];
    let mut scratch = engine.scratch();
    let mut start = 0;
    for length in calls.iter().cycle() {
        let end = trials.min(start + length);
        let mut views: Vec<&mut [f64]> = results.iter_mut().map(|column| &mut column[start..end]).collect();
        engine.evaluate(&mut scratch, start as u64, &mut views);
        if end == trials {
            return results;
        }
        start = end;
    }
    results
}

fn bits(columns: &[Vec<f64>]) -> Vec<Vec<u64>> {
    columns.iter().map(|column| column.iter().map(|value| value.to_bits()).collect()).collect()
}

proptest! {
    #[test]
    fn every_family_gives_the_bits_of_the_reference(
        drafts in prop::collection::vec(any_draft(), 1..40), trials in 1..70usize,
    ) {
        let plan = plan_of(&drafts);
        for simd in families() {
            let engine = CpuEngine::with_simd(&plan, SEED, simd).unwrap();
            let columns = evaluate(&engine, plan.columns(), trials, &[trials]);
            for trial in 0..trials {
                let lane: Vec<f64> = columns.iter().map(|column| column[trial]).collect();
                let expected = trial_of(&plan, &lane[..INPUTS as usize]);
                let to_bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(to_bits(&lane), to_bits(&expected), "{:?} trial {}: {:?} {:?}", simd, trial, lane, expected);
            }
        }
    }

    #[test]
    fn neither_calls_nor_lanes_change_a_bit(
        drafts in prop::collection::vec(any_draft(), 1..20), calls in prop::collection::vec(1..300usize, 1..4),
    ) {
        let plan = plan_of(&drafts);
        let engine = CpuEngine::new(&plan, SEED).unwrap();
        let whole = evaluate(&engine, plan.columns(), 400, &[400]);
        prop_assert_eq!(bits(&whole), bits(&evaluate(&engine, plan.columns(), 400, &calls)));
        let narrow = CpuEngine::new(&plan, SEED).unwrap().with_lanes(GROUP);
        prop_assert_eq!(bits(&whole), bits(&evaluate(&narrow, plan.columns(), 400, &calls)));
    }

    #[test]
    fn columns_hold_numbers_and_errors_only(drafts in prop::collection::vec(any_draft(), 1..40)) {
        let plan = plan_of(&drafts);
        let engine = CpuEngine::new(&plan, SEED).unwrap();
        for column in evaluate(&engine, plan.columns(), 16, &[16]) {
            for value in column {
                let unpacked = Value::unpack(value);
                prop_assert!(matches!(unpacked, Value::Number(_) | Value::Error(_)));
                prop_assert_eq!(unpacked.pack().to_bits(), value.to_bits());
                prop_assert!(value.to_bits() != (-0.0f64).to_bits());
            }
        }
    }
}

fn refusal(change: impl Fn(&mut Plan)) -> &'static str {
    let mut plan = plan_of(&[]);
    change(&mut plan);
    match CpuEngine::new(&plan, SEED) {
        Err(CpuEngineError::Plan(error)) => error.what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn broken_plans_are_refused_in_words() {
    let add = |destination, a: Operand, b: Operand| {
        move |plan: &mut Plan| {
            let instruction =
                Instruction { opcode: Opcode::Add, destination, a: a.bits(), b: b.bits(), c: 0 };
            plan.instructions.insert(INPUTS as usize, instruction);
        }
    };
    let (first, unwritten, outside) = (Operand::slot(0), Operand::slot(5), Operand::slot(SLOTS));
    assert_eq!(refusal(add(3, first, unwritten)), "a slot is read before it is written");
    assert_eq!(refusal(add(3, outside, first)), "there is no such slot");
    assert_eq!(refusal(add(SLOTS, first, first)), "there is no such slot");
    assert_eq!(refusal(add(0, Operand::slot(1), first)), "an instruction writes a slot that it reads");
    assert_eq!(refusal(add(3, Operand::constant(999), first)), "there is no such constant");
    assert_eq!(refusal(|plan| plan.instructions[0].a = INPUTS), "there is no such input");
    assert_eq!(refusal(|plan| plan.outputs -= 1), "there is no such output column");
    assert_eq!(refusal(|plan| plan.outputs += 1), "an output is never stored");
    assert_eq!(
        refusal(|plan| {
            plan.instructions[0] = Instruction { opcode: Opcode::Pick, destination: 0, a: 0, b: 1, c: 0 };
        }),
        "the run passes the end of the arguments"
    );
}

#[test]
fn a_plan_without_inputs_or_outputs_evaluates_nothing() {
    let engine = CpuEngine::new(&Plan::default(), SEED).unwrap();
    engine.evaluate(&mut engine.scratch(), 0, &mut []);
}
