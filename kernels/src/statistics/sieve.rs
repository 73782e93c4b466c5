//! Many numbers counted by bins, and those near wanted ranks kept.
//!
//! A reading does two things to a number: it counts it in a bin, and, if a segment may hold it, picks it out to be
//! looked at. Most numbers are not, so that the reading costs little more than the counting.

use std::ops::Range;

use super::grid::{Grid, Window};
use super::scale::TILE;
use super::segments::{Inside, Segments};
use super::sifted::{BINS, CROWDS, Mesh, SEGMENTS, Sifted};
use super::spread::Spread;
use crate::simd::Simd;

/// Numbers that are counted before those to be picked are noted.
const GROUP: usize = 8;
/// Places of the bins, and then of the numbers that are crowds: one for each lane of a group.
const PLACES: usize = (BINS + CROWDS * GROUP).next_power_of_two();
/// Counters of a place: an addition to one waits for the one before, and neighbours use others.
const APART: usize = 2;
/// A window over all numbers so far is good enough if it is at most so many times as wide as most of them need.
const WIDE: f64 = 4.0;
/// One in so many numbers lies outside most of them, at either end.
const TAIL: usize = 512;

/// The places of a tile's numbers, each vector of them within a cache line.
#[repr(align(64))]
struct Places([u32; TILE]);

/// What is read until its findings are taken.
#[derive(Debug)]
pub(super) struct Sieve {
    grid: Grid,
    /// The bin at place 1.
    first: i64,
    window: Window,
    counts: Vec<[u32; APART]>,
    /// By place, whether its numbers are picked out: 1, or 0.
    picked: Vec<u8>,
    /// By bin, how many segments lie below it as a whole.
    segments_below: Vec<u32>,
    /// With their segments.
    crowds: Vec<(f64, usize)>,
    bounds: Vec<(f64, f64)>,
    /// Of each segment, what is picked out.
    found: Vec<Vec<f64>>,
    /// Of each segment, how many numbers were found equal to its bounds, where these are one.
    equal: Vec<u64>,
    /// How many numbers were picked out below each segment, and above all.
    between: Vec<u64>,
}

impl Sieve {
    /// For numbers that are spread as these, of which the segments were made.
    pub fn new(sample: &mut [f64], segments: &Segments) -> Sieve {
        Sieve::with_window(window_of(sample), segments)
    }

    /// For other numbers of the same column, of which there are segments too.
    pub fn alike(&self, segments: &Segments) -> Sieve {
        Sieve::with_window((self.grid, self.first), segments)
    }

    fn with_window((grid, first): (Grid, i64), segments: &Segments) -> Sieve {
        let mut sieve = Sieve {
            grid,
            first,
            window: grid.window(first - 1, BINS),
            counts: Vec::new(),
            picked: Vec::new(),
            segments_below: Vec::new(),
            crowds: Vec::new(),
            bounds: Vec::new(),
            found: Vec::new(),
            equal: Vec::new(),
            between: Vec::new(),
        };
        sieve.begin(segments);
        sieve
    }

    /// Begins anew, for these segments.
    fn begin(&mut self, segments: &Segments) {
        let count = segments.list.len();
        self.counts = vec![[0; APART]; PLACES];
        self.picked = vec![0; PLACES];
        self.segments_below = vec![0; BINS];
        self.crowds.clear();
        self.bounds.clear();
        self.found = vec![Vec::new(); count];
        self.equal = vec![0; count];
        self.between = vec![0; count + 1];
        (self.picked[0], self.picked[BINS - 1]) = (1, 1);
        for (index, segment) in segments.list.iter().enumerate() {
            let places = [segment.low, segment.high].map(|bound| self.window.place(bound) as usize);
            self.picked[places[0]..=places[1]].fill(1);
            self.segments_below[places[1] + 1..].fill(index as u32 + 1);
            self.bounds.push((segment.low, segment.high));
            if segment.low == segment.high && self.crowds.len() < CROWDS {
                self.crowds.push((segment.low, index));
            }
        }
    }

