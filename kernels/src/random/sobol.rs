//! Sobol's sequence, scrambled (Sobol, 1967; Owen, 1995), with random access.
//!
//! The direction numbers are those of Joe and Kuo (2008). A point's 32 bits are the exclusive or of the direction
//! numbers at the bits of its index: of 2^k consecutive points, aligned, one lies in each of 2^k equal intervals. Owen's
//! scrambling keeps that and makes the points uniform: each bit is flipped or not by a random function of the bits
//! above it, here a hash (Laine and Karras, 2011; Burley, 2020; with Vegdahl's constants, 2021), twice with keys of
//! its own. Below the 32 bits a point is placed by the independent uniform of its trial.
//!
//! All bits here are in reverse order, the lowest first: so carries, which rise, do what scrambling needs.

use super::philox::philox;
use super::sampling::REPLICATES;

/// How many inputs there can be.
pub const DIMENSIONS: usize = 4096;
/// Points of a set are numbered with so many bits.
pub const INDEX_BITS: u32 = 32;

/// See `make_joe_kuo.py` beside it.
const TABLE: &[u8] = include_bytes!("../../tables/joe_kuo_4096.bin");
/// In the second word of the counter: which draw of the input.
const DRAW_OF_KEYS: u64 = 2 << 16;
/// Positions below the 32 bits are cut to this many steps.
const STEPS: f64 = (1u64 << 20) as f64;
const POINTS: f64 = (1u64 << 32) as f64;

/// The points of one input.
#[derive(Debug, Clone)]
pub struct Sobol {
    /// Direction numbers, reversed.
    pub(super) directions: [u32; INDEX_BITS as usize],
    /// By half, then by set.
    pub(super) keys: [[u32; REPLICATES]; 2],
}

/// The directions of dimensions in their order.
pub struct Directions {
    words: std::slice::Iter<'static, [u8; 2]>,
    is_first: bool,
}

impl Directions {
    /// From the first dimension on.
    pub fn new() -> Directions {
        Directions { words: TABLE.as_chunks::<2>().0.iter(), is_first: true }
    }

    fn word(&mut self) -> Option<u16> {
        self.words.next().map(|bytes| u16::from_le_bytes(*bytes))
    }
}

impl Iterator for Directions {
    type Item = [u32; INDEX_BITS as usize];

    fn next(&mut self) -> Option<Self::Item> {
        // Number k has its leading bit at place 31 - k, until it is reversed.
        let mut numbers: [u32; INDEX_BITS as usize] = std::array::from_fn(|k| 1 << (31 - k));
        if std::mem::take(&mut self.is_first) {
            return Some(numbers.map(u32::reverse_bits));
        }
        let (degree, inner) = (usize::from(self.word()?), self.word()?);
        for (k, number) in numbers.iter_mut().enumerate().take(degree) {
            *number = u32::from(self.word()?) << (31 - k);
        }
        for k in degree..numbers.len() {
            let mut number = numbers[k - degree] ^ (numbers[k - degree] >> degree);
            for back in 1..degree {
                let is_set = inner >> (degree - 1 - back) & 1 == 1;
                number ^= if is_set { numbers[k - back] } else { 0 };
            }
            numbers[k] = number;
        }
        Some(numbers.map(u32::reverse_bits))
    }
}

impl Sobol {
    /// The points of the input that has these directions, and whose identity hashes to `stream`.
    pub fn new(directions: [u32; INDEX_BITS as usize], seed: u64, stream: u64) -> Sobol {
        let key = [seed as u32, (seed >> 32) as u32];
        let word = |half: usize, set: usize| {
            philox([set as u64, DRAW_OF_KEYS, stream, stream >> 32], key)[half] as u32
        };
        let keys = [0, 1].map(|half| std::array::from_fn(|set| word(half, set)));
        Sobol { directions, keys }
    }

    /// Takes the independent uniforms of trials `first_trial..` to the points of these trials.
    #[inline(always)]
    pub fn place(&self, first_trial: u64, uniforms: &mut [f64]) {
        let sets = REPLICATES as u64;
        let skipped = (first_trial % sets) as usize;
        let mut index = first_trial / sets;
        let mut point = self.point(index);
        let (head, rest) = uniforms.split_at_mut(uniforms.len().min((REPLICATES - skipped) % REPLICATES));
        if !head.is_empty() {
            self.place_row(point, skipped, head);
            index += 1;
            point ^= self.step(index);
        }
        for row in rest.chunks_mut(REPLICATES) {
            self.place_row(point, 0, row);
            index += 1;
            point ^= self.step(index);
        }
    }

