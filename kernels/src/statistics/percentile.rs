//! Exact percentiles of a column.

use super::bracket;
use super::moments::Moments;
use super::segments::select;
use super::selection::{Pass, Selection};
use rayon::prelude::*;

/// A column this short is parted about the ranks that are looked for.
const PARTED: usize = 1 << 14;
/// So is one of so many samples where bins of equal width settle nothing: passes over half a megabyte of counters take longer.
const PARTED_AT_LAST: usize = 1 << 18;

/// The percentiles of the numbers among packed values, one for each of `percents` (0 to 100), in their order;
/// none without numbers. `moments` are those of all `samples`. As Excel's PERCENTILE.INC and NumPy's default (Hyndman
/// and Fan 1996, type 7): percent p lies at place (n - 1) p / 100 of the sorted numbers, between two of
/// them by straight interpolation.
///
/// Exact by construction: the order statistics are found by counting, in bins of equal width where that settles it and
/// else by the bits of the numbers, see [`super::selection`]; or, where numbers are few, by parting a copy of them.
pub fn percentiles(samples: &[f64], moments: &Moments, percents: &[f64]) -> Option<Vec<f64>> {
    let in_bins = (samples.len() > PARTED).then(|| by_bins(samples, moments, percents)).flatten();
    let found = in_bins.unwrap_or_else(|| {
        if samples.len() > PARTED_AT_LAST {
            by_counting(samples, percents)
        } else {
            by_parting(samples, percents)
        }
    });
    found.percentiles(percents)
}

/// The order statistics that some percents lie between.
#[derive(Debug)]
pub(crate) struct OrderStatistics {
    /// How many numbers there are.
    pub count: u64,
    /// Number by rank, from 0, ranks ascending.
    pub numbers: Vec<(u64, f64)>,
}

impl OrderStatistics {
    /// One for each of the percents that it was made for; none without numbers.
    pub fn percentiles(&self, percents: &[f64]) -> Option<Vec<f64>> {
        (self.count > 0).then(|| percents.iter().map(|percent| self.at(*percent)).collect())
    }

    fn at(&self, percent: f64) -> f64 {
        let place = place(percent, self.count);
        let (low, high) = (self.ranked(place.low), self.ranked(place.high));
        between(low, high, place.fraction)
    }

    fn ranked(&self, rank: u64) -> f64 {
        let place = self.numbers.binary_search_by_key(&rank, |(rank, _)| *rank);
        self.numbers[place.expect("every rank of the percents was asked for")].1
    }
}

fn by_parting(samples: &[f64], percents: &[f64]) -> OrderStatistics {
    let mut numbers: Vec<f64> = samples.iter().copied().filter(|sample| sample.is_finite()).collect();
    let (count, mut found) = (numbers.len() as u64, Vec::new());
    select(&mut numbers, 0, &ranks(percents, count), &mut found);
    OrderStatistics { count, numbers: found }
}

#[cfg(test)]
pub(super) fn by_sorting(samples: &[f64], percents: &[f64]) -> OrderStatistics {
    let mut numbers: Vec<f64> = samples.iter().copied().filter(|sample| sample.is_finite()).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    let count = numbers.len() as u64;
    let ranks = ranks(percents, count);
    OrderStatistics { count, numbers: ranks.into_iter().map(|rank| (rank, numbers[rank as usize])).collect() }
}

fn by_bins(samples: &[f64], moments: &Moments, percents: &[f64]) -> Option<OrderStatistics> {
    let count = samples.len() as u64;
    if moments.count < count {
        return None;
    }
    let numbers = bracket::at_ranks(samples, &ranks(percents, count))?;
    Some(OrderStatistics { count, numbers })
}

fn by_counting(samples: &[f64], percents: &[f64]) -> OrderStatistics {
    // A pass is half a megabyte of counters: a few parts for each thread, no more.
    let part = samples.len().div_ceil(2 * rayon::current_num_threads());
    by_reading(percents, |selection| {
        let passes = samples.par_chunks(part).filter_map(|part| {
            let mut pass = selection.start()?;
            pass.add(part);
            Some(pass)
        });
        passes.reduce_with(Pass::merge)
    })
}