    /// Reads numbers, all finite.
    pub fn read(&mut self, numbers: &[f64], spread: &mut Spread) {
        let Places(places) = &mut Places([0; TILE]);
        let mut picked = [0; TILE];
        for tile in numbers.chunks(TILE) {
            self.window.place_all(tile, places);
            for (crowd, (number, _)) in self.crowds.iter().enumerate() {
                move_equals(tile, *number, crowd_places(crowd).start as u32, places);
            }
            let count = self.count(&places[..tile.len()], &mut picked);
            for at in picked[..count].iter().map(|at| usize::from(*at)) {
                self.look_at(places[at], tile[at], spread);
            }
        }
    }

    /// Counts the number at each place, and notes which are picked. Most groups of eight hold none.
    fn count(&mut self, places: &[u32], picked: &mut [u16; TILE]) -> usize {
        let counts: &mut [[u32; APART]; PLACES] =
            self.counts.as_mut_slice().try_into().expect("there are counters for every place");
        let is_picked: &[u8; PLACES] =
            self.picked.as_slice().try_into().expect("there is a mark for every place");
        let mut one = |place: u32, lane: usize| {
            let place = place as usize % PLACES;
            counts[place][lane % APART] += 1;
            u64::from(is_picked[place]) << lane
        };
        let mut count = 0;
        let mut note = |first: usize, mut marks: u64| {
            // Whether a group has one cannot be foreseen, so that all write; few have another.
            loop {
                picked[count % TILE] = (first + marks.trailing_zeros() as usize) as u16;
                count += usize::from(marks != 0);
                marks &= marks.wrapping_sub(1);
                if marks == 0 {
                    break;
                }
            }
        };
        let (whole, rest) = places.as_chunks::<GROUP>();
        for (group, places) in whole.iter().enumerate() {
            let marks = places.iter().enumerate().fold(0, |marks, (lane, place)| marks | one(*place, lane));
            note(group * GROUP, marks);
        }
        if !rest.is_empty() {
            let marks = rest.iter().enumerate().fold(0, |marks, (lane, place)| marks | one(*place, lane));
            note(whole.len() * GROUP, marks);
        }
        count
    }

    fn look_at(&mut self, place: u32, number: f64, spread: &mut Spread) {
        if place == 0 || place as usize == BINS - 1 {
            spread.add(number, 1);
        }
        let mut segment = self.segments_below[place as usize] as usize;
        while self.bounds.get(segment).is_some_and(|(_, high)| *high < number) {
            segment += 1;
        }
        match self.bounds.get(segment) {
            Some((low, high)) if *low <= number => {
                if low == high {
                    self.equal[segment] += 1;
                } else {
                    self.found[segment].push(number);
                }
            }
            _ => self.between[segment] += 1,
        }
    }

    /// How others may read numbers in its place. None if there are too many segments.
    pub fn mesh(&self) -> Option<Mesh> {
        let (bins_per_unit, first, last) = self.window.scale();
        let places = self.picked[..BINS].iter().zip(&self.segments_below);
        let mesh = || Mesh {
            bins_per_unit,
            first,
            last,
            crowds: self.crowds.iter().map(|(number, _)| *number).collect(),
            bounds: self.bounds.clone(),
            looked_at: places.map(|(picked, below)| (*picked == 1).then_some(*below)).collect(),
        };
        (self.bounds.len() <= SEGMENTS).then(mesh)
    }

    /// Takes what others found of numbers by the mesh that the sieve gave last.
    pub fn take(&mut self, sifted: &Sifted, spread: &mut Spread) {
        let places = (0..BINS).chain((0..CROWDS).map(|crowd| crowd_places(crowd).start));
        for (place, more) in places.zip(&sifted.counts) {
            self.counts[place][0] += *more as u32;
        }
        self.between.iter_mut().zip(&sifted.between).for_each(|(count, more)| *count += more);
        self.equal.iter_mut().zip(&sifted.equal).for_each(|(count, more)| *count += more);
        for number in &sifted.picked {
            self.look_at(self.window.place(*number), *number, spread);
        }
    }

