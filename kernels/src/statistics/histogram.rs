//! How the numbers of a column are spread over bins.

use super::counters::Counters;
use super::grid::Window;
use super::scale::{Scale, TILE};
use super::spread::{Spread, grid_of};
use rayon::prelude::*;

/// Samples that one task counts.
const PART: usize = 1 << 16;
/// Integers up to here have exact halves beside them.
const LARGEST_INTEGER: f64 = (1u64 << 51) as f64;

/// Counts by bin. Bin `i` holds numbers from `edges[i]` up to but without `edges[i + 1]`, the last bin its upper
/// edge too.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// One more than there are bins, ascending; empty for a column without numbers.
    pub edges: Vec<f64>,
    /// How many numbers fall in each bin.
    pub counts: Vec<u64>,
}

/// A histogram of a part of the numbers, for pictures that leave the far tails out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClippedHistogram {
    /// The numbers inside.
    pub inside: Histogram,
    /// How many numbers are less than the first edge.
    pub below: u64,
    /// How many numbers are greater than the last edge.
    pub above: u64,
}

impl Histogram {
    /// All numbers among packed values, which lie from `min` to `max`, in at most `most` bins of equal width,
    /// `most` being 8 or more.
    ///
    /// The width is the least power of two of which so few hold them, and edges are its multiples: so the same
    /// histogram is made of counts in narrower bins, wherever they were made. Integers have bins that hold
    /// equally many integers each, with edges halfway between them. Equal numbers have one bin of no width. Where
    /// there are fewer doubles than bins, there is a bin for each.
    pub fn of(samples: &[f64], min: f64, max: f64, most: u64) -> Histogram {
        if !(min <= max && min.is_finite() && max.is_finite()) {
            return Histogram::default();
        }
        let integers = are_integers(samples, min, max);
        let (grid, _) = grid_of(min, max, integers, most);
        let first = grid.bin(min);
        let bins = grid.bin(max).abs_diff(first) as usize + 1;
        let window = grid.window(first, bins);
        let counts = samples
            .par_chunks(PART)
            .fold(|| Counters::<4>::new(bins), |counts, part| count_placed(counts, part, window))
            .reduce(|| Counters::new(bins), Counters::merge);
        let mut spread = Spread::new();
        spread.integers = integers;
        spread.add_counts(grid, first, &counts.into_counts());
        spread.histogram(min, max, most)
    }
}

fn count_placed(mut counts: Counters<4>, samples: &[f64], window: Window) -> Counters<4> {
    let (mut places, mut numbers) = ([0; TILE], Vec::with_capacity(TILE));
    for tile in samples.chunks(TILE) {
        numbers.clear();
        numbers.extend(tile.iter().filter(|sample| sample.is_finite()));
        window.place_all(&numbers, &mut places);
        counts.count(&places[..numbers.len()]);
    }
    counts
}

/// The numbers from `low` to `high` in `bins` bins of equal width, and how many lie outside.
///
/// Equal numbers have one bin of no width. Integers have bins that hold equally many integers each, with edges
/// halfway between them, so the number of bins may be less and the outer edges lie outside `low` and `high`. Where
/// there are fewer doubles than edges wanted, equal edges are one.
pub fn clipped(samples: &[f64], low: f64, high: f64, bins: usize) -> ClippedHistogram {
    if !(low <= high && low.is_finite() && high.is_finite()) {
        return ClippedHistogram::default();
    }
    let edges = edges(samples, low, high, bins.max(1));
    let binning = Binning::new(&edges);
    let counts = samples
        .par_chunks(PART)
        .fold(|| binning.no_counts(), |counts, part| binning.count(counts, part))
        .reduce(|| binning.no_counts(), Counters::merge)
        .into_counts();
    let (below, inside, above) = (counts[0], counts[1..=binning.bins].to_vec(), counts[binning.bins + 1]);
    ClippedHistogram { inside: Histogram { edges, counts: inside }, below, above }
}

fn edges(samples: &[f64], low: f64, high: f64, bins: usize) -> Vec<f64> {
    if low == high {
        return vec![low, high];
    }
    if are_integers(samples, low, high) {
        return integer_edges(low, high, bins);
    }
    let mut edges: Vec<f64> =
        (0..=bins).map(|edge| edge_between(low, high, edge as f64 / bins as f64)).collect();
    edges.dedup();
    edges
}

