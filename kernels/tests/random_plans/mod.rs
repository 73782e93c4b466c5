//! Plans that no compiler would make: every opcode over every kind of value.

use fermiac_model::distribution::{Distribution, Family};
use fermiac_model::plan::{Draw, Instruction, Opcode, Operand, Plan, TextFacts};
use fermiac_model::value::{ErrorKind, TextId, Value};
use proptest::prelude::*;
use proptest::sample::Index;

pub const INPUTS: u32 = 2;
pub const SLOTS: u32 = 7;

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
    // The same 15 digits, and the next.
    let near = [0.3, 0.1 + 0.2, 0.3 + 1e-15];
    let others = [Value::Empty, Value::Bool(true), Value::Bool(false), Value::Error(ErrorKind::NotAvailable)];
    let texts = (0..4).map(|id| Value::Text(TextId(id)));
    let errors = [Value::Error(ErrorKind::Div0), Value::Error(ErrorKind::Value)];
    let numbers = numbers.into_iter().chain(near);
    numbers.chain(others.into_iter().chain(texts).chain(errors).map(Value::pack)).collect()
}

/// An instruction before its operands are known to be in range.
pub type Draft = (Opcode, [Index; 4], Vec<Index>);

pub fn any_draft() -> impl Strategy<Value = Draft> {
    let opcodes: Vec<Opcode> =
        Opcode::ALL.iter().copied().filter(|opcode| *opcode != Opcode::Store).collect();
    // What workbooks are made of comes more often, so that numbers stay numbers for a while.
    let arithmetic = vec![Opcode::Add, Opcode::Subtract, Opcode::Multiply, Opcode::Divide, Opcode::Select];
    let opcode = prop_oneof![prop::sample::select(opcodes), prop::sample::select(arithmetic)];
    (opcode, any::<[Index; 4]>(), prop::collection::vec(any::<Index>(), 0..9))
}

/// A valid plan from drafts: operands are slots already written, or constants.
pub fn plan_of(drafts: &[Draft]) -> Plan {
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
