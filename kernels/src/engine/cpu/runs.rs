//! Instructions over a run of operands, lane by lane.

use fermiac_model::plan::{Opcode, TextFacts, scalar};
use fermiac_model::value::Value;

use super::lanes::{Operand, is_finite};
use super::program::{Run, Source};
use super::slots::{GROUP, Group, Others};

/// What runs are gathered in.
#[derive(Debug)]
pub(super) struct RunMemory {
    /// One lane of the longest run.
    lane: Vec<f64>,
    /// All lanes of a group, where an operation takes them together.
    group: Vec<[f64; GROUP]>,
}

impl RunMemory {
    /// For runs of at most so many operands.
    pub(super) fn new(longest: usize) -> RunMemory {
        RunMemory { lane: vec![0.0; longest], group: Vec::new() }
    }
}

/// Internal rates of return of a group at a time.
#[inline(always)]
pub(super) fn rates(
    run: &Run,
    out: &mut [Group],
    others: Others<'_>,
    memory: &mut RunMemory,
    texts: &[TextFacts],
) {
    let c = others.operand(run.c);
    for (group, out) in out.iter_mut().enumerate() {
        let guesses = c.group(group);
        memory.group.clear();
        memory.group.extend(run.operands.iter().map(|source| others.operand(*source).group(group)));
        let all_numbers = memory
            .group
            .as_flattened()
            .iter()
            .chain(&guesses)
            .fold(true, |all, value| all & value.is_finite());
        out.0 = if all_numbers { scalar::plain_rates(&memory.group, guesses) } else { [f64::NAN; GROUP] };
        if !is_finite(out.0) {
            correct(run, out, (group, guesses), others, &mut memory.lane, texts);
        }
    }
}

/// Does the lanes of a group that hold no number by the reference.
#[cold]
#[inline(never)]
fn correct(
    run: &Run,
    out: &mut Group,
    (group, c): (usize, [f64; GROUP]),
    others: Others<'_>,
    memory: &mut [f64],
    texts: &[TextFacts],
) {
    let memory = &mut memory[..run.operands.len()];
    for (lane, out) in out.0.iter_mut().enumerate().filter(|(_, out)| !out.is_finite()) {
        gather(run, others, (group, lane), memory);
        *out = scalar::apply_run(run.opcode, memory, c[lane], texts);
    }
}

/// Executes `run` for every lane.
pub(super) fn execute(
    run: &Run,
    out: &mut [Group],
    others: Others<'_>,
    memory: &mut RunMemory,
    texts: &[TextFacts],
) {
    let c = others.operand(run.c);
    let memory = &mut memory.lane[..run.operands.len()];
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