    /// The same point of some sets, each scrambled on its own.
    #[inline(always)]
    fn place_row(&self, point: u32, first_set: usize, uniforms: &mut [f64]) {
        let keys = self.keys[0][first_set..].iter().zip(&self.keys[1][first_set..]);
        for (uniform, (first, second)) in uniforms.iter_mut().zip(keys) {
            let scrambled = scrambled(scrambled(point, *first), *second).reverse_bits();
            let position = ((*uniform * STEPS).floor() + 0.5) / STEPS;
            // 53 bits: exact.
            *uniform = (f64::from(scrambled) + position) / POINTS;
        }
    }

    #[inline(always)]
    fn point(&self, index: u64) -> u32 {
        assert!(index >> INDEX_BITS == 0, "trials of this sampling are bounded by 2^36");
        let bits = self.directions.iter().enumerate();
        bits.fold(0, |point, (bit, number)| if index >> bit & 1 == 1 { point ^ number } else { point })
    }

    /// What leads from the point before `index` to that at `index`: its bits differ up to the lowest that is set.
    #[inline(always)]
    fn step(&self, index: u64) -> u32 {
        let changed = (index.trailing_zeros() as usize).min(self.directions.len() - 1);
        self.directions[..=changed].iter().fold(0, |step, number| step ^ number)
    }
}

/// A bijection in which each bit depends on itself and the bits below.
#[inline(always)]
fn scrambled(mut bits: u32, key: u32) -> u32 {
    bits ^= bits.wrapping_mul(0x3d20_adea);
    bits = bits.wrapping_add(key);
    bits = bits.wrapping_mul((key >> 16) | 1);
    bits ^= bits.wrapping_mul(0x0552_6c56);
    bits ^ bits.wrapping_mul(0x53a2_2864)
}

#[cfg(test)]
mod tests {
    use super::super::Uniforms;
    use super::*;
    use crate::simd::Simd;
    use proptest::prelude::*;

    fn sobol(dimension: usize, seed: u64) -> Sobol {
        Sobol::new(Directions::new().nth(dimension).unwrap(), seed, 77)
    }

    /// The first points of one set.
    fn set(sobol: &Sobol, seed: u64, set: usize, count: usize) -> Vec<f64> {
        let mut points = vec![0.0; count * REPLICATES];
        Uniforms { seed, stream: 77 }.fill(Simd::Portable, 0, &mut points);
        sobol.place(0, &mut points);
        points.into_iter().skip(set).step_by(REPLICATES).collect()
    }