/// The point that lies `fraction` of the way from `low` to `high`, also where their difference overflows.
fn edge_between(low: f64, high: f64, fraction: f64) -> f64 {
    let width = high - low;
    let edge = if fraction == 1.0 {
        high
    } else if width.is_finite() {
        low + width * fraction
    } else {
        low * (1.0 - fraction) + high * fraction
    };
    edge.clamp(low, high)
}

fn are_integers(samples: &[f64], low: f64, high: f64) -> bool {
    let is_integer = |number: f64| (number as i64) as f64 == number;
    low.abs().max(high.abs()) <= LARGEST_INTEGER
        && low.ceil() <= high.floor()
        && samples
            .par_chunks(PART)
            .all(|part| part.iter().all(|sample| is_integer(*sample) || !(low..=high).contains(sample)))
}

fn integer_edges(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let (first, last) = (low.ceil(), high.floor());
    let integers = last - first + 1.0;
    let width = (integers / bins as f64).ceil();
    let bins = (integers / width).ceil() as usize;
    (0..=bins).map(|edge| first - 0.5 + width * edge as f64).collect()
}

/// Finds the bin of a number: by arithmetic, put right against the edges where there is doubt; by search where
/// arithmetic would overflow or the edges are not equally spaced.
struct Binning<'a> {
    edges: &'a [f64],
    bins: usize,
    low: f64,
    high: f64,
    scale: Option<Scale>,
}

