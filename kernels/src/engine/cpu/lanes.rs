//! The inner loops, written once over the operation.

use fermiac_model::plan::{Opcode, TextFacts, scalar};

use super::slots::{GROUP, Group};

/// Where the lanes of an operand come from.
pub(super) trait Lanes: Copy {
    /// The lanes of group `index`.
    fn group(self, index: usize) -> [f64; GROUP];
    /// Tells the optimiser that there are `groups` groups, so that it need not check each.
    fn assert_groups(self, groups: usize);
    /// The operand for code that is not worth a copy for each kind.
    fn erased(&self) -> Operand<'_>;
}

/// The same value in every lane.
#[derive(Clone, Copy)]
pub(super) struct Constant(pub(super) f64);

/// An operand of either kind.
#[derive(Clone, Copy)]
pub(super) enum Operand<'a> {
    Slot(&'a [Group]),
    Constant(f64),
}

impl Lanes for &[Group] {
    #[inline(always)]
    fn group(self, index: usize) -> [f64; GROUP] {
        self[index].0
    }

    #[inline(always)]
    fn assert_groups(self, groups: usize) {
        assert_eq!(self.len(), groups);
    }

    #[inline(always)]
    fn erased(&self) -> Operand<'_> {
        Operand::Slot(self)
    }
}

impl Lanes for Constant {
    #[inline(always)]
    fn group(self, _: usize) -> [f64; GROUP] {
        [self.0; GROUP]
    }

    #[inline(always)]
    fn assert_groups(self, _: usize) {}

    #[inline(always)]
    fn erased(&self) -> Operand<'_> {
        Operand::Constant(self.0)
    }
}

impl Operand<'_> {
    pub(super) fn group(self, index: usize) -> [f64; GROUP] {
        match self {
            Operand::Slot(groups) => groups.group(index),
            Operand::Constant(value) => [value; GROUP],
        }
    }

    pub(super) fn lane(self, group: usize, lane: usize) -> f64 {
        match self {
            Operand::Slot(groups) => groups[group].0[lane],
            Operand::Constant(value) => value,
        }
    }
}

/// What is computed for every lane.
pub(super) trait Operation: Copy {
    /// The result, and something to watch, which is not finite if the result may be wrong.
    fn of(self, a: f64, b: f64) -> (f64, f64);
}

/// A closure as an operation.
#[derive(Clone, Copy)]
struct Short<F>(F);

impl<F: Fn(f64, f64) -> (f64, f64) + Copy> Operation for Short<F> {
    #[inline(always)]
    fn of(self, a: f64, b: f64) -> (f64, f64) {
        (self.0)(a, b)
    }
}

/// [`each_of`] for a short operation. A long closure is not inlined, and then neither takes lanes together nor uses the
/// processor's fused multiply-add: a long operation is a type of its own, inlined by decree.
#[inline(always)]
pub(super) fn each<A: Lanes, B: Lanes>(
    out: &mut [Group],
    a: A,
    b: B,
    of: impl Fn(f64, f64) -> (f64, f64) + Copy,
) -> bool {
    each_of(out, a, b, Short(of))
}

/// Computes the operation for every lane; says whether it is right for all.
#[inline(always)]
pub(super) fn each_of<A: Lanes, B: Lanes>(out: &mut [Group], a: A, b: B, operation: impl Operation) -> bool {
    a.assert_groups(out.len());
    b.assert_groups(out.len());
    let groups = out.len();
    let mut watched = [[0.0; GROUP]; 2];
    let mut index = 0;
    while index + 1 < groups {
        for (watched, index) in watched.iter_mut().zip([index, index + 1]) {
            compute(&mut out[index], a.group(index), b.group(index), watched, operation);
        }
        index += 2;
    }
    if index < groups {
        compute(&mut out[index], a.group(index), b.group(index), &mut watched[0], operation);
    }
    is_finite(watched[0]) & is_finite(watched[1])
}

#[inline(always)]
fn compute(
    out: &mut Group,
    a: [f64; GROUP],
    b: [f64; GROUP],
    watched: &mut [f64; GROUP],
    operation: impl Operation,
) {
    let mut results = [0.0; GROUP];
    for lane in 0..GROUP {
        let (result, watch) = operation.of(a[lane], b[lane]);
        results[lane] = result;
        watched[lane] += watch;
    }
    out.0 = results;
}

/// Chooses `then` where the condition is not 0, else `otherwise`; says whether every condition is a number.
#[inline(always)]
pub(super) fn choose<B: Lanes, C: Lanes>(
    out: &mut [Group],
    condition: &[Group],
    then: B,
    otherwise: C,
) -> bool {
    condition.assert_groups(out.len());
    then.assert_groups(out.len());
    otherwise.assert_groups(out.len());
    let mut watched = [0.0; GROUP];
    for (index, out) in out.iter_mut().enumerate() {
        let (a, b, c) = (condition.group(index), then.group(index), otherwise.group(index));
        let mut results = [0.0; GROUP];
        for lane in 0..GROUP {
            results[lane] = if a[lane] != 0.0 { b[lane] } else { c[lane] };
            watched[lane] += a[lane];
        }
        out.0 = results;
    }
    is_finite(watched)
}

/// Whether all are finite. A sum that overflows says no where all are: then lanes are done again for nothing.
#[inline(always)]
pub(super) fn is_finite(watched: [f64; GROUP]) -> bool {
    // No short cut: one comparison of all lanes costs less than a branch for each.
    watched.iter().fold(true, |finite, watch| finite & watch.is_finite())
}

/// Does an elementwise instruction by the reference, in every group that holds anything but finite numbers.
#[cold]
#[inline(never)]
pub(super) fn correct(opcode: Opcode, out: &mut [Group], operands: [Operand<'_>; 3], texts: &[TextFacts]) {
    for (index, out) in out.iter_mut().enumerate() {
        let [a, b, c] = operands.map(|operand| operand.group(index));
        if [a, b, c, out.0].as_flattened().iter().all(|value| value.is_finite()) {
            continue;
        }
        for lane in 0..GROUP {
            out.0[lane] = scalar::apply(opcode, a[lane], b[lane], c[lane], texts);
        }
    }
}

/// Does an elementwise instruction of numbers by the reference, lane by lane.
pub(super) fn by_reference(opcode: Opcode, out: &mut [Group], a: Operand<'_>, b: Operand<'_>) {
    for (index, out) in out.iter_mut().enumerate() {
        let (a, b) = (a.group(index), b.group(index));
        for lane in 0..GROUP {
            out.0[lane] = scalar::apply(opcode, a[lane], b[lane], 0.0, &[]);
        }
    }
}
