//! The tallies of a run's outputs, some for each thread.

use crate::statistics::errors::ErrorCounts;
use crate::statistics::sifted::{Mesh, Sifted};
use crate::statistics::tally::{Tallied, Tally};
use rayon::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A tally holds about so many values at most beside those near percentiles.
pub(super) const TALLY_VALUES: u64 = 1 << 15;
/// All tallies of a run hold about so many, if there is more than one set.
const MOST_VALUES: u64 = 1 << 26;

/// Sets of tallies, one tally of a set for each output. Which set takes a block changes no result.
pub(super) struct Tallies {
    outputs: usize,
    sets: Vec<Vec<Mutex<Tally>>>,
}

impl Tallies {
    /// For so many outputs and threads: a set for each thread, or fewer if outputs are many.
    pub fn new(outputs: usize, threads: usize) -> Tallies {
        let affordable = MOST_VALUES / (TALLY_VALUES * outputs.max(1) as u64);
        let sets = threads.min(affordable as usize).max(1);
        let set = || (0..outputs).map(|_| Mutex::new(Tally::new())).collect();
        Tallies { outputs, sets: (0..sets).map(|_| set()).collect() }
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many threads have a set of their own.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }

    /// Has the tallies of so many threads, where they are without numbers, look where those of the first set do, so that
    /// they need not find out by themselves.
    pub fn align(&self, threads: usize) {
        for output in 0..self.outputs {
            for set in 1..threads.min(self.sets.len()) {
                if self.tally(set, output).is_empty()
                    && let Some(alike) = self.tally(0, output).alike()
                {
                    *self.tally(set, output) = alike;
                }
            }
        }
    }

    /// How the next numbers of each output may be read elsewhere for a thread, if that can be said.
    pub fn meshes(&self, thread: usize) -> Option<Vec<Mesh>> {
        (0..self.outputs).map(|output| self.tally(thread, output).mesh()).collect()
    }

    /// Takes what was found elsewhere of each output's numbers, by the meshes that the thread had last.
    pub fn take(&self, thread: usize, sifted: &[Sifted]) {
        let outputs = sifted.iter().enumerate();
        outputs.for_each(|(output, sifted)| self.tally(thread, output).take(sifted));
    }

    fn tally(&self, thread: usize, output: usize) -> MutexGuard<'_, Tally> {
        let tally = &self.sets[thread % self.sets.len()][output];
        // A tally that a panic left half done is never looked at: the panic goes on.
        tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the values of a block of an output on a thread. `errors` counts at least those among them.
    pub fn add(&self, (thread, output): (usize, usize), values: &[f64], errors: &ErrorCounts) {
        let mut tally = self.tally(thread, output);
        if errors.total() == 0 {
            tally.add(values);
        } else {
            let numbers: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
            tally.add(&numbers);
        }
    }

    /// What is left of each output's tallies.
    pub fn finish(self) -> Vec<Tallied> {
        let finish =
            |tally: Mutex<Tally>| tally.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
        let sets = self.sets.into_par_iter().map(|set| set.into_par_iter().map(finish).collect::<Vec<_>>());
        let merge = |one: Vec<Tallied>, two: Vec<Tallied>| {
            one.into_par_iter().zip(two).map(|(one, two)| one.merge(&two)).collect()
        };
        let sets: Vec<Vec<Tallied>> = sets.collect();
        sets.into_iter().reduce(merge).unwrap_or_default()
    }
}
