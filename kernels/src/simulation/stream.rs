//! Evaluating trials of which nothing is kept: block by block, each thread for itself.
//!
//! A thread takes the next block, evaluates it in memory of its own, and makes its statistics while it is in the
//! thread's caches: no thread waits for another, and the memory is written again and again. Statistics are made of
//! blocks in order, whichever thread comes to it: so what a cancelled run has done is its first trials without a gap.
//!
//! What evaluates many blocks at once, as a GPU does, is given a *load* of them in place of one. It may reduce loads itself,
//! to statistics without values: then a thread does wait for the turn of its load, as what was found of it says how the next
//! one is read.

use super::batch::{Evaluation, Unit};
use super::columns::{BlockStatistics, of_block};
use super::streamed::{Made, Streamed};
use super::tallies::Tallies;
use crate::engine::{Engine, Reduced};
use crate::memory::Memory;
use crate::statistics::moments::BLOCK;
use crate::statistics::sifted::Mesh;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

/// Blocks that wait for one before them hold at most about so many values: then threads wait for it too.
const WAITING_VALUES: usize = 1 << 21;

/// The loads that all threads evaluate at a time hold at most about so many values.
const LOADED_VALUES: usize = 1 << 23;

/// The blocks of some trials, shared out to threads.
struct Line<'a, E: Engine> {
    evaluation: &'a Evaluation<'a, E>,
    tallies: &'a Tallies,
    columns: usize,
    threads: usize,
    trials: Range<u64>,
    /// How many trials are taken at once: whole blocks.
    load: usize,
    /// How many of these there is memory for at once.
    piece: usize,
    /// Whether the engine is asked to reduce them.
    reduces: bool,
    /// The next load to be taken.
    next: AtomicUsize,
    order: Mutex<Order>,
    /// Told when blocks have had their turn, or no more will, if anyone waits.
    moved: Condvar,
}

/// Loads that have been evaluated, but not all before them.
#[derive(Default)]
struct Order {
    waiting: BTreeMap<usize, Filled>,
    /// The load whose turn it is.
    next: usize,
    /// How many trials are in loads whose turn has come.
    done: usize,
    /// Whether no more loads have their turn.
    ended: bool,
    /// Threads that wait for it to move. To tell none is a call of the system too, which all others would wait for.
    waiters: usize,
    /// Memory that is not in use.
    free: Vec<Memory<f64>>,
}

impl Order {
    /// The load whose turn it is has it. None comes after a load that is not whole.
    fn takes_turn(&mut self, done: usize, length: usize) {
        self.done += done;
        self.next += 1;
        // Unless it has ended already: a thread may have panicked meanwhile.
        self.ended |= done < length;
    }
}

/// The values of a load or a piece of it, column by column, each with room for a whole one.
struct Filled {
    values: Memory<f64>,
    /// How many of its trials were done.
    done: usize,
    length: usize,
}

/// Evaluates trials of so many columns, inputs before outputs, the first a multiple of a block, and tallies the outputs.
pub(super) fn stream<E>(
    evaluation: &Evaluation<'_, E>,
    tallies: &Tallies,
    columns: usize,
    trials: Range<u64>,
) -> Streamed
where
    E: Engine,
    E::Scratch: Send,
{
    let all_trials = (trials.end - trials.start) as usize;
    let threads = rayon::current_num_threads();
    let best = evaluation.reductions();
    let threads = best.map_or(threads, |best| threads.min(best.threads).min(tallies.sets()));
    tallies.align(threads);
    let fair_share = all_trials.div_ceil(threads);
    let piece = load(evaluation.trials_at_once(), fair_share, columns * threads);
    let line = Line {
        evaluation,
        tallies,
        columns,
        threads,
        // What is reduced takes no memory here.
        load: best.map_or(piece, |best| load(best.trials, fair_share, 0)),
        piece,
        reduces: best.is_some(),
        trials,
        next: AtomicUsize::new(0),
        order: Mutex::default(),
        moved: Condvar::new(),
    };
    let made = (0..threads).into_par_iter().with_max_len(1).map(|thread| line.work(thread)).collect();
    Streamed::new(line.order().done, made, columns)
}

