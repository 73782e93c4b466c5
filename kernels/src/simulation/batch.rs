//! Evaluating trials on all threads.

use super::Observer;
use crate::engine::{Engine, Reduced, Reductions};
use crate::statistics::moments::BLOCK;
use crate::statistics::sifted::Mesh;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// A multiple of every vector's lanes; no call of the engine has fewer trials, but at the end of a unit.
const SHORTEST_STEP: usize = 128;
/// One call of the engine takes about this long at most: how late a cancellation may be seen.
const STEP_TIME: Duration = Duration::from_millis(100);
/// A batch has at least so many units for each thread, so that none waits long for the last.
const UNITS_PER_THREAD: usize = 4;

/// What stays the same from batch to batch.
pub(super) struct Evaluation<'a, E: Engine> {
    engine: &'a E,
    observer: &'a dyn Observer,
    threads: usize,
    /// Those not in use; as many are made as units run at a time.
    scratches: Mutex<Vec<E::Scratch>>,
    /// How many trials to evaluate before looking up again; learnt from how long they take.
    step: AtomicUsize,
    /// How many to reduce.
    reduced_step: AtomicUsize,
    /// By all threads, in any order.
    trials_done: AtomicUsize,
}

/// Some trials of a batch.
pub(super) struct Unit<'a> {
    pub first_trial: u64,
    pub columns: Vec<&'a mut [f64]>,
    pub length: usize,
}

impl<'a, E> Evaluation<'a, E>
where
    E: Engine,
    E::Scratch: Send,
{
    pub fn new(engine: &'a E, observer: &'a dyn Observer, threads: usize) -> Self {
        Evaluation {
            engine,
            observer,
            threads,
            scratches: Mutex::new(Vec::new()),
            step: AtomicUsize::new(SHORTEST_STEP),
            reduced_step: AtomicUsize::new(BLOCK),
            trials_done: AtomicUsize::new(0),
        }
    }

    /// How many trials one call of the engine had best have, where there are so many.
    pub fn trials_at_once(&self) -> usize {
        self.engine.trials_at_once()
    }

    /// How trials are best reduced, if they can be.
    pub fn reductions(&self) -> Option<Reductions> {
        self.engine.reductions()
    }

    /// Whether the observer has cancelled.
    pub fn cancelled(&self) -> bool {
        self.observer.cancelled()
    }

    /// Evaluates a batch of trials into `columns`, from `first_trial` on. Returns how many were done from the first
    /// one without a gap: fewer than asked for if the observer cancelled.
    pub fn evaluate(&self, first_trial: u64, trials: usize, columns: Vec<&mut [f64]>) -> usize {
        let length = self.unit_length(trials);
        let lengths: Vec<(usize, usize)> = cut(first_trial, trials, length, columns)
            .into_par_iter()
            .map(|unit| (unit.length, self.evaluate_unit(unit)))
            .collect();
        let whole = lengths.iter().take_while(|(length, done)| length == done).count();
        lengths[..lengths.len().min(whole + 1)].iter().map(|(_, done)| done).sum()
    }

    fn unit_length(&self, batch: usize) -> usize {
        batch
            .div_ceil(self.threads * UNITS_PER_THREAD)
            .next_multiple_of(SHORTEST_STEP)
            .min(self.trials_at_once())
    }

    /// Evaluates a unit step by step; returns how many trials were done.
    pub fn evaluate_unit(&self, mut unit: Unit) -> usize {
        let mut scratch = self.idle_scratches().pop().unwrap_or_else(|| self.engine.scratch());
        let mut done = 0;
        while done < unit.length && !self.observer.cancelled() {
            let step = done..unit.length.min(done + self.step.load(Ordering::Relaxed));
            let started = Instant::now();
            let mut columns: Vec<&mut [f64]> =
                unit.columns.iter_mut().map(|column| &mut column[step.clone()]).collect();
            self.engine.evaluate(&mut scratch, unit.first_trial + done as u64, &mut columns);
            let next = next_step((step.len(), started.elapsed()), self.trials_at_once());
            self.step.store(next, Ordering::Relaxed);
            done = step.end;
            self.tell(step.len());
        }
        self.idle_scratches().push(scratch);
        done
    }

    /// Has the statistics of trials made where they are evaluated, some whole blocks at a time. Returns how many trials were
    /// done, and what is left of them: fewer than asked for if the engine gave up or the observer cancelled.
    pub fn reduce_unit(&self, first_trial: u64, length: usize, meshes: &[Mesh]) -> (usize, Reduced) {
        let most = self.reductions().map_or(BLOCK, |best| best.trials);
        let (mut done, mut reduced) = (0, Reduced::nothing());
        while done < length && !self.observer.cancelled() {
            let step = self.reduced_step.load(Ordering::Relaxed).next_multiple_of(BLOCK).min(length - done);
            let started = Instant::now();
            let Some(next) = self.engine.reduce(first_trial + done as u64, step, meshes) else { break };
            reduced.append(next);
            self.reduced_step.store(next_step((step, started.elapsed()), most), Ordering::Relaxed);
            done += step;
            self.tell(step);
        }
        (done, reduced)
    }

    /// So many more trials are done.
    fn tell(&self, trials: usize) {
        let before = self.trials_done.fetch_add(trials, Ordering::Relaxed);
        self.observer.progress((before + trials) as u64);
    }

    fn idle_scratches(&self) -> MutexGuard<'_, Vec<E::Scratch>> {
        self.scratches.lock().expect("nothing that can panic runs under this lock")
    }
}

/// Cuts the columns of a batch into units of `length` trials.
fn cut(first_trial: u64, trials: usize, length: usize, columns: Vec<&mut [f64]>) -> Vec<Unit<'_>> {
    let starts = (0..trials).step_by(length);
    let mut units: Vec<Unit> = starts
        .map(|start| Unit {
            first_trial: first_trial + start as u64,
            columns: Vec::with_capacity(columns.len()),
            length: length.min(trials - start),
        })
        .collect();
    for column in columns {
        units.iter_mut().zip(column.chunks_mut(length)).for_each(|(unit, part)| unit.columns.push(part));
    }
    units
}

/// How many trials take [`STEP_TIME`], if `trials` took `elapsed`; no more than `most`.
fn next_step((trials, elapsed): (usize, Duration), most: usize) -> usize {
    let fitting = trials as f64 * STEP_TIME.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
    (fitting as usize / SHORTEST_STEP * SHORTEST_STEP).clamp(SHORTEST_STEP, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_shrink_with_the_cost_of_a_trial() {
        assert_eq!(next_step((128, Duration::from_secs(1)), BLOCK), SHORTEST_STEP);
        assert_eq!(next_step((128, Duration::from_millis(10)), BLOCK), 1280);
        assert_eq!(next_step((128, Duration::ZERO), BLOCK), BLOCK);
    }

    #[test]
    fn units_cover_a_batch_without_overlap() {
        let (mut left, mut right) = (vec![0.0; 1000], vec![0.0; 1000]);
        let units = cut(5000, 1000, 384, vec![&mut left, &mut right]);
        let places: Vec<_> = units.iter().map(|unit| (unit.first_trial, unit.length)).collect();
        assert_eq!(places, [(5000, 384), (5384, 384), (5768, 232)]);
        assert!(units.iter().all(|unit| unit.columns.iter().all(|column| column.len() == unit.length)));
        assert!(units.iter().all(|unit| unit.columns.len() == 2));
    }
}
