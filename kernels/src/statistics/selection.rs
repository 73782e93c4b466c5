//! Which numbers stand at given ranks of a column, exactly, without sorting it.
//!
//! A radix select on [`order_key`]: each [`Pass`] reads every sample once and either counts how many numbers
//! fall in each bin, a run of leading bits of the key, or, once the bins that hold the wanted ranks are
//! nearly empty, gathers the numbers in them. Counts are integers, so a column may be cut in any way, counted
//! anywhere, and the passes merged in any order: the answer is the same number, not a near one. A pass needs
//! the samples again but not all at once, so they may as well be drawn again as kept.

use super::key::{from_order_key, order_key};

const FIRST_BITS: u32 = 16;
const NEXT_BITS: u32 = 12;
const NEXT_BINS: usize = 1 << NEXT_BITS;
/// So few numbers are gathered and sorted rather than counted again.
const GATHERED: u64 = 1 << 16;
/// Samples looked at together when the wanted ones are picked out.
const TILE: usize = 1024;
const UNWANTED: u32 = u32::MAX;

/// A search for the numbers at some ranks. To be driven: `start` a pass, `add` all samples to it (or to many,
/// and `merge` them), `finish` it, until there is nothing to start.
#[derive(Debug)]
pub struct Selection {
    /// Ranks not yet resolved, ascending, from 0.
    ranks: Vec<u64>,
    found: Vec<(u64, f64)>,
    step: Step,
}

#[derive(Debug, Clone)]
enum Step {
    CountAll,
    Count(Bins),
    Gather(Bins),
    Done,
}

/// What one reading of the samples, or of a part of them, has found.
#[derive(Debug)]
pub struct Pass(Findings);

#[derive(Debug)]
enum Findings {
    /// Counts by the first bits.
    All(Vec<u64>),
    /// In each wanted bin: counts by the next bits, and the bits set in all and in any of its keys.
    Counts { bins: Bins, counts: Vec<u64>, in_all: Vec<u64>, in_any: Vec<u64> },
    /// The keys in wanted bins.
    Keys { bins: Bins, keys: Vec<u64> },
}

impl Selection {
    /// A search whose ranks come once the numbers have been counted.
    pub fn new() -> Selection {
        Selection { ranks: Vec::new(), found: Vec::new(), step: Step::CountAll }
    }

    /// An empty pass of what must be read next; none when all ranks are found.
    pub fn start(&self) -> Option<Pass> {
        Some(Pass(match &self.step {
            Step::CountAll => Findings::All(vec![0; 1 << FIRST_BITS]),
            Step::Count(bins) => Findings::Counts {
                counts: vec![0; bins.list.len() * NEXT_BINS],
                in_all: vec![u64::MAX; bins.list.len()],
                in_any: vec![0; bins.list.len()],
                bins: bins.clone(),
            },
            Step::Gather(bins) => Findings::Keys { bins: bins.clone(), keys: Vec::new() },
            Step::Done => return None,
        }))
    }

    /// Takes the findings of a pass over all samples. After the first one `ranks` is asked, with the count of
    /// numbers, which ranks are wanted.
    pub fn finish(&mut self, pass: Pass, ranks: impl FnOnce(u64) -> Vec<u64>) {
        match pass.0 {
            Findings::All(counts) => {
                let counts = numbers_only(counts);
                self.ranks = ranks(counts.iter().sum());
                self.ranks.sort_unstable();
                self.ranks.dedup();
                let whole = Bin { prefix: 0, below: 0, count: 0 };
                let bins = self.refine(whole, &counts, FIRST_BITS);
                self.narrow(bins, FIRST_BITS);
            }
            Findings::Counts { bins, counts, in_all, in_any } => {
                let mut finer = Vec::new();
                for (place, bin) in bins.list.iter().enumerate() {
                    if in_all[place] == in_any[place] {
                        self.resolve(*bin, |_| in_all[place]);
                    } else {
                        let counts = &counts[place * NEXT_BINS..][..NEXT_BINS];
                        finer.extend(self.refine(*bin, counts, NEXT_BITS));
                    }
                }
                self.narrow(finer, bins.depth + NEXT_BITS);
            }
            Findings::Keys { bins, mut keys } => {
                keys.sort_unstable();
                let mut keys = keys.as_slice();
                for bin in bins.list {
                    self.resolve(bin, |place| keys[place as usize]);
                    keys = &keys[bin.count as usize..];
                }
                self.step = Step::Done;
            }
        }
    }

