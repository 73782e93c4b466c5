//! How many numbers lie in each bin of a grid that widens as their range does.

use super::counters::Counters;
use super::grid::Grid;
use super::histogram::Histogram;
use super::scale::TILE;

/// At most so many bins are held.
const ROOM: u64 = 1024;
/// Integers up to here have exact halves beside them.
const LARGEST_INTEGER: f64 = (1u64 << 51) as f64;

/// Counts in the narrowest bins of which there is room for all numbers so far, or in narrower ones.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    grid: Grid,
    /// The bin of the first count.
    first: i64,
    counts: Vec<u64>,
    /// Whether all numbers are integers.
    pub integers: bool,
}

impl Spread {
    /// Of no numbers.
    pub fn new() -> Spread {
        Spread { grid: Grid::finest(0.0), first: 0, counts: Vec::new(), integers: true }
    }

    /// From [`Spread::words`]; none if these are not such.
    pub fn from_words(level: u64, first: u64, integers: u64, counts: Vec<u64>) -> Option<Spread> {
        let grid = Grid::of_level(i32::try_from(level as i64).ok()?)?;
        let is_held =
            counts.len() as u64 <= ROOM && (first as i64).unsigned_abs() <= 1 << 53 && integers <= 1;
        is_held.then_some(Spread { grid, first: first as i64, counts, integers: integers == 1 })
    }

    /// Level, first bin, whether all are integers, and the counts.
    pub fn words(&self) -> ([u64; 3], &[u64]) {
        let level = i64::from(self.grid.level()) as u64;
        ([level, self.first as u64, u64::from(self.integers)], &self.counts)
    }

    /// Counts a number so often.
    pub fn add(&mut self, number: f64, count: u64) {
        let grid =
            Grid::finest(number).max(if self.counts.is_empty() { Grid::finest(number) } else { self.grid });
        self.add_counts(grid, grid.bin(number), &[count]);
    }

    /// Counts each of some finite numbers.
    pub fn add_all(&mut self, numbers: &[f64]) {
        let least = numbers.iter().copied().reduce(f64::min);
        let greatest = numbers.iter().copied().reduce(f64::max);
        let (Some(least), Some(greatest)) = (least, greatest) else { return };
        let grid = Grid::of_range(least, greatest, ROOM);
        let (first, last) = (grid.bin(least), grid.bin(greatest));
        let bins = last.abs_diff(first) as usize + 1;
        let mut counts = Counters::<4>::new(bins);
        let mut places = [0; TILE];
        for tile in numbers.chunks(TILE) {
            grid.window(first, bins).place_all(tile, &mut places);
            counts.count(&places[..tile.len()]);
        }
        self.add_counts(grid, first, &counts.into_counts());
    }

    /// Adds the counts of bins from `first` on.
    pub(super) fn add_counts(&mut self, grid: Grid, first: i64, counts: &[u64]) {
        let Some(start) = counts.iter().position(|count| *count > 0) else { return };
        let end = counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let (counts, first) = (&counts[start..end], first + start as i64);
        if self.counts.is_empty() {
            (self.grid, self.first) = (grid, first);
        }
        while self.grid < grid {
            self.coarsen();
        }
        let mut shift = grid.level().abs_diff(self.grid.level()).min(i64::BITS - 1);
        let last = first + counts.len() as i64 - 1;
        let (mut low, mut high) = (first >> shift, last >> shift);
        while high.max(self.last()) - low.min(self.first) >= ROOM as i64 {
            self.coarsen();
            shift = (shift + 1).min(i64::BITS - 1);
            (low, high) = (first >> shift, last >> shift);
        }
        self.reach(low, high);
        for (bin, count) in (first..).zip(counts) {
            self.counts[((bin >> shift) - self.first) as usize] += count;
        }
    }

    /// The counts of both.
    pub fn merge(&mut self, other: &Spread) {
        self.add_counts(other.grid, other.first, &other.counts);
        self.integers &= other.integers;
    }

    fn last(&self) -> i64 {
        self.first + (self.counts.len() as i64 - 1).max(0)
    }

    /// Makes room for bins.
    fn reach(&mut self, low: i64, high: i64) {
        if low < self.first && !self.counts.is_empty() {
            let before = (self.first - low) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, before));
        }
        self.first = if self.counts.is_empty() { low } else { self.first.min(low) };
        let bins = (high - self.first + 1) as usize;
        self.counts.resize(bins.max(self.counts.len()), 0);
    }

    /// Makes one bin of two.
    fn coarsen(&mut self) {
        let first = self.first >> 1;
        let bins = if self.counts.is_empty() { 0 } else { (self.last() >> 1) - first + 1 };
        let mut counts = vec![0; bins as usize];
        for (bin, count) in (self.first..).zip(&self.counts) {
            counts[((bin >> 1) - first) as usize] += count;
        }
        *self = Spread { grid: self.grid.coarser(), first, counts, integers: self.integers };
    }

    /// The numbers, which lie from `min` to `max`, in at most so many bins; see [`Histogram`].
    pub fn histogram(mut self, min: f64, max: f64, most: u64) -> Histogram {
        if self.counts.is_empty() {
            return Histogram::default();
        }
        if min == max {
            return Histogram { edges: vec![min, max], counts: vec![self.counts.iter().sum()] };
        }
        let (grid, integers) = grid_of(min, max, self.integers, most);
        while self.grid < grid {
            self.coarsen();
        }
        let shift = if integers { 0.5 } else { 0.0 };
        let edge = |bin: i64| self.grid.edge(bin) - shift;
        Histogram { edges: (self.first..=self.last() + 1).map(edge).collect(), counts: self.counts }
    }
}

/// The grid of a histogram over this range, and whether its edges lie halfway between integers.
pub(super) fn grid_of(min: f64, max: f64, integers: bool, most: u64) -> (Grid, bool) {
    let grid = Grid::of_range(min, max, most);
    if !integers || min.abs().max(max.abs()) > LARGEST_INTEGER {
        return (grid, false);
    }
    let whole = Grid::of_level(0).expect("bins of width 1 are neither the widest nor the narrowest");
    (grid.max(whole), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spread(numbers: &[f64]) -> Spread {
        let mut spread = Spread::new();
        numbers.iter().for_each(|number| spread.add(*number, 1));
        spread.integers = numbers.iter().all(|number| number.fract() == 0.0);
        spread
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![-1e3..1e3f64, 0.0..1e-6f64, (0..40i32).prop_map(f64::from), -1e300..1e300f64]
    }

    proptest! {
        #[test]
        fn any_parts_make_the_histogram_of_all(
            numbers in prop::collection::vec(number(), 1..300),
            cut: prop::sample::Index,
        ) {
            let (left, right) = numbers.split_at(cut.index(numbers.len()));
            let mut merged = spread(left);
            merged.merge(&spread(right));
            let mut at_once = Spread::new();
            for part in [left, right] {
                at_once.add_all(part);
            }
            at_once.integers = merged.integers;
            prop_assert_eq!(&at_once, &merged);
            let (words, counts) = merged.words();
            prop_assert_eq!(Spread::from_words(words[0], words[1], words[2], counts.to_vec()), Some(merged.clone()));
            let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let expected = Histogram::of(&numbers, min, max, 64);
            prop_assert_eq!(merged.histogram(min, max, 64), expected);
        }
    }
}