/// By reading all samples several times; each reading gives what the selection's pass found, none if there are no
/// samples.
pub(crate) fn by_reading(percents: &[f64], read: impl Fn(&Selection) -> Option<Pass>) -> OrderStatistics {
    let mut selection = Selection::new();
    let mut count = 0;
    while selection.start().is_some() {
        let Some(whole) = read(&selection) else { break };
        selection.finish(whole, |numbers| {
            count = numbers;
            ranks(percents, numbers)
        });
    }
    OrderStatistics { count, numbers: selection.into_numbers() }
}

/// The two ranks a percent lies between, and how far from the lower one.
pub(super) struct RankPlace {
    pub low: u64,
    pub high: u64,
    fraction: f64,
}

pub(super) fn place(percent: f64, count: u64) -> RankPlace {
    let last = count - 1;
    let place = (last as f64 * percent.clamp(0.0, 100.0) / 100.0).min(last as f64);
    let low = place as u64;
    RankPlace { low, high: (low + 1).min(last), fraction: place - low as f64 }
}

/// The ranks that percents lie between, ascending, each once.
pub(super) fn ranks(percents: &[f64], count: u64) -> Vec<u64> {
    if count == 0 {
        return Vec::new();
    }
    let places = percents.iter().map(|percent| place(*percent, count));
    let mut ranks: Vec<u64> = places.flat_map(|place| [place.low, place.high]).collect();
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

/// Interpolates, also where the difference of the two overflows, never past either.
fn between(low: f64, high: f64, fraction: f64) -> f64 {
    let difference = high - low;
    let number = if difference.is_finite() {
        low + difference * fraction
    } else {
        low * (1.0 - fraction) + high * fraction
    };
    number.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::moments::BLOCK;
    use proptest::prelude::*;

    fn percentiles(samples: &[f64], percents: &[f64]) -> Option<Vec<f64>> {
        let blocks = samples.chunks(BLOCK).map(Moments::of_block);
        let moments = blocks.fold(Moments::EMPTY, |left, right| left.merge(&right));
        super::percentiles(samples, &moments, percents)
    }

    #[test]
    fn percentiles_are_those_of_excel_and_numpy() {
        let samples = [15.0, 20.0, 35.0, 40.0, 50.0, f64::NAN];
        assert_eq!(percentiles(&samples, &[40.0, 0.0, 100.0, 5.0]), Some(vec![29.0, 15.0, 50.0, 16.0]));
        assert_eq!(percentiles(&[7.0], &[1.0, 99.0]), Some(vec![7.0, 7.0]));
        assert_eq!(percentiles(&[f64::NAN], &[50.0]), None);
        assert_eq!(percentiles(&[], &[50.0]), None);
        assert_eq!(percentiles(&[-f64::MAX, f64::MAX], &[50.0]), Some(vec![0.0]));
    }

    #[test]
    fn percentile_of_a_permutation_is_its_percent() {
        let samples: Vec<f64> =
            (0..100_001u64).map(|trial| (trial * 7919 % 100_001) as f64 / 1000.0).collect();
        let percents: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(percentiles(&samples, &percents), Some(percents));
    }

    #[test]
    fn a_long_column_with_an_error_has_percentiles() {
        for count in [100_002, PARTED_AT_LAST + 2] {
            let samples: Vec<f64> =
                (0..count).map(|trial| if trial == 77 { f64::NAN } else { 2.5 }).collect();
            assert_eq!(percentiles(&samples, &[0.0, 50.0, 99.0]), Some(vec![2.5; 3]));
        }
    }

    #[test]
    fn a_long_column_of_errors_has_none() {
        for count in [PARTED + 1, PARTED_AT_LAST + 1] {
            assert_eq!(percentiles(&vec![f64::NAN; count], &[50.0]), None);
        }
    }

    proptest! {
        #[test]
        fn counting_parting_and_sorting_agree(
            samples in prop::collection::vec(prop_oneof![any::<f64>(), 0.0..1.0f64], 1..400),
            percents in prop::collection::vec(0.0..=100.0f64, 1..9),
        ) {
            let sorted = by_sorting(&samples, &percents);
            let (counted, parted) = (by_counting(&samples, &percents), by_parting(&samples, &percents));
            prop_assert_eq!((sorted.count, sorted.count), (counted.count, parted.count));
            if sorted.count > 0 {
                for percent in percents {
                    prop_assert_eq!(sorted.at(percent), counted.at(percent));
                    prop_assert_eq!(sorted.at(percent), parted.at(percent));
                }
            }
        }
    }
}