impl Binning<'_> {
    fn new(edges: &[f64]) -> Binning<'_> {
        let (low, high, bins) = (edges[0], edges[edges.len() - 1], edges.len() - 1);
        Binning { edges, bins, low, high, scale: Scale::new(low, high, bins) }
    }

    /// Counters: below, each bin, above.
    fn no_counts(&self) -> Counters<4> {
        Counters::new(self.bins + 2)
    }

    fn count(&self, mut counts: Counters<4>, samples: &[f64]) -> Counters<4> {
        let mut bins = [0; TILE];
        for tile in samples.chunks(TILE) {
            match self.scale {
                Some(scale) if scale.is_sure(tile) => {
                    scale.place(tile, &mut bins);
                    bins.iter_mut().for_each(|bin| *bin += 1);
                    counts.count(&bins[..tile.len()]);
                }
                _ => self.count_carefully(&mut counts, tile),
            }
        }
        counts
    }

    fn count_carefully(&self, counts: &mut Counters<4>, samples: &[f64]) {
        for sample in samples.iter().copied().filter(|sample| sample.is_finite()) {
            let counter = if sample < self.low {
                0
            } else if sample > self.high {
                self.bins + 1
            } else {
                1 + self.bin(sample)
            };
            counts.count(&[counter as u32]);
        }
    }

    #[inline]
    fn bin(&self, number: f64) -> usize {
        let last = self.bins - 1;
        match self.scale {
            Some(scale) => {
                let bin = scale.bin(number) as usize;
                let is_lower = number < self.edges[bin];
                let is_higher = bin < last && number >= self.edges[bin + 1];
                bin - usize::from(is_lower) + usize::from(is_higher)
            }
            None => (self.edges.partition_point(|edge| *edge <= number).max(1) - 1).min(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inside(samples: &[f64], low: f64, high: f64, bins: usize) -> Histogram {
        clipped(samples, low, high, bins).inside
    }

    #[test]
    fn edges_are_multiples_of_a_power_of_two() {
        let samples = [0.1, 0.25, 0.5, 0.75, 1.0, f64::NAN];
        let histogram = Histogram::of(&samples, 0.1, 1.0, 5);
        assert_eq!(histogram.edges, [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
        assert_eq!(histogram.counts, [1, 1, 1, 1, 1]);
        assert_eq!(Histogram::of(&samples, 0.1, 1.0, 4).edges, [0.0, 0.5, 1.0, 1.5]);
    }

    #[test]
    fn edges_are_equally_spaced_and_the_last_bin_is_closed() {
        let samples = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, f64::NAN];
        let histogram = inside(&samples, 0.0, 1.0, 4);
        assert_eq!(histogram.edges, [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(histogram.counts, [2, 1, 1, 2]);
    }

    #[test]
    fn equal_numbers_have_one_bin() {
        let one = Histogram { edges: vec![2.5, 2.5], counts: vec![2] };
        assert_eq!(inside(&[2.5, 2.5, f64::NAN], 2.5, 2.5, 50), one);
        assert_eq!(Histogram::of(&[2.5, 2.5, f64::NAN], 2.5, 2.5, 50), one);
    }

    #[test]
    fn integers_have_bins_around_them() {
        let few = Histogram { edges: vec![0.5, 1.5, 2.5, 3.5, 4.5], counts: vec![1, 0, 2, 1] };
        assert_eq!(inside(&[1.0, 3.0, 3.0, 4.0], 1.0, 4.0, 50), few);
        assert_eq!(Histogram::of(&[1.0, 3.0, 3.0, 4.0], 1.0, 4.0, 50), few);
        let wide: Vec<f64> = (0..120).map(f64::from).collect();
        let histogram = inside(&wide, 0.0, 119.0, 50);
        assert_eq!(histogram.counts, [3; 40]);
        assert_eq!((histogram.edges[0], histogram.edges[40]), (-0.5, 119.5));
        let histogram = Histogram::of(&wide, 0.0, 119.0, 50);
        assert_eq!((histogram.counts, histogram.edges[30]), (vec![4; 30], 119.5));
    }

    #[test]
    fn no_numbers_have_no_bins() {
        assert_eq!(Histogram::of(&[f64::NAN], f64::INFINITY, f64::NEG_INFINITY, 50), Histogram::default());
        assert_eq!(inside(&[f64::NAN], f64::INFINITY, f64::NEG_INFINITY, 50), Histogram::default());
    }

    #[test]
    fn ranges_at_the_limits_of_a_double_are_binned() {
        let huge = [-f64::MAX, 0.5, f64::MAX];
        let two = Histogram { edges: vec![-f64::MAX, 0.0, f64::MAX], counts: vec![1, 2] };
        assert_eq!(inside(&huge, -f64::MAX, f64::MAX, 2), two);
        let most = Histogram::of(&huge, -f64::MAX, f64::MAX, 64);
        assert_eq!((most.edges[0], most.edges[64], most.counts[32]), (-f64::MAX, f64::MAX, 1));
        let next = 1f64.next_up();
        let narrow = inside(&[1.0, next, next], 1.0, next, 50);
        assert_eq!((narrow.edges, narrow.counts), (vec![1.0, next], vec![3]));
        assert_eq!(Histogram::of(&[1.0, next, next], 1.0, next, 50).counts, [1, 2]);
        let least = f64::from_bits(1);
        let tiny = [least, least * 2.0, least * 4.0];
        assert_eq!(inside(&tiny, least, least * 4.0, 50).counts.iter().sum::<u64>(), 3);
        assert_eq!(Histogram::of(&tiny, least, least * 4.0, 50).counts, [3]);
    }

    #[test]
    fn a_clipped_histogram_counts_what_it_leaves_out() {
        let samples = [-9.0, 0.25, 0.5, 1.0, 1.5, 2.0, f64::NAN];
        let clipped = clipped(&samples, 0.25, 1.25, 2);
        assert_eq!((clipped.below, clipped.above), (1, 2));
        assert_eq!(clipped.inside.counts, [2, 1]);
    }

    fn counted_by_hand(samples: &[f64], edges: &[f64]) -> Vec<u64> {
        let bins = edges.windows(2).enumerate().map(|(bin, edge)| {
            let is_last = bin == edges.len() - 2;
            let inside = |x: &&f64| edge[0] <= **x && (**x < edge[1] || is_last && **x == edge[1]);
            samples.iter().filter(inside).count() as u64
        });
        bins.collect()
    }

    proptest! {
        #[test]
        fn counts_agree_with_the_edges(
            samples in prop::collection::vec(
                prop_oneof![any::<f64>(), 0.0..1.0f64, (0..40i32).prop_map(f64::from)], 1..200),
            scale in prop_oneof![Just(1.0), Just(f64::from_bits(3)), Just(1e-300), Just(1e290)],
            bins in 1usize..80,
        ) {
            let samples: Vec<f64> = samples.into_iter().map(|sample| sample * scale).collect();
            let numbers: Vec<f64> = samples.iter().copied().filter(|sample| sample.is_finite()).collect();
            prop_assume!(!numbers.is_empty());
            let min = numbers.iter().copied().fold(f64::INFINITY, f64::min);
            let max = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for histogram in [inside(&samples, min, max, bins), Histogram::of(&samples, min, max, bins as u64 + 7)] {
                prop_assert_eq!(histogram.counts.iter().sum::<u64>(), numbers.len() as u64);
                prop_assert!(histogram.counts.len() <= bins + 7);
                prop_assert_eq!(counted_by_hand(&numbers, &histogram.edges), histogram.counts);
            }
        }
    }
}
