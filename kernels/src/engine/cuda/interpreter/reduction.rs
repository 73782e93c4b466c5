//! What a launch that is reduced takes to the GPU, leaves there and brings back. Twin of `cuda/statistics/`.

use std::ops::Range;

use super::super::shape::{BLOCK_THREADS, blocks};
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::{BLOCK, LANES, Moments};
use crate::statistics::sifted::{BINS, CROWDS, Mesh, SEGMENTS, Sifted};
use fermiac_model::value::ErrorKind;

const KINDS: usize = ErrorKind::ALL.len();
/// Seven numbers of its moments.
const WORDS_OF_BLOCK: usize = 7 + KINDS;
/// What a thread, which is a lane of a block, writes down for those of the others.
const QUANTITIES: usize = 6 + KINDS;
/// Scale, counts, crowds, bounds, and the marks, of which two are a word.
const MESH_WORDS: usize = 5 + CROWDS + 2 * SEGMENTS + BINS / 2;
const LOOKED_AT: u32 = 1 << 31;
const BETWEEN: usize = BINS + CROWDS;
const EQUAL: usize = BETWEEN + SEGMENTS + 1;
const FRACTIONS: usize = EQUAL + SEGMENTS;
const PICKED: usize = FRACTIONS + 1;
const COUNTERS: usize = PICKED + 1;
/// Threads of a block that sifts, which counts for itself and adds its counts to those of all in the end.
pub(super) const SIFT_THREADS: u32 = 512;
/// The trials of such a block: so many that adding its counts costs little beside.
const SIFT_TRIALS: usize = 1 << 14;
/// So many trials have room for one number that is picked out. Of an output of which few numbers are known, near the
/// percentiles lies one in five.
const TRIALS_PER_PICK: usize = 4;

/// The shared memory of a block of threads that makes moments.
pub(super) const MOMENTS_SHARED_BYTES: u32 = (QUANTITIES * size_of::<f64>()) as u32 * BLOCK_THREADS;
/// And of one that sifts.
pub(super) const SIFT_SHARED_BYTES: u32 = (PICKED * size_of::<u32>()) as u32;

/// A launch has at least so many blocks of trials: with fewer, what is told of each output is no less than its values.
const LEAST_BLOCKS: usize = 4;
/// A launch has so many times as many trials as one whose values come back, as these are not waited for.
const TIMES_TRIALS: usize = 4;
/// What a launch brings back, and takes there, waits in so many words of the machine's memory at most.
const HOST_WORDS: usize = 1 << 23;

/// Where all this lies in the words of a lane's memory on the GPU, one part after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// A launch has at most so many.
    pub(super) trials: usize,
    pub(super) values: Range<usize>,
    pub(super) outputs: usize,
    pub(super) columns: usize,
    /// How many numbers may be picked out of each output.
    pub(super) room: usize,
    pub(super) meshes: Range<usize>,
    pub(super) totals: Range<usize>,
    /// With room for the blocks of a whole launch.
    pub(super) found: Range<usize>,
    pub(super) picked: Range<usize>,
}

impl Layout {
    /// For so many columns, the last of which are outputs, from the first word on that is free of `words`. The launches are
    /// larger than these, as far as there is room; none if there is not for the least.
    pub(super) fn within(
        (columns, outputs): (usize, usize),
        launch_trials: usize,
        free: Range<usize>,
    ) -> Option<Layout> {
        let wanted = (launch_trials * TIMES_TRIALS).next_multiple_of(BLOCK);
        let fits = |layout: &Layout| layout.picked.end <= free.end && layout.host_words() <= HOST_WORDS;
        let least = LEAST_BLOCKS * BLOCK;
        let halved = |trials: &usize| {
            let half = (trials / 2).next_multiple_of(BLOCK).max(least);
            (half < *trials).then_some(half)
        };
        std::iter::successors(Some(wanted.max(least)), halved)
            .map(|trials| Layout::new((columns, outputs), trials, free.start))
            .find(fits)
    }

