//! Numbers at given ranks of a column, by way of many narrow bins of equal width.
//!
//! Two readings instead of the three or more of [`super::selection`], for columns without errors whose range cuts
//! well: one counts the numbers in each bin, one gathers those in the few bins that hold a wanted rank. In
//! a crowded bin, where a cap, a floor or whole numbers put many trials on one value, only the least and
//! the greatest number are followed, with how often they occur. What that leaves open is left to the
//! other search: an answer found here is as exact.

use super::counters::Counters;
use super::scale::{Scale, TILE};
use rayon::prelude::*;

const BINS: usize = 1 << 13;
/// So many numbers tell where most are: all but one in so many at either end.
const SAMPLE: usize = 1 << 12;
const SAMPLE_TAIL: usize = 1 << 9;
const UNWANTED: u8 = u8::MAX;
/// A bin with more than this share of the numbers, and more than so many, is crowded.
const CROWDED_SHARE: usize = 64;
const CROWDED: usize = 1 << 14;

/// The numbers at `ranks` (ascending) of `numbers`, more than a few; none if bins do not tell.
pub(super) fn at_ranks(numbers: &[f64], ranks: &[u64]) -> Option<Vec<(u64, f64)>> {
    let scale = scale_of_most(numbers)?;
    let part = numbers.len().div_ceil(2 * rayon::current_num_threads()).max(TILE);
    let counts = numbers.par_chunks(part).map(|part| count(part, scale)).reduce_with(Counters::merge)?;
    let bins = wanted_bins(&counts.into_counts(), ranks);
    let crowded = CROWDED.max(numbers.len() / CROWDED_SHARE) as u64;
    let empty = Contents::new(&bins, scale, crowded)?;
    let contents =
        numbers.par_chunks(part).map(|part| empty.clone().add(part)).reduce_with(Contents::merge)?;
    let found = bins.iter().zip(contents.bins).map(|(bin, content)| bin.resolve(content, ranks));
    Some(found.collect::<Option<Vec<_>>>()?.concat())
}

/// Bins over the range of most numbers, as a sample tells it; the few in the tails share the outermost bins. Another
/// range would be slower or faster, and find the same.
fn scale_of_most(numbers: &[f64]) -> Option<Scale> {
    let step = (numbers.len() / SAMPLE).max(1);
    let mut sample: Vec<f64> = numbers.iter().copied().step_by(step).collect();
    sample.sort_unstable_by(f64::total_cmp);
    let tail = sample.len() / SAMPLE_TAIL;
    Scale::new(*sample.get(tail)?, *sample.get(sample.len() - 1 - tail)?, BINS)
}

fn count(numbers: &[f64], scale: Scale) -> Counters<2> {
    let (mut counts, mut placed) = (Counters::new(BINS), [0; TILE]);
    for tile in numbers.chunks(TILE) {
        scale.place(tile, &mut placed);
        counts.count(&placed[..tile.len()]);
    }
    counts
}

/// A bin that holds a wanted rank.
struct Bin {
    place: usize,
    /// How many numbers are in lower bins.
    below: u64,
    count: u64,
}

fn wanted_bins(counts: &[u64], ranks: &[u64]) -> Vec<Bin> {
    let (mut wanted, mut below, mut ranks) = (Vec::new(), 0, ranks.iter().copied().peekable());
    for (place, count) in counts.iter().copied().enumerate() {
        if ranks.peek().is_some_and(|rank| *rank < below + count) {
            wanted.push(Bin { place, below, count });
        }
        below += count;
        while ranks.next_if(|rank| *rank < below).is_some() {}
    }
    wanted
}

impl Bin {
    /// The wanted ranks in this bin with their numbers; none if its content leaves one open.
    fn resolve(&self, content: Content, ranks: &[u64]) -> Option<Vec<(u64, f64)>> {
        let mut content = content;
        let inside =
            ranks.iter().copied().filter(|rank| (self.below..self.below + self.count).contains(rank));
        inside.map(|rank| Some((rank, content.at(rank - self.below, self.count)?))).collect()
    }
}

/// What wanted bins hold.
#[derive(Clone)]
struct Contents {
    scale: Scale,
    /// By bin: its place in `bins`, if wanted.
    wanted: Vec<u8>,
    bins: Vec<Content>,
}

#[derive(Clone)]
enum Content {
    Gathered(Vec<f64>),
    Crowded { least: f64, least_count: u64, greatest: f64, greatest_count: u64 },
}

impl Contents {
    fn new(bins: &[Bin], scale: Scale, crowded: u64) -> Option<Contents> {
        let mut wanted = vec![UNWANTED; BINS];
        for (place, bin) in bins.iter().enumerate() {
            wanted[bin.place] = u8::try_from(place).ok().filter(|place| *place < UNWANTED)?;
        }
        let nothing = Content::Crowded {
            least: f64::INFINITY,
            least_count: 0,
            greatest: f64::NEG_INFINITY,
            greatest_count: 0,
        };
        let empty =
            |bin: &Bin| if bin.count > crowded { nothing.clone() } else { Content::Gathered(Vec::new()) };
        Some(Contents { scale, wanted, bins: bins.iter().map(empty).collect() })
    }

