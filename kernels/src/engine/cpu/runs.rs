//! Instructions over a run of operands, lane by lane.

use fermiac_model::plan::{Opcode, TextFacts, scalar};
use fermiac_model::value::Value;

use super::lanes::Operand;
use super::program::{Run, Source};
use super::slots::{Group, Others};

/// Executes `run` for every lane. `memory` is as long as the longest run.
pub(super) fn execute(
    run: &Run,
    out: &mut [Group],
    others: Others<'_>,
    memory: &mut [f64],
    texts: &[TextFacts],
) {
    let c = others.operand(run.c);
    let memory = &mut memory[..run.operands.len()];
    let is_constant = |source: &Source| matches!(source, Source::Constant(_));
    match run.opcode {
        Opcode::Pick => pick(run, out, others, c),
        // A search leaves the run as it is, so that one table serves every trial.
        Opcode::MatchExact | Opcode::MatchAscending | Opcode::MatchDescending
            if run.operands.iter().all(is_constant) =>
        {
            gather(run, others, (0, 0), memory);
            each_lane(out, c, |_, _, c| scalar::apply_run(run.opcode, memory, c, texts));
        }
        _ => each_lane(out, c, |group, lane, c| {
            gather(run, others, (group, lane), memory);
            scalar::apply_run(run.opcode, memory, c, texts)
        }),
    }
}

fn each_lane(out: &mut [Group], c: Operand<'_>, mut of: impl FnMut(usize, usize, f64) -> f64) {
    for (group, out) in out.iter_mut().enumerate() {
        for (lane, (out, c)) in out.0.iter_mut().zip(c.group(group)).enumerate() {
            *out = of(group, lane, c);
        }
    }
}

/// Writes one trial's values of the run to `memory`.
fn gather(run: &Run, others: Others<'_>, (group, lane): (usize, usize), memory: &mut [f64]) {
    for (value, source) in memory.iter_mut().zip(&run.operands) {
        *value = others.operand(*source).lane(group, lane);
    }
}

/// Each trial reads the one operand that it picks.
fn pick(run: &Run, out: &mut [Group], others: Others<'_>, c: Operand<'_>) {
    each_lane(out, c, |group, lane, c| {
        let picked = match Value::unpack(c) {
            Value::Number(c) => (c as usize).checked_sub(1).and_then(|index| run.operands.get(index)),
            _ => None,
        };
        match picked {
            Some(source) => others.operand(*source).lane(group, lane),
            // An error, or out of range: the reference says which.
            None => scalar::apply_run(Opcode::Pick, &mut [], c, &[]),
        }
    });
}
