//! What a trial costs, found by timing some.

use std::time::Instant;

use fermiac_model::plan::Plan;

use crate::engine::Engine;

/// So many trials are timed, or fewer of a plan with many columns.
const MOST_TRIALS: usize = 512;
const FEWEST_TRIALS: usize = 64;
/// All columns together have about so many values.
const VALUES: usize = 1 << 16;
/// What the statistics of a column cost a trial.
const SECONDS_PER_COLUMN: f64 = 1.2e-9;

/// About how long a trial of `plan` takes on one thread, its statistics included: some are timed.
pub fn seconds_per_trial<E: Engine>(engine: &E, plan: &Plan) -> f64 {
    let columns = plan.columns().max(1);
    let trials = (VALUES / columns).clamp(FEWEST_TRIALS, MOST_TRIALS);
    let (mut values, mut scratch) = (vec![0.0; columns * trials], engine.scratch());
    let mut evaluate = || {
        let mut columns: Vec<&mut [f64]> = values.chunks_mut(trials).take(plan.columns()).collect();
        let started = Instant::now();
        engine.evaluate(&mut scratch, 0, &mut columns);
        started.elapsed().as_secs_f64()
    };
    // The first meets cold memory, and whatever else the machine did just then.
    let seconds = evaluate().min(evaluate());
    seconds / trials as f64 + SECONDS_PER_COLUMN * columns as f64
}
