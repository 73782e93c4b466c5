//! Order statistics of an output whose values were let go, by evaluating the trials again.

use crate::engine::Engine;
use crate::statistics::moments::BLOCK;
use crate::statistics::percentile::{OrderStatistics, by_reading};
use crate::statistics::selection::{Pass, Selection};
use fermiac_model::plan::Plan;
use rayon::prelude::*;

/// What one thread reads with.
struct Reader<S> {
    scratch: S,
    values: Vec<f64>,
    pass: Pass,
}

/// The numbers at the ranks between which these percents of an output lie, on the threads of the caller's pool. The
/// trials are evaluated some three times: this is for the run in many thousands whose percentiles its tallies missed.
pub(super) fn order_statistics<E>(
    engine: &E,
    plan: &Plan,
    (trials, output): (u64, usize),
    percents: &[f64],
) -> OrderStatistics
where
    E: Engine,
    E::Scratch: Send,
{
    let column = plan.draws.len() + output;
    let blocks = trials.div_ceil(BLOCK as u64) as usize;
    let part = blocks.div_ceil(2 * rayon::current_num_threads());
    let read = |selection: &Selection| {
        let reader = || {
            let pass = selection.start()?;
            Some(Reader { scratch: engine.scratch(), values: vec![0.0; plan.columns() * BLOCK], pass })
        };
        let of_block = |reader: Option<Reader<E::Scratch>>, block: usize| {
            let mut reader = reader?;
            let first_trial = (block * BLOCK) as u64;
            let length = BLOCK.min((trials - first_trial) as usize);
            let mut columns: Vec<&mut [f64]> =
                reader.values.chunks_exact_mut(BLOCK).map(|column| &mut column[..length]).collect();
            engine.evaluate(&mut reader.scratch, first_trial, &mut columns);
            reader.pass.add(columns[column]);
            Some(reader)
        };
        let passes = (0..blocks).into_par_iter().with_min_len(part).fold(reader, of_block);
        passes.filter_map(|reader| Some(reader?.pass)).reduce_with(Pass::merge)
    };
    by_reading(percents, read)
}
