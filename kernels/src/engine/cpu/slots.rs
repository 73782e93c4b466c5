//! The memory of a batch: every slot, one lane a trial.

use super::lanes::Operand;
use super::program::Source;

/// Lanes that are loaded, computed and stored together.
pub(super) const GROUP: usize = 8;

/// The lanes of one group, on a cache line of their own.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Group(pub(super) [f64; GROUP]);

/// The slots of a batch, in one allocation, slot after slot.
#[derive(Debug)]
pub(super) struct Slots {
    memory: Vec<Group>,
    stride: usize,
}

/// All slots but the one that is written.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    before: &'a [Group],
    after: &'a [Group],
    stride: usize,
    groups: usize,
}

impl Slots {
    /// `count` slots of `groups` groups each.
    pub(super) fn new(count: usize, groups: usize) -> Slots {
        Slots { memory: vec![Group([0.0; GROUP]); count * groups], stride: groups }
    }

    /// The first `groups` groups of slot `index`.
    #[inline(always)]
    pub(super) fn slot(&self, index: u32, groups: usize) -> &[Group] {
        &self.memory[index as usize * self.stride..][..groups]
    }

    /// The first `groups` groups of slot `index`, to be written.
    #[inline(always)]
    pub(super) fn slot_mut(&mut self, index: u32, groups: usize) -> &mut [Group] {
        &mut self.memory[index as usize * self.stride..][..groups]
    }

    /// The first `groups` groups of slot `destination`, to be written while the others are read.
    #[inline(always)]
    pub(super) fn split(&mut self, destination: u32, groups: usize) -> (&mut [Group], Others<'_>) {
        let stride = self.stride;
        let (before, rest) = self.memory.split_at_mut(destination as usize * stride);
        let (written, after) = rest.split_at_mut(stride);
        (&mut written[..groups], Others { before, after, stride, groups })
    }
}

impl<'a> Others<'a> {
    /// The groups in use of slot `index`, which is not the one written.
    #[inline(always)]
    pub(super) fn slot(self, index: u32) -> &'a [Group] {
        let start = index as usize * self.stride;
        let (memory, start) = if start < self.before.len() {
            (self.before, start)
        } else {
            // Past the slots before come the one written and then those after.
            (self.after, start - self.before.len() - self.stride)
        };
        &memory[start..][..self.groups]
    }

    /// What `source` holds.
    #[inline(always)]
    pub(super) fn operand(self, source: Source) -> Operand<'a> {
        match source {
            Source::Slot(index) => Operand::Slot(self.slot(index)),
            Source::Constant(value) => Operand::Constant(value),
        }
    }
}