    /// Gives what was found to the segments and the spread of all numbers, and begins anew with them narrowed.
    pub fn finish(
        &mut self,
        segments: &mut Segments,
        spread: &mut Spread,
        narrow: impl FnOnce(&mut Segments),
    ) {
        let counts: Vec<u64> =
            self.counts.iter().map(|apart| apart.iter().map(|count| u64::from(*count)).sum()).collect();
        spread.add_counts(self.grid, self.first, &counts[1..BINS - 1]);
        for (crowd, (number, segment)) in self.crowds.iter().enumerate() {
            let count = counts[crowd_places(crowd)].iter().sum();
            self.equal[*segment] += count;
            spread.add(*number, count);
        }
        for (place, count) in counts[..BINS].iter().enumerate().filter(|(place, _)| self.picked[*place] == 0)
        {
            self.between[self.segments_below[place] as usize] += count;
        }
        let mut below = 0;
        for (index, segment) in segments.list.iter_mut().enumerate() {
            below += self.between[index];
            segment.below += below;
            match &mut segment.inside {
                Inside::Numbers(numbers) => {
                    below += self.found[index].len() as u64;
                    numbers.append(&mut self.found[index]);
                }
                Inside::Equal(count) => {
                    below += self.equal[index];
                    *count += self.equal[index];
                }
            }
        }
        segments.count += below + self.between[segments.list.len()];
        narrow(segments);
        self.begin(segments);
    }
}

/// Where the numbers of a crowd are counted: its first place is that of lane 0.
fn crowd_places(crowd: usize) -> Range<usize> {
    let first = BINS + crowd * GROUP;
    first..first + GROUP
}

/// Moves the numbers equal to one to places of its own, from the first of them by lane.
fn move_equals(tile: &[f64], number: f64, first: u32, places: &mut [u32; TILE]) {
    #[cfg(target_arch = "x86_64")]
    if Simd::Avx512.available().is_ok() {
        // SAFETY: the processor has these instructions, as it has just said.
        return unsafe { move_equals_in_avx512(tile, number, first, places) };
    }
    #[cfg(target_arch = "x86_64")]
    if Simd::Avx2.available().is_ok() {
        // SAFETY: as above.
        return unsafe { move_equals_in_avx2(tile, number, first, places) };
    }
    move_each_equal(tile, number, first, places);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2")]
fn move_equals_in_avx512(tile: &[f64], number: f64, first: u32, places: &mut [u32; TILE]) {
    move_each_equal(tile, number, first, places);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn move_equals_in_avx2(tile: &[f64], number: f64, first: u32, places: &mut [u32; TILE]) {
    move_each_equal(tile, number, first, places);
}

#[inline(always)]
fn move_each_equal(tile: &[f64], number: f64, first: u32, places: &mut [u32; TILE]) {
    for (index, (place, other)) in places.iter_mut().zip(tile).enumerate() {
        *place = if *other == number { first + (index % GROUP) as u32 } else { *place };
    }
}

/// A grid, and its first bin but one in a window over most of the numbers, or over all of them if they spread no
/// wider. Another window would be slower or faster, and find the same.
fn window_of(sample: &mut [f64]) -> (Grid, i64) {
    let tail = sample.len() / TAIL;
    let last = sample.len() - 1;
    let mut at = |rank: usize| *sample.select_nth_unstable_by(rank, f64::total_cmp).1;
    let (least, low, high, greatest) = (at(0), at(tail), at(last - tail), at(last));
    let is_narrow = greatest - least <= WIDE * (high - low);
    let (low, high) = if is_narrow { (least, greatest) } else { (low, high) };
    let bins = BINS as u64 - 2;
    let grid = Grid::of_range(low, high, bins);
    let (first, last) = (grid.bin(low), grid.bin(high));
    (grid, first - (bins as i64 - 1 - (last - first)) / 2)
}