    /// For launches of so many trials, which are whole blocks.
    fn new((columns, outputs): (usize, usize), trials: usize, start: usize) -> Layout {
        let room = trials / TRIALS_PER_PICK;
        let after = |start: usize, words: usize| start..start + words;
        let values = after(start, columns * trials);
        let meshes = after(values.end, outputs * MESH_WORDS);
        let totals = after(meshes.end, outputs * COUNTERS);
        let found = after(totals.end, columns * (trials / BLOCK) * WORDS_OF_BLOCK);
        let picked = after(found.end, outputs * room);
        Layout { trials, values, outputs, columns, room, meshes, totals, found, picked }
    }

    /// How many words wait on this machine: the meshes, then all that is told, then what was picked out.
    pub(super) fn host_words(&self) -> usize {
        self.picked.end - self.meshes.start
    }

    /// The totals and what was found of the blocks of so many trials.
    pub(super) fn told(&self, trials: usize) -> Range<usize> {
        self.totals.start..self.found.start + self.columns * trials.div_ceil(BLOCK) * WORDS_OF_BLOCK
    }

    /// Where the numbers lie that were picked out of an output.
    pub(super) fn picked_of(&self, output: usize, count: usize) -> Range<usize> {
        let start = self.picked.start + output * self.room;
        start..start + count
    }

    /// How many blocks of threads it takes to make the moments of so many trials.
    pub(super) fn moments_blocks(&self, trials: usize) -> u32 {
        blocks(self.columns * trials.div_ceil(BLOCK) * LANES, u32::MAX)
    }

    /// How many blocks of threads sift each output.
    pub(super) fn sift_blocks_each(trials: usize) -> u32 {
        trials.div_ceil(SIFT_TRIALS) as u32
    }

    /// Writes meshes as the kernel reads them, one for each output.
    pub(super) fn put_meshes(meshes: &[Mesh], words: &mut [f64]) {
        words.chunks_exact_mut(MESH_WORDS).zip(meshes).for_each(|(words, mesh)| put_mesh(mesh, words));
    }

    /// Of each output, how many numbers were picked out; none if it had not room for all.
    pub(super) fn picks(&self, told: &[f64]) -> Option<Vec<usize>> {
        let picks = self.totals_of_outputs(told).map(|totals| totals[PICKED].to_bits() as usize);
        picks.map(|count| (count <= self.room).then_some(count)).collect()
    }

    /// What was found of each output, but for the numbers that were picked out.
    pub(super) fn sifted(&self, told: &[f64]) -> Vec<Sifted> {
        let counts = |totals: &[f64]| totals.iter().map(|count| count.to_bits()).collect();
        let sifted = |totals: &[f64]| Sifted {
            counts: counts(&totals[..BETWEEN]),
            between: counts(&totals[BETWEEN..EQUAL]),
            equal: counts(&totals[EQUAL..FRACTIONS]),
            integers: totals[FRACTIONS].to_bits() == 0,
            picked: Vec::new(),
        };
        self.totals_of_outputs(told).map(sifted).collect()
    }

    fn totals_of_outputs<'a>(&self, told: &'a [f64]) -> impl Iterator<Item = &'a [f64]> {
        told[..self.totals.len()].chunks_exact(COUNTERS)
    }

    /// The statistics of each block, of each column.
    pub(super) fn blocks(&self, told: &[f64], trials: usize) -> Vec<Vec<(Moments, ErrorCounts)>> {
        let blocks = trials.div_ceil(BLOCK);
        let found = &told[self.totals.len()..];
        let of = |block: usize, column: usize| {
            let start = (column * blocks + block) * WORDS_OF_BLOCK;
            statistics(&found[start..start + WORDS_OF_BLOCK])
        };
        (0..blocks).map(|block| (0..self.columns).map(|column| of(block, column)).collect()).collect()
    }
}

