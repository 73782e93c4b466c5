//! Instructions over long runs: order statistics, lookups, internal rates.

use crate::functions::fraction;
use crate::host::{Host, assert_agree, words};
use fermiac_kernels::random::Sampling;
use fermiac_model::plan::{Instruction, Opcode, Operand, Plan, TextFacts};
use fermiac_model::value::{ErrorKind, TextId, Value};

/// A plan of one instruction after the other over runs of constants, each stored.
fn plan_of(runs: &[(Opcode, Vec<f64>, f64)]) -> Plan {
    let refused = Value::Error(ErrorKind::Value).pack();
    let texts = [0, 3, 3, 1].map(|rank| TextFacts { rank, as_number: refused, as_condition: refused });
    let mut plan = Plan { slots: 1, texts: texts.to_vec(), outputs: runs.len() as u32, ..Plan::default() };
    for (place, (opcode, values, c)) in runs.iter().enumerate() {
        let mut constant = |value: f64| {
            plan.constants.push(value);
            Operand::constant(plan.constants.len() as u32 - 1)
        };
        let c = constant(*c).bits();
        let run: Vec<Operand> = values.iter().map(|value| constant(*value)).collect();
        let (a, b) = (plan.arguments.len() as u32, run.len() as u32);
        plan.arguments.extend(run);
        plan.instructions.push(Instruction { opcode: *opcode, destination: 0, a, b, c });
        let stored = Instruction { opcode: Opcode::Store, destination: place as u32, a: 0, b: 0, c: 0 };
        plan.instructions.push(stored);
    }
    plan
}

#[track_caller]
fn assert_runs_agree(runs: &[(Opcode, Vec<f64>, f64)]) {
    let Some(mut host) = Host::start() else { return };
    assert_agree(&mut host, &plan_of(runs), (1, Sampling::Random), 0, 1);
}

/// Of numbers of which many are equal, with other kinds of values between.
fn mixed(words: &mut impl Iterator<Item = u64>, length: usize) -> Vec<f64> {
    let others = [Value::Empty, Value::Bool(true), Value::Text(TextId(1)), Value::Text(TextId(2))];
    let mut value = || {
        let word = words.next().expect("they never end");
        match word % 8 {
            0 => others[(word >> 8) as usize % others.len()].pack(),
            1 => f64::from_bits(word << 1 >> 1) * 1e-300,
            2 => -0.0,
            3 => 0.0,
            _ => ((fraction(word) - 0.5) * 40.0).round() * 0.25,
        }
    };
    let values = (0..length).map(|_| value());
    values.map(|value| if value.is_infinite() { 1.0 } else { value }).collect()
}

#[test]
fn order_statistics_and_picks_agree() {
    let mut words = words(1);
    let mut runs = Vec::new();
    for length in (1..60).chain([100, 255, 1000]) {
        for opcode in [Opcode::Smallest, Opcode::Greatest, Opcode::Median, Opcode::Pick] {
            let run = mixed(&mut words, length);
            let places = [0.0, 1.0, 1.9, length as f64 / 2.0, length as f64, length as f64 + 1.0, 1e300];
            runs.extend(places.map(|place| (opcode, run.clone(), place)));
        }
    }
    assert_runs_agree(&runs);
}

#[test]
fn lookups_agree() {
    let mut words = words(2);
    let mut runs = Vec::new();
    for length in (0..60).chain([100, 255, 1000]) {
        for opcode in [Opcode::MatchExact, Opcode::MatchAscending, Opcode::MatchDescending] {
            let mut run = mixed(&mut words, length);
            if opcode != Opcode::MatchExact && length % 3 > 0 {
                run.sort_by(f64::total_cmp);
            }
            if opcode == Opcode::MatchDescending {
                run.reverse();
            }
            let keys = mixed(&mut words, 8);
            runs.extend(keys.into_iter().map(|key| (opcode, run.clone(), key)));
        }
    }
    assert_runs_agree(&runs);
}

#[test]
fn internal_rates_agree() {
    let mut words = words(3);
    let mut fraction = || fraction(words.next().expect("they never end"));
    let mut runs = Vec::new();
    for round in 0..3000 {
        let length = 2 + (fraction() * 40.0) as usize;
        let mut flows: Vec<f64> = (0..length).map(|_| (fraction() - 0.3) * 1000.0).collect();
        flows[0] = -fraction() * 5000.0;
        let guess = [0.1, -0.9, 3.0, 1e4, -0.5][round % 5];
        if round % 7 == 0 {
            flows.insert(1, Value::Bool(true).pack());
        }
        if round % 11 == 0 {
            flows.iter_mut().for_each(|flow| *flow *= 1e304);
        }
        runs.push((Opcode::InternalRate, flows, guess));
    }
    assert_runs_agree(&runs);
}
