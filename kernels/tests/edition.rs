//! The bits of an edition of the engines: [`EDITION`] is raised when they change.

#![expect(clippy::unwrap_used, reason = "helpers of tests; a panic is what a test wants")]

mod distributions;

use distributions::DISTRIBUTIONS;
use fermiac_kernels::engine::cpu::CpuEngine;
use fermiac_kernels::engine::{EDITION, Engine};
use fermiac_kernels::random::Sampling;
use fermiac_kernels::simulation::{Keep, MAX_VALUES, Run, Samples, Unobserved, simulate};
use fermiac_model::distribution::{Distribution, identity_hash};
use fermiac_model::plan::{CorrelationGroup, Draw, Instruction, Opcode, Operand, Plan, Shape, TextFacts};
use fermiac_model::value::{ErrorKind, TextId, Value};

/// What the edition computes: the values of every opcode and distribution, and the statistics of a long run, as a hash.
const OF_EDITION: (u32, u64) = (1, 0x2c4c_7a75_ce54_272d);

const TRIALS: usize = 5000;
const SAMPLINGS: [Sampling; 3] =
    [Sampling::Random, Sampling::LatinHypercube { trials: TRIALS as u64 }, Sampling::Sobol];

/// FNV-1a (Fowler, Noll and Vo).
struct Hash(u64);

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        self.0 =
            bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    }
}

fn draws(texts: &[&str]) -> Vec<Draw> {
    let draw = |(place, text): (usize, &&str)| {
        let identity = format!("Inputs!B{place}");
        Draw { stream: identity_hash(&identity), identity, distribution: Distribution::parse(text).unwrap() }
    };
    texts.iter().enumerate().map(draw).collect()
}

/// Each opcode of two draws, or of one and another value, in a column of its own.
fn every_opcode(other: Option<Value>) -> Plan {
    let constants = vec![1.0, 2.5, -4.0, other.unwrap_or(Value::Empty).pack()];
    let [one, more, less] = [0, 1, 2].map(Operand::constant);
    let [x, drawn, made] = [0, 1, 2].map(Operand::slot);
    let y = if other.is_some() { Operand::constant(3) } else { drawn };
    let refused = Value::Error(ErrorKind::Value).pack();
    let text = TextFacts { rank: 3, as_number: 2.0, as_condition: refused };
    let instruction = |opcode, destination, [a, b, c]: [u32; 3]| Instruction { opcode, destination, a, b, c };
    let mut instructions =
        vec![instruction(Opcode::Draw, 0, [0; 3]), instruction(Opcode::Draw, 1, [1, 0, 0])];
    let opcodes =
        Opcode::ALL.iter().copied().filter(|opcode| !matches!(opcode, Opcode::Draw | Opcode::Store));
    let opcodes: Vec<Opcode> = opcodes.collect();
    for (column, opcode) in (2..).zip(&opcodes) {
        let operands = match opcode.shape() {
            Shape::Run => [0, 5, one.bits()],
            _ if *opcode == Opcode::HasKind => [x.bits(), 1, 0],
            _ => [x, y, more].map(Operand::bits),
        };
        instructions.push(instruction(*opcode, 2, operands));
        instructions.push(instruction(Opcode::Store, column, [made.bits(), 0, 0]));
    }
    Plan {
        draws: draws(&["uniform(-3, 3)", "normal(0.5, 2)"]),
        outputs: opcodes.len() as u32,
        slots: 3,
        instructions,
        arguments: vec![less, x, y, more, one],
        constants,
        texts: vec![text],
        ..Plan::default()
    }
}

/// A draw of each distribution, some of them correlated, and of each the payoff of an option on it, whose root is an error
/// where it is negative.
fn every_distribution() -> Plan {
    let draws = draws(&DISTRIBUTIONS);
    let count = draws.len() as u32;
    let instruction = |opcode, destination, a, b| Instruction { opcode, destination, a, b, c: 0 };
    let strike = Operand::constant(0).bits();
    let nothing = Operand::constant(1).bits();
    let of_draw = |draw: u32| {
        [
            instruction(Opcode::Draw, 0, draw, 0),
            instruction(Opcode::Subtract, 1, 0, strike),
            instruction(
                if draw.is_multiple_of(2) { Opcode::Maximum } else { Opcode::SquareRoot },
                2,
                1,
                nothing,
            ),
            instruction(Opcode::Store, count + draw, 2, 0),
        ]
    };
    Plan {
        outputs: count,
        slots: 3,
        instructions: (0..count).flat_map(of_draw).collect(),
        constants: vec![1.5, 0.0],
        correlations: vec![CorrelationGroup {
            inputs: vec![0, 5, 13],
            factor: vec![1.0, 0.6, 0.8, -0.3, 0.1, 0.9],
        }],
        draws,
        ..Plan::default()
    }
}

fn add_values(hash: &mut Hash, plan: &Plan, sampling: Sampling) {
    let engine = CpuEngine::with_sampling(plan, 11, sampling).unwrap();
    let mut values = vec![0.0; plan.columns() * TRIALS];
    let mut columns: Vec<&mut [f64]> = values.chunks_mut(TRIALS).collect();
    engine.evaluate(&mut engine.scratch(), 0, &mut columns);
    values.iter().for_each(|value| hash.add(&value.to_bits().to_le_bytes()));
}

fn add_statistics(hash: &mut Hash, sampling: Sampling, trials: u64) {
    let plan = every_distribution();
    let engine = CpuEngine::with_sampling(&plan, 11, sampling).unwrap();
    let run = Run { trials, threads: 2, keep: Keep::Nothing, max_values: MAX_VALUES };
    let mut results = simulate(&engine, &plan, &run, &Unobserved).unwrap();
    results.samples = Samples::default();
    // A double's shortest text that reads as it tells it from all others.
    hash.add(format!("{results:?}").as_bytes());
}

#[test]
fn results_have_the_bits_of_the_edition() {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    for other in [None, Some(Value::Text(TextId(0))), Some(Value::Bool(true)), Some(Value::Empty)] {
        add_values(&mut hash, &every_opcode(other), Sampling::Random);
    }
    for (sampling, trials) in SAMPLINGS.into_iter().zip([300_000, TRIALS as u64, TRIALS as u64]) {
        add_values(&mut hash, &every_distribution(), sampling);
        add_statistics(&mut hash, sampling, trials);
    }
    assert_eq!(
        (EDITION, hash.0),
        OF_EDITION,
        "results have other bits, for which EDITION is to be raised, or fields of other names: write here what is right"
    );
}