    /// The numbers at the wanted ranks, ranks ascending; complete when there is no pass to start.
    pub fn into_numbers(mut self) -> Vec<(u64, f64)> {
        self.found.sort_unstable_by_key(|(rank, _)| *rank);
        self.found
    }

    /// The bins inside `bin`, by `bits` more bits, that hold a wanted rank.
    fn refine(&self, bin: Bin, counts: &[u64], bits: u32) -> Vec<Bin> {
        let mut finer = Vec::new();
        let mut below = bin.below;
        let first = self.ranks.partition_point(|rank| *rank < below);
        let mut ranks = self.ranks[first..].iter().copied().peekable();
        for (digit, count) in counts.iter().copied().enumerate().filter(|(_, count)| *count > 0) {
            if ranks.peek().is_some_and(|rank| *rank < below + count) {
                finer.push(Bin { prefix: (bin.prefix << bits) | digit as u64, below, count });
            }
            below += count;
            while ranks.next_if(|rank| *rank < below).is_some() {}
        }
        finer
    }

    /// Finds every wanted rank inside `bin`, given the key at each place in it.
    fn resolve(&mut self, bin: Bin, key_at: impl Fn(u64) -> u64) {
        let inside = |rank: &u64| (bin.below..bin.below + bin.count).contains(rank);
        for rank in self.ranks.iter().copied().filter(inside) {
            self.found.push((rank, from_order_key(key_at(rank - bin.below))));
        }
        self.ranks.retain(|rank| !inside(rank));
    }

    /// Decides what to read next.
    fn narrow(&mut self, bins: Vec<Bin>, depth: u32) {
        if depth == u64::BITS {
            bins.iter().for_each(|bin| self.resolve(*bin, |_| bin.prefix));
        }
        let left: u64 = bins.iter().map(|bin| bin.count).sum();
        self.step = if self.ranks.is_empty() {
            Step::Done
        } else if left <= GATHERED {
            Step::Gather(Bins::new(bins, depth))
        } else {
            Step::Count(Bins::new(bins, depth))
        };
    }
}

impl Default for Selection {
    fn default() -> Self {
        Selection::new()
    }
}

impl Pass {
    /// Reads packed values; errors are skipped.
    pub fn add(&mut self, samples: &[f64]) {
        match &mut self.0 {
            // Errors and infinities are counted too, in bins of their own that are dropped later.
            Findings::All(counts) => {
                for sample in samples {
                    counts[(order_key(*sample) >> (u64::BITS - FIRST_BITS)) as usize] += 1;
                }
            }
            Findings::Counts { bins, counts, in_all, in_any } => {
                bins.for_each_wanted(samples, |place, key| {
                    let digit = (key >> (u64::BITS - bins.depth - NEXT_BITS)) as usize % NEXT_BINS;
                    counts[place * NEXT_BINS + digit] += 1;
                    in_all[place] &= key;
                    in_any[place] |= key;
                });
            }
            Findings::Keys { bins, keys } => bins.for_each_wanted(samples, |_, key| keys.push(key)),
        }
    }

    /// Joins what another part of the samples gave to the same kind of pass.
    pub fn merge(mut self, other: Pass) -> Pass {
        match (&mut self.0, other.0) {
            (Findings::All(counts), Findings::All(more)) => add_each(counts, &more),
            (
                Findings::Counts { counts, in_all, in_any, .. },
                Findings::Counts { counts: more, in_all: all, in_any: any, .. },
            ) => {
                add_each(counts, &more);
                in_all.iter_mut().zip(all).for_each(|(bits, other)| *bits &= other);
                in_any.iter_mut().zip(any).for_each(|(bits, other)| *bits |= other);
            }
            (Findings::Keys { keys, .. }, Findings::Keys { keys: more, .. }) => keys.extend(more),
            _ => unreachable!("passes that merge were started from one step of one selection"),
        }
        self
    }
}

fn add_each(counts: &mut [u64], more: &[u64]) {
    counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
}

/// The counts without those of errors and infinities, whose exponent bits are all set.
fn numbers_only(mut counts: Vec<u64>) -> Vec<u64> {
    let shift = u64::BITS - FIRST_BITS;
    let first = (order_key(-f64::MAX) >> shift) as usize;
    let last = (order_key(f64::MAX) >> shift) as usize;
    counts[..first].fill(0);
    counts[last + 1..].fill(0);
    counts
}