    /// SciPy's `qmc.Sobol(4096, scramble=False, bits=32)`, which goes through the points in the order of Gray's code.
    const KNOWN: [(usize, [u32; 16]); 8] = [
        (
            0,
            [
                0x0000_0000,
                0x8000_0000,
                0xc000_0000,
                0x4000_0000,
                0x6000_0000,
                0xe000_0000,
                0xa000_0000,
                0x2000_0000,
                0x3000_0000,
                0xb000_0000,
                0xf000_0000,
                0x7000_0000,
                0x5000_0000,
                0xd000_0000,
                0x9000_0000,
                0x1000_0000,
            ],
        ),
        (
            1,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0x6000_0000,
                0xe000_0000,
                0x2000_0000,
                0xa000_0000,
                0x5000_0000,
                0xd000_0000,
                0x1000_0000,
                0x9000_0000,
                0x3000_0000,
                0xb000_0000,
                0x7000_0000,
                0xf000_0000,
            ],
        ),
        (
            2,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0xa000_0000,
                0x2000_0000,
                0xe000_0000,
                0x6000_0000,
                0xf000_0000,
                0x7000_0000,
                0xb000_0000,
                0x3000_0000,
                0x5000_0000,
                0xd000_0000,
                0x1000_0000,
                0x9000_0000,
            ],
        ),
        (
            3,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0xe000_0000,
                0x6000_0000,
                0xa000_0000,
                0x2000_0000,
                0x7000_0000,
                0xf000_0000,
                0x3000_0000,
                0xb000_0000,
                0x9000_0000,
                0x1000_0000,
                0xd000_0000,
                0x5000_0000,
            ],
        ),
        (
            10,
            [
                0x0000_0000,
                0x8000_0000,
                0xc000_0000,
                0x4000_0000,
                0xe000_0000,
                0x6000_0000,
                0x2000_0000,
                0xa000_0000,
                0xb000_0000,
                0x3000_0000,
                0x7000_0000,
                0xf000_0000,
                0x5000_0000,
                0xd000_0000,
                0x9000_0000,
                0x1000_0000,
            ],
        ),
        (
            100,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0xa000_0000,
                0x2000_0000,
                0xe000_0000,
                0x6000_0000,
                0x1000_0000,
                0x9000_0000,
                0x5000_0000,
                0xd000_0000,
                0xb000_0000,
                0x3000_0000,
                0xf000_0000,
                0x7000_0000,
            ],
        ),
        (
            1000,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0xe000_0000,
                0x6000_0000,
                0xa000_0000,
                0x2000_0000,
                0xd000_0000,
                0x5000_0000,
                0x9000_0000,
                0x1000_0000,
                0x3000_0000,
                0xb000_0000,
                0x7000_0000,
                0xf000_0000,
            ],
        ),
        (
            4095,
            [
                0x0000_0000,
                0x8000_0000,
                0x4000_0000,
                0xc000_0000,
                0x6000_0000,
                0xe000_0000,
                0x2000_0000,
                0xa000_0000,
                0xb000_0000,
                0x3000_0000,
                0xf000_0000,
                0x7000_0000,
                0xd000_0000,
                0x5000_0000,
                0x9000_0000,
                0x1000_0000,
            ],
        ),
    ];

    #[test]
    fn points_without_scrambling_are_those_of_scipy() {
        for (dimension, points) in KNOWN {
            let sobol = sobol(dimension, 1);
            for (place, expected) in (0u64..).zip(points) {
                assert_eq!(sobol.point(place ^ (place >> 1)).reverse_bits(), expected, "{dimension} {place}");
            }
        }
    }

    #[test]
    fn the_table_holds_all_dimensions_and_every_number_leads_with_its_bit() {
        let all: Vec<_> = Directions::new().collect();
        assert_eq!(all.len(), DIMENSIONS);
        for directions in all {
            for (k, number) in directions.into_iter().enumerate() {
                assert_eq!(31 - number.leading_zeros(), k as u32);
            }
        }
    }

    proptest! {
        #[test]
        fn each_of_equal_intervals_is_hit_once(
            dimension in 0..DIMENSIONS, seed: u64, bits in 0..10u32, own in 0..REPLICATES,
        ) {
            let count = 1usize << bits;
            let points = set(&sobol(dimension, seed), seed, own, count);
            let mut intervals: Vec<usize> = points.iter().map(|u| (u * count as f64) as usize).collect();
            intervals.sort_unstable();
            prop_assert!(intervals.into_iter().eq(0..count));
            prop_assert!(points.iter().all(|u| 0.0 < *u && *u < 1.0));
        }

        /// The first two dimensions are a (0, m, 2)-net: each box of 2^-m is hit once, of whatever shape.
        #[test]
        fn each_box_of_the_first_two_dimensions_is_hit_once(seed: u64, bits in 0..9u32, cut in 0..9u32) {
            let (count, wide) = (1usize << bits, cut.min(bits));
            let [x, y] = [0, 1].map(|dimension| set(&sobol(dimension, seed), seed, 3, count));
            let boxed = |(x, y): (&f64, &f64)| {
                let (columns, rows) = (f64::from(1u32 << wide), f64::from(1u32 << (bits - wide)));
                ((x * columns) as usize) << (bits - wide) | (y * rows) as usize
            };
            let mut boxes: Vec<usize> = x.iter().zip(&y).map(boxed).collect();
            boxes.sort_unstable();
            prop_assert!(boxes.into_iter().eq(0..count));
        }

        #[test]
        fn trials_may_be_asked_for_in_any_parts(
            dimension in 0..DIMENSIONS, seed: u64, first in 0..900u64, length in 0..100usize, far in 0..2u64,
        ) {
            let (sobol, start) = (sobol(dimension, seed), far * ((1 << 34) - 64));
            let mut whole = vec![0.5; 1000];
            sobol.place(start, &mut whole);
            let mut part = vec![0.5; length];
            sobol.place(start + first, &mut part);
            prop_assert_eq!(&part[..], &whole[first as usize..][..length]);
        }
    }

    /// The upper two bits of the four first points: of the eight ways to flip three nodes, each as often.
    #[test]
    fn scrambling_flips_each_node_on_its_own() {
        let mut ways = [0u32; 8];
        for seed in 0..1000 {
            let sobol = sobol(0, seed);
            for own in 0..REPLICATES {
                let upper = set(&sobol, seed, own, 4);
                let quarter = |place: usize| (upper[place] * 4.0) as usize;
                // Unscrambled, the points lie in quarters 0, 2, 1 and 3.
                ways[(quarter(0) << 1 & 4) | (quarter(0) & 1) << 1 | (quarter(1) & 1)] += 1;
            }
        }
        let chi_square: f64 = ways.iter().map(|count| (f64::from(*count) - 2000.0).powi(2) / 2000.0).sum();
        // 7 degrees of freedom: beyond 28 once in 4,000 such tests.
        assert!(chi_square < 28.0, "{ways:?}");
    }

    #[test]
    fn inputs_and_sets_are_scrambled_on_their_own() {
        let base = set(&sobol(5, 1), 1, 0, 64);
        assert_ne!(base, set(&sobol(5, 1), 1, 1, 64));
        assert_ne!(base, set(&sobol(5, 2), 1, 0, 64));
        let directions = Directions::new().nth(5).unwrap();
        assert_ne!(base, set(&Sobol::new(directions, 1, 78), 1, 0, 64));
    }
}
