//! Random plans on every family of instructions against the reference, trial by trial.

use super::*;
use fermiac_model::distribution::{Distribution, Family};
use fermiac_model::plan::{Draw, Instruction, Opcode, Operand, Place, TextFacts, scalar};
use fermiac_model::value::{ErrorKind, TextId, Value};
use proptest::prelude::*;
use proptest::sample::Index;

const INPUTS: u32 = 2;
const SLOTS: u32 = 7;
const SEED: u64 = 7;

fn input(index: u32) -> Draw {
    let family = Family::Uniform { min: -3.0, max: 3.0 };
    let distribution = Distribution { family, truncate_min: None, truncate_max: None, shift: 0.0 };
    Draw { identity: format!("input {index}"), stream: 1000 + u64::from(index), distribution }
}

fn texts() -> Vec<TextFacts> {
    let refused = Value::Error(ErrorKind::Value).pack();
    [(0, refused, refused), (2, 12.0, refused), (2, refused, 1.0), (1, refused, refused)]
        .map(|(rank, as_number, as_condition)| TextFacts { rank, as_number, as_condition })
        .to_vec()
}

/// Numbers usual and extreme, every other kind of value, and slots that no packing makes.
fn constants() -> Vec<f64> {
    let numbers = [0.0, -0.0, 1.0, 2.0, -1.0, 0.5, 3.0, 1e-310, -1e300, f64::MAX, f64::INFINITY, f64::NAN];
    let others = [Value::Empty, Value::Bool(true), Value::Bool(false), Value::Error(ErrorKind::NotAvailable)];
    let texts = (0..4).map(|id| Value::Text(TextId(id)));
    let errors = [Value::Error(ErrorKind::Div0), Value::Error(ErrorKind::Value)];
    numbers.into_iter().chain(others.into_iter().chain(texts).chain(errors).map(Value::pack)).collect()
}

/// An instruction before its operands are known to be in range.
type Draft = (Opcode, [Index; 4], Vec<Index>);

fn any_draft() -> impl Strategy<Value = Draft> {
    let opcodes: Vec<Opcode> =
        Opcode::ALL.iter().copied().filter(|opcode| *opcode != Opcode::Store).collect();
    // What workbooks are made of comes more often, so that numbers stay numbers for a while.
    let arithmetic = vec![Opcode::Add, Opcode::Subtract, Opcode::Multiply, Opcode::Divide, Opcode::Select];
    let opcode = prop_oneof![prop::sample::select(opcodes), prop::sample::select(arithmetic)];
    (opcode, any::<[Index; 4]>(), prop::collection::vec(any::<Index>(), 0..9))
}

/// A valid plan from drafts: operands are slots already written, or constants.
fn plan_of(drafts: &[Draft]) -> Plan {
    let mut plan = Plan {
        constants: constants(),
        texts: texts(),
        slots: SLOTS,
        draws: (0..INPUTS).map(input).collect(),
        outputs: SLOTS,
        ..Plan::default()
    };
    let mut written: Vec<u32> = Vec::new();
    let write = |plan: &mut Plan, opcode, destination, [a, b, c]: [u32; 3]| {
        plan.instructions.push(Instruction { opcode, destination, a, b, c });
    };
    for slot in 0..INPUTS {
        write(&mut plan, Opcode::Draw, slot, [slot, 0, 0]);
        written.push(slot);
    }
    for (opcode, [to, a, b, c], run) in drafts {
        let destination = to.index(SLOTS as usize) as u32;
        let readable: Vec<u32> = written.iter().copied().filter(|slot| *slot != destination).collect();
        let operand = |index: &Index, plan: &Plan| {
            let slots = readable.iter().map(|slot| Operand::slot(*slot));
            // Slots come as often as constants, however few there are.
            let slots: Vec<Operand> = slots.cycle().take(plan.constants.len()).collect();
            let constants = (0..plan.constants.len() as u32).map(Operand::constant);
            *index.get(&slots.into_iter().chain(constants).collect::<Vec<_>>())
        };
        let [mut x, mut y, z] = [a, b, c].map(|index| operand(index, &plan).bits());
        match opcode {
            Opcode::Draw => x = a.index(INPUTS as usize) as u32,
            Opcode::HasKind => y = b.index(64) as u32,
            _ if *opcode >= Opcode::Smallest => {
                (x, y) = (plan.arguments.len() as u32, run.len() as u32);
                let run: Vec<Operand> = run.iter().map(|index| operand(index, &plan)).collect();
                plan.arguments.extend(run);
            }
            _ => {}
        }
        write(&mut plan, *opcode, destination, [x, y, z]);
        if !written.contains(&destination) {
            written.push(destination);
        }
    }
    for slot in 0..SLOTS {
        let a = if written.contains(&slot) { Operand::slot(slot) } else { Operand::constant(slot) };
        write(&mut plan, Opcode::Store, INPUTS + slot, [a.bits(), 0, 0]);
    }
    plan
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

fn families() -> impl Iterator<Item = Simd> {
    Simd::ALL.into_iter().filter(|simd| {
        let available = simd.available().is_ok();
        if !available {
            eprintln!("skipped: this processor lacks {simd:?}");
        }
        available
    })
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
