//! All that is reported of a column's distribution, from its numbers as they come, few of which are kept.
//!
//! The first numbers are kept. They tell where the percentiles will be: from then on numbers are counted, and kept only
//! near those ([`super::segments`]). The more have been read, the nearer. What is told in the end is exact, whatever
//! was kept; only where a percentile turns out to lie elsewhere it is not told, and the numbers must be read again.

use super::percentile::OrderStatistics;
use super::segments::Segments;
use super::sieve::Sieve;
use super::sifted::{Mesh, Sifted};
use super::spread::Spread;
use super::summary::PERCENTS;

/// So many numbers are kept before any is let go.
const PILOT: usize = 1 << 14;
/// What is kept is narrowed each time there are so many times as many numbers.
const GROWTH: u64 = 4;
/// Counters hold twice as much: none counts more, as what is read at once comes to less.
const MOST_COUNTED: u64 = u32::MAX as u64 / 2;
/// A percentile lies farther from where it is expected once in two million times.
const DEVIATIONS: f64 = 5.0;

/// What is known of the numbers of a column.
#[derive(Debug)]
pub(crate) struct Tally {
    known: Tallied,
    /// The first numbers, until there are enough.
    first: Vec<f64>,
    sieve: Option<Sieve>,
    /// How many numbers were read.
    read: u64,
    /// At how many to narrow.
    narrow_at: u64,
}

/// What is left of a tally when all its numbers have been read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tallied {
    pub segments: Segments,
    pub spread: Spread,
}

impl Tally {
    /// Of no numbers.
    pub fn new() -> Tally {
        Tally { known: Tallied::new(), first: Vec::new(), sieve: None, read: 0, narrow_at: PILOT as u64 }
    }

    /// Reads numbers, all of them finite.
    pub fn add(&mut self, numbers: &[f64]) {
        let spread = &mut self.known.spread;
        spread.integers = spread.integers && numbers.iter().all(|number| *number == number.floor());
        match &mut self.sieve {
            Some(sieve) => sieve.read(numbers, spread),
            None => self.first.extend(numbers),
        }
        self.has_read(numbers.len() as u64);
    }

    /// Takes numbers that were read elsewhere, by [`Tally::mesh`].
    pub fn take(&mut self, sifted: &Sifted) {
        let spread = &mut self.known.spread;
        spread.integers = spread.integers && sifted.integers;
        match &mut self.sieve {
            Some(sieve) => sieve.take(sifted, spread),
            None => self.first.extend(&sifted.picked),
        }
        self.has_read(sifted.count());
    }

    /// How the next numbers may be read elsewhere: as long as the first ones are kept, all are picked out. None if there are
    /// too many segments.
    pub fn mesh(&self) -> Option<Mesh> {
        self.sieve.as_ref().map_or_else(|| Some(Mesh::of_everything()), Sieve::mesh)
    }

    /// A tally of no numbers that looks where this one looks. None as long as that is everywhere.
    pub fn alike(&self) -> Option<Tally> {
        let segments = self.known.segments.emptied();
        let sieve = Some(self.sieve.as_ref()?.alike(&segments));
        let known = Tallied { segments, spread: Spread::new() };
        let narrow_at = self.narrow_at.min(MOST_COUNTED);
        Some(Tally { known, first: Vec::new(), sieve, read: 0, narrow_at })
    }

    /// Whether any number was read.
    pub fn is_empty(&self) -> bool {
        self.read == 0
    }

    /// Narrows what is kept, if so many more numbers make it due.
    fn has_read(&mut self, numbers: u64) {
        self.read += numbers;
        if self.read < self.narrow_at {
            return;
        }
        let Tallied { segments, spread } = &mut self.known;
        match &mut self.sieve {
            Some(sieve) => sieve.finish(segments, spread, narrow),
            None => {
                let mut first = std::mem::take(&mut self.first);
                self.known.take(first.clone());
                narrow(&mut self.known.segments);
                self.sieve = Some(Sieve::new(&mut first, &self.known.segments));
            }
        }
        self.narrow_at = (self.read * GROWTH).min(self.read + MOST_COUNTED);
    }

    /// What is left.
    pub fn finish(mut self) -> Tallied {
        match &mut self.sieve {
            Some(sieve) => sieve.finish(&mut self.known.segments, &mut self.known.spread, |_| {}),
            None => self.known.take(self.first),
        }
        self.known
    }
}

impl Tallied {
    /// Of no numbers.
    pub fn new() -> Tallied {
        Tallied { segments: Segments::of(Vec::new()), spread: Spread::new() }
    }

    /// Takes the first numbers.
    fn take(&mut self, numbers: Vec<f64>) {
        self.spread.add_all(&numbers);
        self.segments = Segments::of(numbers);
    }

    /// What is left of both columns together.
    pub fn merge(mut self, other: &Tallied) -> Tallied {
        self.spread.merge(&other.spread);
        self.segments = self.segments.merge(&other.segments);
        self
    }

    /// Lets go of what is not needed for so many numbers.
    pub fn narrow(&mut self) {
        if self.segments.count >= PILOT as u64 {
            narrow(&mut self.segments);
        }
    }

    /// The numbers that the reported percentiles lie between; none if one was let go.
    pub fn order_statistics(&mut self) -> Option<OrderStatistics> {
        self.segments.order_statistics(&PERCENTS)
    }
}

