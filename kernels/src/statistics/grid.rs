//! Bins whose width is a power of two and whose edges are its multiples.
//!
//! The edges lie where they lie whatever the numbers are. So two neighbours make one bin of the next width without
//! loss, numbers may be counted in narrow bins before their range is known, and counts made anywhere add up.

use super::scale::TILE;
use crate::simd::Simd;

/// Wider bins are never needed: 64 of them hold every double.
const WIDEST: i32 = 1022;
/// Narrower ones have no reciprocal.
const NARROWEST: i32 = -1022;
/// The bits of a double after its first.
const MANTISSA_BITS: i32 = 52;

/// A grid of bins 2^`level` wide. Bin j holds the numbers from j * 2^level up to but without (j + 1) * 2^level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grid {
    level: i32,
}

/// Some bins of a grid side by side; what lies outside falls in the outermost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    bins_per_unit: f64,
    first: f64,
    last: f64,
}

impl Grid {
    /// The grid of that level; none if there is no such grid.
    pub fn of_level(level: i32) -> Option<Grid> {
        (NARROWEST..=WIDEST).contains(&level).then_some(Grid { level })
    }

    /// The narrowest bins on which the edges around a number are doubles themselves.
    pub fn finest(number: f64) -> Grid {
        let exponent = (number.to_bits() >> MANTISSA_BITS & 0x7ff) as i32 - 1023;
        Grid { level: (exponent - MANTISSA_BITS).max(NARROWEST) }
    }

    /// The narrowest bins of which at most so many, 8 or more, hold all numbers from `low` to `high`.
    pub fn of_range(low: f64, high: f64, most: u64) -> Grid {
        let mut grid = Grid::finest(low).max(Grid::finest(high));
        while grid.bin(high).abs_diff(grid.bin(low)) >= most {
            grid.level += 1;
        }
        grid
    }

    /// The grid of bins twice as wide.
    pub fn coarser(self) -> Grid {
        Grid { level: self.level + 1 }
    }

    /// The power of two that is the width.
    pub fn level(self) -> i32 {
        self.level
    }

    /// The bin of a number, if the grid is no narrower than [`Grid::finest`] of it.
    pub fn bin(self, number: f64) -> i64 {
        bin(number, power_of_two(-self.level)) as i64
    }

    /// The lower edge of a bin, within the range of a double.
    pub fn edge(self, bin: i64) -> f64 {
        (bin as f64 * power_of_two(self.level)).clamp(-f64::MAX, f64::MAX)
    }

    /// So many bins from the one that is `first`.
    pub fn window(self, first: i64, bins: usize) -> Window {
        let bins_per_unit = power_of_two(-self.level);
        Window { bins_per_unit, first: first as f64, last: (bins - 1) as f64 }
    }
}

/// The bin of a number as a double. The product is exact unless it underflows, and then the sign of the number tells.
#[inline(always)]
fn bin(number: f64, bins_per_unit: f64) -> f64 {
    let below = if number < 0.0 { -f64::MIN_POSITIVE } else { 0.0 };
    number.mul_add(bins_per_unit, below).floor()
}

/// 2^`exponent`, which is a normal double.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << MANTISSA_BITS)
}

impl Window {
    /// Bins per unit, the first bin, and the last place: all that tells the place of a number.
    pub fn scale(&self) -> (f64, f64, f64) {
        (self.bins_per_unit, self.first, self.last)
    }

    /// The place in the window of a number's bin. What is no number has any.
    #[inline(always)]
    pub fn place(&self, number: f64) -> u32 {
        let place = bin(number, self.bins_per_unit) - self.first;
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < self.last { place } else { self.last };
        // SAFETY: the place lies from 0 to `last`, which is less than 2^31; a NaN has become 0.
        unsafe { place.to_int_unchecked::<i32>() as u32 }
    }

    /// Writes the place of each number.
    pub fn place_all(&self, numbers: &[f64], places: &mut [u32; TILE]) {
        #[cfg(target_arch = "x86_64")]
        if Simd::Avx512.available().is_ok() {
            // SAFETY: the processor has these instructions, as it has just said.
            return unsafe { self.place_in_avx512(numbers, places) };
        }
        #[cfg(target_arch = "x86_64")]
        if Simd::Avx2.available().is_ok() {
            // SAFETY: as above.
            return unsafe { self.place_in_avx2(numbers, places) };
        }
        self.place_each(numbers, places);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]
    fn place_in_avx512(&self, numbers: &[f64], places: &mut [u32; TILE]) {
        self.place_each(numbers, places);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn place_in_avx2(&self, numbers: &[f64], places: &mut [u32; TILE]) {
        self.place_each(numbers, places);
    }

    #[inline(always)]
    fn place_each(&self, numbers: &[f64], places: &mut [u32; TILE]) {
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = self.place(*number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_whole_range_of_doubles_has_a_grid() {
        let all = Grid::of_range(-f64::MAX, f64::MAX, 64);
        assert_eq!((all.level(), all.bin(-f64::MAX), all.bin(f64::MAX)), (1019, -32, 31));
        assert_eq!((all.edge(-32), all.edge(0), all.edge(32)), (-f64::MAX, 0.0, f64::MAX));
        let next = Grid::of_range(1.0, 1f64.next_up(), 64);
        assert_eq!(next.bin(1f64.next_up()), next.bin(1.0) + 1);
        assert_eq!(Grid::of_range(0.0, f64::from_bits(1), 64).level(), NARROWEST);
        assert_eq!((Grid::of_level(NARROWEST - 1), Grid::of_level(WIDEST + 1)), (None, None));
    }

    proptest! {
        #[test]
        fn a_number_lies_between_the_edges_of_its_bin(a in -1e9..1e9f64, b in -1e-3..1e12f64, most in 8u64..100) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            let grid = Grid::of_range(low, high, most);
            prop_assert!(grid.bin(high) - grid.bin(low) < most as i64);
            for number in [low, high, low / 2.0 + high / 2.0] {
                let bin = grid.bin(number);
                prop_assert!(grid.edge(bin) <= number && number < grid.edge(bin + 1));
                prop_assert_eq!(grid.coarser().bin(number), bin >> 1);
            }
        }

        #[test]
        fn a_window_places_every_number(numbers in prop::collection::vec(any::<f64>(), 1..100), first in -50i64..50) {
            let grid = Grid::of_level(-1).unwrap();
            let window = grid.window(first, 40);
            let mut places = [0; TILE];
            window.place_all(&numbers, &mut places);
            for (place, number) in places.iter().zip(&numbers) {
                prop_assert_eq!(*place, window.place(*number));
                let expected = grid.bin(*number).saturating_sub(first).clamp(0, 39);
                prop_assert!(number.is_nan() || i64::from(*place) == expected, "{} {}", place, number);
            }
        }
    }
}