fn put_mesh(mesh: &Mesh, words: &mut [f64]) {
    let count = |count: usize| f64::from_bits(count as u64);
    let (head, rest) = words.split_at_mut(5);
    head.copy_from_slice(&[
        mesh.bins_per_unit,
        mesh.first,
        mesh.last,
        count(mesh.crowds.len()),
        count(mesh.bounds.len()),
    ]);
    let (crowds, rest) = rest.split_at_mut(CROWDS);
    let (lows, rest) = rest.split_at_mut(SEGMENTS);
    let (highs, marks) = rest.split_at_mut(SEGMENTS);
    crowds.iter_mut().zip(&mesh.crowds).for_each(|(word, crowd)| *word = *crowd);
    for ((low, high), bounds) in lows.iter_mut().zip(highs).zip(&mesh.bounds) {
        (*low, *high) = *bounds;
    }
    let mark = |looked_at: Option<u32>| u64::from(looked_at.map_or(0, |below| below | LOOKED_AT));
    let (pairs, _) = mesh.looked_at.as_chunks::<2>();
    for (word, [even, odd]) in marks.iter_mut().zip(pairs) {
        *word = f64::from_bits(mark(*even) | mark(*odd) << 32);
    }
}

fn statistics(words: &[f64]) -> (Moments, ErrorCounts) {
    let count = |at: usize| words[at].to_bits();
    let errors = ErrorCounts::from_counts(std::array::from_fn::<u64, KINDS, _>(|kind| count(7 + kind)));
    if count(0) == 0 {
        return (Moments::EMPTY, errors);
    }
    let [mean, m2, m3, m4, min, max] = [1, 2, 3, 4, 5, 6].map(|at| words[at]);
    (Moments { count: count(0), mean, m2, m3, m4, min, max }, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_parts_of_a_layout_lie_one_after_the_other() {
        let layout = Layout::new((5, 2), 4 * BLOCK, 100);
        assert_eq!(layout.values, 100..100 + 5 * 4 * BLOCK);
        assert_eq!(layout.meshes, layout.values.end..layout.values.end + 2 * 1365);
        assert_eq!(layout.totals.len(), 2 * 2387);
        assert_eq!(layout.found.len(), 5 * 4 * 17);
        assert_eq!(layout.picked_of(1, 7), layout.picked.start + 4096..layout.picked.start + 4103);
        assert_eq!(layout.picked_of(1, layout.room).end, layout.picked.end);
        assert_eq!(layout.host_words(), 2 * (1365 + 2387) + 5 * 4 * 17 + 2 * 4096);
        assert_eq!(layout.told(BLOCK + 1), layout.totals.start..layout.totals.end + 5 * 2 * 17);
        assert_eq!((layout.moments_blocks(BLOCK + 1), Layout::sift_blocks_each(4 * BLOCK + 1)), (2, 2));
    }

    #[test]
    fn more_picks_than_there_is_room_for_show() {
        let layout = Layout::new((5, 2), 4 * BLOCK, 0);
        let mut told = vec![0.0; layout.told(1).len()];
        (told[PICKED], told[COUNTERS + PICKED]) = (f64::from_bits(4096), f64::from_bits(7));
        assert_eq!(layout.picks(&told), Some(vec![4096, 7]));
        told[PICKED] = f64::from_bits(4097);
        assert_eq!(layout.picks(&told), None);
    }

    proptest! {
        #[test]
        fn a_layout_stays_where_it_may(columns in 1..5_000_usize, share in 0.0..=1.0, blocks in 1..600_usize, words in 0..1_usize << 30) {
            let outputs = (columns as f64 * share) as usize;
            let start = words / 3;
            match Layout::within((columns, outputs), blocks * BLOCK, start..words) {
                Some(layout) => {
                    prop_assert!(layout.values.start == start && layout.picked.end <= words);
                    prop_assert!(layout.host_words() <= HOST_WORDS);
                    prop_assert!(layout.trials.is_multiple_of(BLOCK) && layout.trials >= LEAST_BLOCKS * BLOCK);
                }
                None => {
                    let least = Layout::new((columns, outputs), LEAST_BLOCKS * BLOCK, start);
                    prop_assert!(least.picked.end > words || least.host_words() > HOST_WORDS);
                }
            }
        }
    }
}
