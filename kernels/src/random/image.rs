//! Inputs as words, for engines that share no memory with this one. Twin of `Input`, in `cuda/plan/image.cuh`, and of
//! the tables that it points to.

use super::draw::{Quantile, Sampler, Triangle};
use super::latin::{Latin, MOST_SHUFFLED, Order};
use super::quantile_table::{BetaQuantile, HalfTable, TERMS};
use super::sampling::{Points, Strata};
use super::sobol::Sobol;
use fermiac_model::distribution::Side;

/// The words of one input, which [`input`] makes.
pub(crate) const INPUT_WORDS: usize = 17;
const PARAMETERS: usize = 5;
/// A cell's two numbers and its terms.
const CELL_NUMBERS: usize = 2 + TERMS;

/// What a quantile function is made of, but for its table.
struct Family {
    kind: u64,
    parameters: [f64; PARAMETERS],
    steps: u64,
}

/// The words of an input; what they point to is put behind `words`.
pub(crate) fn input(points: &Points, sampler: &Sampler, words: &mut Vec<u64>) -> [u64; INPUT_WORDS] {
    let strata_at = words.len() as u64;
    let strata = match &points.strata {
        Strata::None => 0,
        Strata::Latin(latin) => {
            put_latin(latin, words);
            1
        }
        Strata::Sobol(sobol) => {
            put_sobol(sobol, words);
            2
        }
    };
    let table_at = words.len() as u64;
    let family = put_quantile(&sampler.quantile, words);
    let truncation = sampler.truncation.as_ref();
    let bounds = truncation.map_or([0.0; 4], |kept| [kept.from, kept.width, kept.low, kept.high]);
    let mut record = [0; INPUT_WORDS];
    record[..7].copy_from_slice(&[
        points.stream,
        strata,
        strata_at,
        family.kind,
        table_at,
        family.steps,
        u64::from(truncation.is_some()),
    ]);
    record[7..11].copy_from_slice(&bounds.map(f64::to_bits));
    record[11] = sampler.shift.to_bits();
    record[12..].copy_from_slice(&family.parameters.map(f64::to_bits));
    record
}

fn put_quantile(quantile: &Quantile, words: &mut Vec<u64>) -> Family {
    let family = |kind, [a, b]: [f64; 2]| Family { kind, parameters: [a, b, 0.0, 0.0, 0.0], steps: 0 };
    match quantile {
        Quantile::Constant(value) => family(0, [*value, 0.0]),
        Quantile::Uniform { start, width } => family(1, [*start, *width]),
        Quantile::Normal(line) => family(2, [line.std_dev, line.mean]),
        Quantile::Lognormal(line) => family(3, [line.std_dev, line.mean]),
        Quantile::Triangular(Triangle { start, rise, end, fall, split }) => {
            Family { kind: 4, parameters: [*start, *rise, *end, *fall, *split], steps: 0 }
        }
        Quantile::Exponential { mean, side: Side::Below } => family(5, [*mean, 0.0]),
        Quantile::Exponential { mean, side: Side::Above } => family(6, [*mean, 0.0]),
        Quantile::Beta { table, start, width } => {
            put_beta(table, words);
            family(7, [*start, *width])
        }
        Quantile::Integers { min, max } => family(8, [*min, *max]),
        Quantile::Steps(steps) => {
            put_numbers(&steps.values, words);
            put_numbers(&steps.cumulative, words);
            Family { steps: steps.values.len() as u64, ..family(9, [0.0; 2]) }
        }
    }
}

fn put_beta(table: &BetaQuantile, words: &mut Vec<u64>) {
    for HalfTable { distribution, power, cells } in [&table.lower, &table.upper] {
        put_numbers(&distribution.shapes(), words);
        put_numbers(&[*power], words);
        for cell in cells {
            words.push(u64::from(cell.is_some()));
            match cell {
                Some(cell) => {
                    put_numbers(&[cell.centre, cell.inverse_width], words);
                    put_numbers(&cell.terms, words);
                }
                None => put_numbers(&[0.0; CELL_NUMBERS], words),
            }
        }
    }
}

fn put_latin(latin: &Latin, words: &mut Vec<u64>) {
    words.push(latin.orders.len() as u64);
    for Order { count, low_bits, low_mask, high_mask, keys, shuffled, steps, step } in &latin.orders {
        words.extend([*count, u64::from(*low_bits), *low_mask, *high_mask]);
        words.extend(keys.map(u64::from));
        put_numbers(&[*steps, *step], words);
        let end = words.len() + MOST_SHUFFLED as usize;
        words.extend(shuffled.iter().copied().map(u64::from));
        words.resize(end, 0);
    }
}

fn put_sobol(sobol: &Sobol, words: &mut Vec<u64>) {
    words.extend(sobol.directions.map(u64::from));
    words.extend(sobol.keys.as_flattened().iter().copied().map(u64::from));
}

/// Numbers are their bits.
pub(crate) fn put_numbers(numbers: &[f64], words: &mut Vec<u64>) {
    words.extend(numbers.iter().map(|number| number.to_bits()));
}