fn narrow(segments: &mut Segments) {
    segments.narrow(&PERCENTS, DEVIATIONS);
}

#[cfg(test)]
mod tests {
    use super::super::histogram::Histogram;
    use super::super::percentile::by_sorting;
    use super::super::segments::Segment;
    use super::super::sifted::CROWDS;
    use super::super::summary::HISTOGRAM_BINS;
    use super::*;
    use proptest::prelude::*;

    /// 0 <= u < 1.
    fn uniform(trial: u64) -> f64 {
        let mut bits = trial.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn tallied(numbers: &[f64], block: usize) -> Tallied {
        let mut tally = Tally::new();
        numbers.chunks(block).for_each(|block| tally.add(block));
        tally.finish()
    }

    /// Whether the percentiles are told; if so, all must be as it is of the numbers themselves.
    fn is_told(numbers: &[f64], parts: usize) -> bool {
        let parts = numbers.chunks(numbers.len().div_ceil(parts)).map(|part| tallied(part, 4096));
        let mut all = parts.fold(Tallied::new(), |left, right| {
            let mut merged = left.merge(&right);
            merged.narrow();
            merged
        });
        let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let expected = Histogram::of(numbers, min, max, HISTOGRAM_BINS);
        assert_eq!(all.spread.clone().histogram(min, max, HISTOGRAM_BINS), expected);
        assert_eq!(all.segments.count, numbers.len() as u64);
        let Some(found) = all.order_statistics() else { return false };
        assert_eq!(found.numbers, by_sorting(numbers, &PERCENTS).numbers);
        true
    }

    #[test]
    fn percentiles_and_histogram_are_those_of_all_numbers() {
        let of = |number: fn(f64) -> f64| -> Vec<f64> { (0..150_001).map(|t| number(uniform(t))).collect() };
        for numbers in [
            of(|u| 100.0 * u - 30.0),
            of(|u| (u - 0.42).max(0.0)),
            of(|u| (u * 7.0).floor()),
            of(|u| (u * 30_000.0).floor()),
            // Far tails on both sides.
            of(|u| 1.0 / (u - 0.5)),
            of(|u| u.powi(40)),
            of(|_| 2.5),
            of(|u| if u < 1e-4 { 1e9 * u } else { 0.25 }),
            of(|u| if u < 0.4999 { -1e-300 } else { 1e300 * u }),
        ] {
            assert!(is_told(&numbers, 1) && is_told(&numbers, 3) && is_told(&numbers, 40));
        }
    }

    #[test]
    fn more_numbers_that_come_again_than_are_counted_apart_are_told() {
        let numbers: Vec<f64> = (0..150_001).map(|trial| (200.0 * uniform(trial)).floor()).collect();
        let mut tally = Tally::new();
        tally.add(&numbers[..PILOT]);
        let crowds = tally.known.segments.list.iter().filter(|segment| segment.low == segment.high).count();
        assert!(crowds > CROWDS, "{crowds}");
        assert!(is_told(&numbers, 1) && is_told(&numbers, 3));
    }

    #[test]
    fn percentiles_that_move_away_are_not_told() {
        let rising: Vec<f64> = (0..200_000).map(f64::from).collect();
        assert!(!is_told(&rising, 1) && !is_told(&rising, 3));
    }

    #[test]
    fn little_is_kept_of_many_numbers() {
        let numbers: Vec<f64> = (0..2_000_000).map(uniform).collect();
        let mut tallied = tallied(&numbers, 4096);
        tallied.narrow();
        let held: u64 = tallied.segments.list.iter().map(Segment::len).sum();
        // About 10 deviations of the root of n p (1 - p) at each of nine percents.
        assert!((30_000..45_000).contains(&held), "{held}");
    }

    #[test]
    fn a_tally_that_looks_where_another_looks_tells_the_same_of_other_numbers() {
        let numbers: Vec<f64> = (0..300_000).map(|trial| (uniform(trial) - 0.4).max(0.0)).collect();
        let (first, rest) = numbers.split_at(100_000);
        let mut tally = Tally::new();
        assert!(tally.alike().is_none() && tally.mesh() == Some(Mesh::of_everything()));
        tally.add(first);
        let mut other = tally.alike().unwrap();
        assert!(other.is_empty() && other.mesh() == tally.mesh());
        other.add(rest);
        let mut both = tally.finish().merge(&other.finish());
        assert_eq!(both.segments.count, numbers.len() as u64);
        assert_eq!(both.order_statistics().unwrap().numbers, by_sorting(&numbers, &PERCENTS).numbers);
        let (min, max) = (0.0, numbers.iter().copied().fold(0.0, f64::max));
        let expected = Histogram::of(&numbers, min, max, HISTOGRAM_BINS);
        assert_eq!(both.spread.histogram(min, max, HISTOGRAM_BINS), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn any_blocks_and_parts_tell_the_same(
            seed: u32,
            count in 1usize..60_000,
            parts in 1usize..5,
            scale in prop_oneof![Just(1.0), Just(1e-300), Just(1e300)],
        ) {
            let numbers: Vec<f64> =
                (0..count as u64).map(|trial| scale * uniform(trial + (u64::from(seed) << 20))).collect();
            prop_assert!(is_told(&numbers, parts));
        }
    }
}