    /// Picks the numbers in wanted bins without a branch, which no processor could foresee, then looks at them.
    fn add(mut self, numbers: &[f64]) -> Contents {
        let (mut placed, mut picked) = ([0; TILE], [(0, 0.0); TILE]);
        for tile in numbers.chunks(TILE) {
            self.scale.place(tile, &mut placed);
            let mut count = 0;
            for (bin, number) in placed.iter().zip(tile) {
                let place = self.wanted[*bin as usize % BINS];
                picked[count] = (place, *number);
                count += usize::from(place != UNWANTED);
            }
            for (place, number) in &picked[..count] {
                self.bins[usize::from(*place)].add(*number);
            }
        }
        self
    }

    fn merge(mut self, other: Contents) -> Contents {
        self.bins.iter_mut().zip(other.bins).for_each(|(bin, other)| bin.merge(other));
        self
    }
}

impl Content {
    #[inline]
    fn add(&mut self, number: f64) {
        match self {
            Content::Gathered(numbers) => numbers.push(number),
            Content::Crowded { least, least_count, greatest, greatest_count } => {
                if number <= *least {
                    *least_count = if number < *least { 1 } else { *least_count + 1 };
                    *least = number;
                }
                if number >= *greatest {
                    *greatest_count = if number > *greatest { 1 } else { *greatest_count + 1 };
                    *greatest = number;
                }
            }
        }
    }

    fn merge(&mut self, other: Content) {
        match (self, other) {
            (Content::Gathered(numbers), Content::Gathered(more)) => numbers.extend(more),
            (
                Content::Crowded { least, least_count, greatest, greatest_count },
                Content::Crowded { least: low, least_count: lows, greatest: high, greatest_count: highs },
            ) => {
                *least_count =
                    (if low <= *least { lows } else { 0 }) + if *least <= low { *least_count } else { 0 };
                *least = least.min(low);
                *greatest_count = (if high >= *greatest { highs } else { 0 })
                    + if *greatest >= high { *greatest_count } else { 0 };
                *greatest = greatest.max(high);
            }
            _ => unreachable!("contents that merge are copies of one"),
        }
    }

    /// The number at a place of the bin's `count` numbers in order.
    fn at(&mut self, place: u64, count: u64) -> Option<f64> {
        match self {
            Content::Gathered(numbers) => {
                Some(*numbers.select_nth_unstable_by(place as usize, f64::total_cmp).1)
            }
            Content::Crowded { least, least_count, .. } if place < *least_count => Some(*least),
            Content::Crowded { greatest, greatest_count, .. } if place >= count - *greatest_count => {
                Some(*greatest)
            }
            Content::Crowded { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(numbers: &[f64]) -> Vec<f64> {
        let mut numbers = numbers.to_vec();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    fn assert_found(numbers: &[f64], ranks: &[u64]) {
        let expected = sorted(numbers);
        let found = at_ranks(numbers, ranks).unwrap();
        let by_sorting: Vec<(u64, f64)> =
            ranks.iter().map(|rank| (*rank, expected[*rank as usize])).collect();
        assert_eq!(found, by_sorting);
    }

    #[test]
    fn floors_caps_and_whole_numbers_are_told() {
        let spread = |trial: u64| (trial * 7919 % 100_003) as f64 / 500.0;
        let capped: Vec<f64> = (0..100_003).map(|trial| spread(trial).clamp(60.0, 140.0)).collect();
        assert_found(&capped, &[0, 10, 29_000, 50_000, 71_000, 100_002]);
        let whole: Vec<f64> = (0..100_003).map(|trial| spread(trial).floor()).collect();
        assert_found(&whole, &[0, 25_000, 50_000, 100_002]);
    }

    #[test]
    fn a_crowd_amid_other_numbers_is_left_to_the_other_search() {
        let number = |trial: u64| if trial.is_multiple_of(2) { 50_000.1 } else { trial as f64 };
        let crowd: Vec<f64> = (0..100_003).map(number).collect();
        assert_eq!(at_ranks(&crowd, &[60_000]), None);
        assert_eq!(at_ranks(&[2.0; 1000], &[500]), None);
    }

    #[test]
    fn far_tails_do_not_blur_the_bins() {
        let numbers: Vec<f64> = (1..200_000u64).map(|trial| 1e12 / (trial * 7919 % 200_003) as f64).collect();
        assert_found(&numbers, &[0, 2_000, 100_000, 190_000, 199_998]);
    }

    proptest! {
        #[test]
        fn every_rank_is_the_one_of_a_sort(numbers in prop::collection::vec(-1e3..1e3f64, 2..3000)) {
            let ranks: Vec<u64> = (0..numbers.len() as u64).step_by(numbers.len().div_ceil(100)).collect();
            assert_found(&numbers, &ranks);
        }
    }
}