/// The numbers whose keys begin with `prefix`.
#[derive(Debug, Clone, Copy)]
struct Bin {
    prefix: u64,
    /// How many numbers are less than all in this bin.
    below: u64,
    count: u64,
}

/// Bins of one depth (bits of prefix), ascending, and how to find them fast.
#[derive(Debug, Clone)]
struct Bins {
    list: Vec<Bin>,
    depth: u32,
    /// By the first bits of a key: the first bin that shares them, or `UNWANTED`.
    first_by_top: Vec<u32>,
}

impl Bins {
    fn new(list: Vec<Bin>, depth: u32) -> Bins {
        let mut first_by_top = vec![UNWANTED; 1 << FIRST_BITS];
        for (place, bin) in list.iter().enumerate().rev() {
            first_by_top[(bin.prefix >> (depth - FIRST_BITS)) as usize] = place as u32;
        }
        Bins { list, depth, first_by_top }
    }

    /// Visits the keys that lie in a bin, with the place of the bin. First those whose first bits may be wanted
    /// are picked out without a branch, which no processor could foresee.
    fn for_each_wanted(&self, samples: &[f64], mut visit: impl FnMut(usize, u64)) {
        let mut picked = [0; TILE];
        for tile in samples.chunks(TILE) {
            let mut count = 0;
            for sample in tile {
                let key = order_key(*sample);
                picked[count] = key;
                let top = (key >> (u64::BITS - FIRST_BITS)) as usize;
                count += usize::from(self.first_by_top[top] != UNWANTED);
            }
            for key in &picked[..count] {
                if let Some(place) = self.find(*key) {
                    visit(place, *key);
                }
            }
        }
    }

    /// The bin that holds a key whose first bits are wanted.
    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        let prefix = key >> (u64::BITS - self.depth);
        let mut place = self.first_by_top[(key >> (u64::BITS - FIRST_BITS)) as usize] as usize;
        while self.list.get(place)?.prefix < prefix {
            place += 1;
        }
        (self.list[place].prefix == prefix).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every number at the ranks that `wanted` picks out of the count, read in parts of `part` samples.
    fn select(samples: &[f64], part: usize, wanted: impl Fn(u64) -> Vec<u64>) -> Vec<(u64, f64)> {
        let mut selection = Selection::new();
        while selection.start().is_some() {
            let passes = samples.chunks(part).map(|part| {
                let mut pass = selection.start().unwrap();
                pass.add(part);
                pass
            });
            let whole = passes.reduce(Pass::merge).unwrap();
            selection.finish(whole, &wanted);
        }
        selection.into_numbers()
    }

    fn sorted(samples: &[f64]) -> Vec<f64> {
        let mut numbers: Vec<f64> = samples.iter().copied().filter(|sample| sample.is_finite()).collect();
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    #[test]
    fn numbers_that_share_their_leading_bits_are_told_apart() {
        let samples: Vec<f64> =
            (0..200_000u64).map(|trial| f64::from_bits(1f64.to_bits() + trial * 7919 % 200_003)).collect();
        let ranks = vec![0, 1, 77_777, 77_778, 199_999];
        let expected = sorted(&samples);
        for (rank, number) in select(&samples, 150_000, |_| ranks.clone()) {
            assert_eq!(number, expected[rank as usize]);
        }
    }

    #[test]
    fn ranks_inside_masses_of_equal_numbers_are_found() {
        let samples: Vec<f64> =
            (0..300_000).map(|trial| if trial % 3 == 0 { trial as f64 } else { 0.0 }).collect();
        let expected = sorted(&samples);
        let found = select(&samples, 300_000, |count| vec![0, count / 2, 200_000, 200_001, count - 1]);
        assert_eq!(found.len(), 5);
        assert!(found.iter().all(|(rank, number)| *number == expected[*rank as usize]));
    }

    #[test]
    fn a_column_of_errors_has_no_ranks() {
        let found = select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY], 2, |count| (0..count).collect());
        assert!(found.is_empty());
    }

    proptest! {
        #[test]
        fn every_rank_is_the_one_of_a_sort(
            samples in prop::collection::vec(prop_oneof![any::<f64>(), -3.0..3.0f64, Just(0.0)], 1..300),
            part in 1usize..100,
        ) {
            let expected = sorted(&samples);
            let found = select(&samples, part, |count| (0..count).collect());
            prop_assert_eq!(found.len(), expected.len());
            for (rank, number) in found {
                prop_assert_eq!(number.to_bits(), expected[rank as usize].to_bits());
            }
        }
    }
}