/// How many trials are taken at once: as many as the engine likes best, but no thread should stand idle for it, nor all
/// of them together, with so many columns, fill the memory.
fn load(at_once: usize, fair_share: usize, columns: usize) -> usize {
    let most = at_once.min(fair_share).min(LOADED_VALUES / columns.max(1));
    (most / BLOCK * BLOCK).max(BLOCK)
}

/// Lets the other threads end where one panics, so that the panic goes on.
struct EndsOnPanic<'a, 'b, E: Engine>(&'a Line<'b, E>);

impl<E: Engine> Drop for EndsOnPanic<'_, '_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut order = self.0.order();
            order.ended = true;
            self.0.tell(&order);
        }
    }
}

impl<E: Engine> Line<'_, E> {
    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().expect("nothing that can panic runs under this lock")
    }

    /// Waits until the order may have moved.
    fn wait<'a>(&self, mut order: MutexGuard<'a, Order>) -> MutexGuard<'a, Order> {
        order.waiters += 1;
        order = self.moved.wait(order).expect("nothing that can panic runs under this lock");
        order.waiters -= 1;
        order
    }

    /// The order has moved.
    fn tell(&self, order: &Order) {
        if order.waiters > 0 {
            self.moved.notify_all();
        }
    }
}

impl<E> Line<'_, E>
where
    E: Engine,
    E::Scratch: Send,
{
    /// Takes loads until there are none, or the observer cancels; gives the statistics that it came to make.
    fn work(&self, thread: usize) -> Made {
        let _ends = EndsOnPanic(self);
        let mut made = Made::new(self.columns);
        loop {
            self.wait_for_room();
            let load = self.next.fetch_add(1, Ordering::Relaxed);
            let first_trial = self.trials.start + (load * self.load) as u64;
            if first_trial >= self.trials.end {
                return made;
            }
            let length = self.load.min((self.trials.end - first_trial) as usize);
            let is_over = if self.reduces {
                self.reduce(thread, load, (first_trial, length), &mut made)
            } else {
                let filled = self.fill(first_trial, length);
                let is_over = filled.done < length;
                for (load, filled) in self.in_order(load, filled) {
                    let first_block = load * (self.load / BLOCK);
                    self.make_statistics(thread, first_block, filled, &mut made);
                }
                is_over
            };
            if is_over {
                return made;
            }
        }
    }

    /// Has a load reduced and takes it in its turn; says whether no more will have theirs.
    fn reduce(
        &self,
        thread: usize,
        load: usize,
        (first_trial, length): (u64, usize),
        made: &mut Made,
    ) -> bool {
        let meshes = self.tallies.meshes(thread);
        let reduce = |meshes: Vec<Mesh>| self.evaluation.reduce_unit(first_trial, length, &meshes);
        let (mut done, reduced) = meshes.map_or_else(|| (0, Reduced::nothing()), reduce);
        if !self.wait_for_turn(load) {
            return true;
        }
        let first_block = load * (self.load / BLOCK);
        let take = |made: &mut Made| {
            (first_block..).zip(reduced.blocks).for_each(|(block, columns)| made.push(block, columns));
            self.tallies.take(thread, &reduced.sifted);
        };
        if done == length {
            // Nobody else has to do with what is taken.
            let is_over = self.end_turn(length, length);
            take(made);
            return is_over;
        }
        take(made);
        // What the engine gave up, its values say; but if it gives up all, the stream ends here, to be begun otherwise.
        while done < length && self.evaluation.reductions().is_some() {
            let piece = self.piece.min(length - done);
            let filled = self.fill(first_trial + done as u64, piece);
            let evaluated = filled.done;
            self.make_statistics(thread, first_block + done / BLOCK, filled, made);
            done += evaluated;
            if evaluated < piece {
                break;
            }
        }
        self.end_turn(done, length)
    }

    /// The load whose turn it is has had it; says whether no more will.
    fn end_turn(&self, done: usize, length: usize) -> bool {
        let mut order = self.order();
        order.takes_turn(done, length);
        self.tell(&order);
        order.ended
    }

    /// Waits for the turn of a load, and says whether it comes.
    fn wait_for_turn(&self, load: usize) -> bool {
        let mut order = self.order();
        while order.next < load && !order.ended {
            order = self.wait(order);
        }
        !order.ended
    }

    /// Makes the statistics of each block of what was filled.
    fn make_statistics(&self, thread: usize, first_block: usize, filled: Filled, made: &mut Made) {
        for (block, start) in (first_block..).zip((0..filled.done).step_by(BLOCK)) {
            let trials = start..filled.done.min(start + BLOCK);
            made.push(block, self.statistics(thread, filled.values.values(), trials));
        }
        self.order().free.push(filled.values);
    }

    /// The load whose turn it is is in the hands of another thread, which will tell.
    fn wait_for_room(&self) {
        let most = (WAITING_VALUES / (self.columns * self.load).max(1)).max(2 * self.threads);
        let mut order = self.order();
        while order.waiting.len() >= most && !order.ended {
            order = self.wait(order);
        }
    }

    fn fill(&self, first_trial: u64, length: usize) -> Filled {
        let free = self.order().free.pop();
        let mut values = free.unwrap_or_else(|| Memory::in_lines(self.columns * self.piece));
        let columns = values.values_mut().chunks_exact_mut(self.piece).take(self.columns);
        let columns = columns.map(|column| &mut column[..length]).collect();
        let done = self.evaluation.evaluate_unit(Unit { first_trial, columns, length });
        Filled { values, done, length }
    }

    /// Puts a load in line, and takes out those whose turn has come.
    fn in_order(&self, load: usize, filled: Filled) -> Vec<(usize, Filled)> {
        let mut order = self.order();
        order.waiting.insert(load, filled);
        let mut ready = Vec::new();
        loop {
            let next = order.next;
            let Some(filled) = order.waiting.remove(&next).filter(|_| !order.ended) else { break };
            order.takes_turn(filled.done, filled.length);
            ready.push((next, filled));
        }
        if !ready.is_empty() {
            self.tell(&order);
        }
        ready
    }

    /// Of each column.
    fn statistics(
        &self,
        thread: usize,
        values: &[f64],
        trials: Range<usize>,
    ) -> impl Iterator<Item = BlockStatistics> {
        let columns =
            values.chunks_exact(self.piece).take(self.columns).map(move |column| &column[trials.clone()]);
        let inputs = self.columns - self.tallies.outputs();
        let of_column = move |(column, values): (usize, &[f64])| {
            let found = of_block(values);
            if let Some(output) = column.checked_sub(inputs) {
                self.tallies.add((thread, output), values, &found.1);
            }
            found
        };
        columns.enumerate().map(of_column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_begins_no_more() {
        let mut order = Order { ended: true, ..Order::default() };
        order.takes_turn(BLOCK, BLOCK);
        assert!(order.ended);
    }

    #[test]
    fn a_load_is_what_the_engine_likes_unless_threads_or_memory_forbid_it() {
        assert_eq!(load(BLOCK, 1 << 20, 2), BLOCK);
        assert_eq!(load(64 * BLOCK, 1 << 20, 2), 64 * BLOCK);
        assert_eq!(load(64 * BLOCK, 3 * BLOCK + 5, 2), 3 * BLOCK);
        assert_eq!(load(64 * BLOCK, 1 << 20, 1 << 10), 2 * BLOCK);
        assert_eq!(load(64 * BLOCK, 7, 1 << 30), BLOCK);
    }
}
