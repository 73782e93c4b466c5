//! The tape of the reference workbook: 28,000 months, 14 instructions each, three uncertain inputs.
//!
//! `cargo bench -p fermiac-kernels --bench reference_model [-- TRIALS]` prints, for every family of
//! vector instructions that the processor has, the time of a simulation on one thread (the least of several)
//! and what an instruction costs a trial.

use std::time::{Duration, Instant};

use fermiac_kernels::engine::Engine;
use fermiac_kernels::engine::cpu::{CpuEngine, Simd};
use fermiac_model::distribution::{Distribution, Family};
use fermiac_model::plan::{Draw, Instruction, Opcode, Operand, Plan};

const MONTHS: u32 = 28_000;
const REPETITIONS: u32 = 15;
/// Trials a call, as a simulation's blocks have them.
const BLOCK: usize = 4096;

/// A plan in the making.
#[derive(Default)]
struct Tape {
    plan: Plan,
    free: Vec<u32>,
}

impl Tape {
    fn constant(&mut self, value: f64) -> Operand {
        self.plan.constants.push(value);
        Operand::constant(self.plan.constants.len() as u32 - 1)
    }

    fn push(&mut self, opcode: Opcode, a: Operand, b: Operand, c: Operand) -> Operand {
        let destination = self.free.pop().unwrap_or_else(|| {
            self.plan.slots += 1;
            self.plan.slots - 1
        });
        let (a, b, c) = (a.bits(), b.bits(), c.bits());
        self.plan.instructions.push(Instruction { opcode, destination, a, b, c });
        Operand::slot(destination)
    }

    fn of_two(&mut self, opcode: Opcode, a: Operand, b: Operand) -> Operand {
        self.push(opcode, a, b, Operand::constant(0))
    }

    fn draw(&mut self, name: &str, mean: f64) -> Operand {
        let index = self.plan.draws.len() as u32;
        let family = Family::Uniform { min: mean * 0.9, max: mean * 1.1 };
        let distribution = Distribution { family, truncate_min: None, truncate_max: None, shift: 0.0 };
        self.plan.draws.push(Draw { identity: name.to_owned(), stream: u64::from(index), distribution });
        self.push(Opcode::Draw, Operand::slot(index), Operand::slot(0), Operand::slot(0))
    }

    fn free(&mut self, operands: &[Operand]) {
        self.free.extend(operands.iter().map(|operand| operand.bits()));
    }
}

/// As a compiler lowers it: common terms shared, constants in place, slots used again at once.
fn reference_model() -> Plan {
    let mut tape = Tape::default();
    let [zero, one, fixed_cost, tax_rate] = [0.0, 1.0, 120.0, 0.21].map(|value| tape.constant(value));
    let scale = tape.constant(0.0004);
    let [growth, cost_ratio, discount] = [("growth", 0.0004), ("cost ratio", 0.62), ("discount", 0.0003)]
        .map(|(name, mean)| tape.draw(name, mean));
    // Draws are uniform on 0..1 in some engines; small rates keep 28,000 months finite in all.
    let growth = tape.of_two(Opcode::Multiply, growth, scale);
    let discount = tape.of_two(Opcode::Multiply, discount, scale);
    let growth = tape.of_two(Opcode::Add, growth, one);
    let discount = tape.of_two(Opcode::Add, discount, one);
    let mut revenue = tape.constant(1000.0);
    let mut factor = one;
    let mut sums = [tape.of_two(Opcode::Add, zero, zero), tape.of_two(Opcode::Add, zero, zero)];
    for month in 0..MONTHS {
        let season = tape.constant(1.0 + 0.1 * (f64::from(month % 12) - 5.5) / 5.5);
        if month > 0 {
            let (last_revenue, last_factor) = (revenue, factor);
            revenue = tape.of_two(Opcode::Multiply, revenue, growth);
            factor = tape.of_two(Opcode::Divide, factor, discount);
            if month > 1 {
                tape.free(&[last_revenue, last_factor]);
            }
        }
        let sales = tape.of_two(Opcode::Multiply, revenue, season);
        let variable = tape.of_two(Opcode::Multiply, sales, cost_ratio);
        let cost = tape.of_two(Opcode::Add, variable, fixed_cost);
        let profit = tape.of_two(Opcode::Subtract, sales, cost);
        let taxed = tape.of_two(Opcode::Maximum, profit, zero);
        let tax = tape.of_two(Opcode::Multiply, taxed, tax_rate);
        let net = tape.of_two(Opcode::Subtract, profit, tax);
        let value = tape.of_two(Opcode::Multiply, net, factor);
        let is_positive = tape.of_two(Opcode::Less, zero, net);
        let counted = tape.push(Opcode::Select, is_positive, value, zero);
        let totals = [tape.of_two(Opcode::Add, sums[0], value), tape.of_two(Opcode::Add, sums[1], counted)];
        tape.free(&[
            sales,
            variable,
            cost,
            profit,
            taxed,
            tax,
            net,
            value,
            is_positive,
            counted,
            sums[0],
            sums[1],
        ]);
        sums = totals;
    }
    for (output, operand) in (0..).zip([sums[0], sums[1], revenue]) {
        let none = operand.bits();
        let destination = tape.plan.draws.len() as u32 + output;
        tape.plan.instructions.push(Instruction {
            opcode: Opcode::Store,
            destination,
            a: none,
            b: none,
            c: none,
        });
        tape.plan.outputs += 1;
    }
    tape.plan
}

fn simulate(engine: &CpuEngine, columns: &mut [Vec<f64>]) -> Duration {
    let mut scratch = engine.scratch();
    let trials = columns[0].len();
    let start = Instant::now();
    for first in (0..trials).step_by(BLOCK) {
        let range = first..trials.min(first + BLOCK);
        let mut block: Vec<&mut [f64]> =
            columns.iter_mut().map(|column| &mut column[range.clone()]).collect();
        engine.evaluate(&mut scratch, first as u64, &mut block);
    }
    start.elapsed()
}

fn main() {
    let trials = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(1000);
    let plan = reference_model();
    let instructions = plan.instructions.len();
    println!("{instructions} instructions, {} slots, {trials} trials, one thread", plan.slots);
    for simd in [Simd::Avx512, Simd::Avx2] {
        let Ok(engine) = CpuEngine::with_simd(&plan, 1, simd) else {
            println!("{simd:?}: not on this processor");
            continue;
        };
        let mut columns = vec![vec![0.0; trials]; plan.columns()];
        let least = (0..REPETITIONS).map(|_| simulate(&engine, &mut columns)).min().unwrap_or_default();
        let each = least.as_secs_f64() * 1e9 / (instructions * trials) as f64;
        println!("{simd:?}: {:.1} ms, {each:.4} ns an instruction and trial", least.as_secs_f64() * 1e3);
    }
}
