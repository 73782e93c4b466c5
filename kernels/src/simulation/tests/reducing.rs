//! Trials that an engine reduces itself.

use super::*;
use crate::engine::{Reduced, Reductions};
use crate::simulation::columns::of_block;
use crate::statistics::sifted::Mesh;

/// As [`Hashes`], but it reduces what it is asked to, if it does not give up.
struct Reducing {
    /// From the first trial.
    gives_up: fn(u64) -> bool,
    reduced: AtomicU64,
    /// So many trials.
    fails_after: u64,
}

impl Reducing {
    fn new(gives_up: fn(u64) -> bool) -> Reducing {
        Reducing { gives_up, reduced: AtomicU64::new(0), fails_after: u64::MAX }
    }
}

impl Engine for Reducing {
    type Scratch = u64;

    fn trials_at_once(&self) -> usize {
        2 * BLOCK
    }

    fn reductions(&self) -> Option<Reductions> {
        let is_left = self.reduced.load(Ordering::SeqCst) < self.fails_after;
        is_left.then_some(Reductions { threads: 3, trials: 5 * BLOCK })
    }

    fn scratch(&self) -> u64 {
        0
    }

    fn evaluate(&self, calls: &mut u64, first_trial: u64, columns: &mut [&mut [f64]]) {
        Hashes.evaluate(calls, first_trial, columns);
    }

    fn reduce(&self, first_trial: u64, trials: usize, meshes: &[Mesh]) -> Option<Reduced> {
        if (self.gives_up)(first_trial) || self.reductions().is_none() {
            return None;
        }
        self.reduced.fetch_add(trials as u64, Ordering::SeqCst);
        reduced_of(self, first_trial, trials, meshes)
    }
}

/// In launches of two blocks.
fn reduced_of<E: Engine>(engine: &E, first_trial: u64, trials: usize, meshes: &[Mesh]) -> Option<Reduced> {
    let mut values = vec![vec![0.0; trials]; 4];
    let mut columns: Vec<&mut [f64]> = values.iter_mut().map(Vec::as_mut_slice).collect();
    engine.evaluate(&mut engine.scratch(), first_trial, &mut columns);
    let mut reduced = Reduced::nothing();
    for start in (0..trials).step_by(2 * BLOCK) {
        let launch = start..trials.min(start + 2 * BLOCK);
        let starts = launch.clone().step_by(BLOCK);
        let blocks = starts.map(|start| start..launch.end.min(start + BLOCK));
        let outputs = meshes.iter().zip(&values[2..]);
        reduced.append(Reduced {
            blocks: blocks
                .map(|block| values.iter().map(|column| of_block(&column[block.clone()])).collect())
                .collect(),
            sifted: outputs.map(|(mesh, output)| mesh.sift(&output[launch.clone()])).collect(),
        });
    }
    Some(reduced)
}

const TRIALS: u64 = 777_777;

#[test]
fn what_an_engine_reduces_comes_to_the_same_bits() {
    for threads in [1, 2, 5] {
        let run = Run { keep: Keep::Nothing, ..run(TRIALS, threads) };
        let engine = Reducing::new(|_| false);
        let results = simulate(&engine, &plan(), &run, &Unobserved).unwrap();
        assert_same(&results, &simulated(&run));
        // All but those that are kept to be ranked.
        assert_eq!(engine.reduced.into_inner(), TRIALS - RANKED);
    }
}

#[test]
fn a_slice_of_which_nothing_is_kept_is_reduced_once_it_is_known_where_to_look() {
    let run = Run { keep: Keep::Nothing, ..run(TRIALS, 2) };
    let (engine, mut parts) = (Reducing::new(|_| false), Vec::new());
    for trials in [0..100 * BLOCK as u64, 100 * BLOCK as u64..TRIALS] {
        let slice = Slice { run: &run, trials };
        parts.push(simulate_slice(&engine, &plan(), &slice, &Unobserved).unwrap());
    }
    let results = combine(&engine, &plan(), &run, parts.into_iter().map(Ok::<_, CombineError>)).unwrap();
    assert_same(&results, &simulated(&run));
    let reduced = engine.reduced.into_inner();
    assert!(TRIALS / 2 < reduced && reduced < TRIALS - RANKED, "{reduced}");
}

#[test]
fn trials_that_an_engine_gives_up_are_evaluated() {
    for threads in [1, 3] {
        let run = Run { keep: Keep::Nothing, ..run(TRIALS, threads) };
        let engine = Reducing::new(|first_trial| first_trial / BLOCK as u64 % 3 == 1);
        let results = simulate(&engine, &plan(), &run, &Unobserved).unwrap();
        assert_same(&results, &simulated(&run));
        let reduced = engine.reduced.into_inner();
        assert!(0 < reduced && reduced < TRIALS - RANKED, "{reduced}");
    }
}

#[test]
fn a_cancelled_run_of_what_is_reduced_has_done_its_first_trials() {
    for threads in [1, 3] {
        let engine = Reducing::new(|first_trial| first_trial / BLOCK as u64 % 4 == 1);
        let run = Run { keep: Keep::Nothing, ..run(2_000_000, threads) };
        let results = simulate(&engine, &plan(), &run, &CancelAfter::new(500_000)).unwrap();
        assert_eq!(results.stopped, Stopped::Cancelled);
        // Those that were done behind the first that was not do not count.
        assert!((RANKED + 1..2_000_000).contains(&results.trials), "{}", results.trials);
        let expected = simulated(&Run { trials: results.trials, ..run });
        assert_same(&results, &expected);
    }
}

#[test]
fn what_an_engine_no_longer_reduces_is_streamed_as_ever() {
    for threads in [1, 4] {
        let run = Run { keep: Keep::Nothing, ..run(TRIALS, threads) };
        let engine = Reducing { fails_after: 50 * BLOCK as u64, ..Reducing::new(|_| false) };
        let results = simulate(&engine, &plan(), &run, &Unobserved).unwrap();
        assert_same(&results, &simulated(&run));
        assert_eq!(results.stopped, Stopped::Trials);
    }
}

/// One output that is seldom a number.
struct Rare(Reducing);

impl Engine for Rare {
    type Scratch = u64;

    fn reductions(&self) -> Option<Reductions> {
        self.0.reductions()
    }

    fn scratch(&self) -> u64 {
        0
    }

    fn evaluate(&self, calls: &mut u64, first_trial: u64, columns: &mut [&mut [f64]]) {
        Hashes.evaluate(calls, first_trial, columns);
        for (value, trial) in columns[3].iter_mut().zip(first_trial..) {
            let is_number = trial % 211 == 7;
            *value = if is_number { trial as f64 } else { Value::Error(ErrorKind::Num).pack() };
        }
    }

    fn reduce(&self, first_trial: u64, trials: usize, meshes: &[Mesh]) -> Option<Reduced> {
        reduced_of(self, first_trial, trials, meshes).inspect(|_| {
            self.0.reduced.fetch_add(trials as u64, Ordering::SeqCst);
        })
    }
}

#[test]
fn an_output_that_is_seldom_a_number_does_not_keep_the_others_from_being_reduced() {
    let run = Run { keep: Keep::Nothing, ..run(TRIALS, 2) };
    let engine = Rare(Reducing::new(|_| false));
    let results = simulate(&engine, &plan(), &run, &Unobserved).unwrap();
    assert_eq!(engine.0.reduced.load(Ordering::SeqCst), TRIALS - RANKED);
    let plain = Rare(Reducing { fails_after: 0, ..Reducing::new(|_| false) });
    assert_same(&results, &simulate(&plain, &plan(), &run, &Unobserved).unwrap());
}
