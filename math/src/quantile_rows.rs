//! The standard normal quantile by table, for draws: eight terms of a polynomial a row.
//!
//! The rows cut the probabilities from 1/2 down to 2^-13 into 64 equal parts an octave, so that the bits of a
//! probability name its row and its place there. A row holds the Taylor polynomial about its middle, written
//! from its upper edge: then all terms are positive, and the sum loses no digits. With z' = 1 / density(z) the quantile
//! solves an equation of its own (Steinbrecher and Shaw 2008): all rows follow one another from z(1/2) = 0, in twice
//! the precision.

use std::sync::OnceLock;

use crate::double::Double;
use crate::quantile::normal_quantile;

/// The terms of a row, from the constant up, in powers of the place in it.
pub const ROW_TERMS: usize = 8;
const ROWS_PER_OCTAVE: usize = 64;
const OCTAVES: usize = 12;
/// How many rows there are.
pub const ROWS: usize = ROWS_PER_OCTAVE * OCTAVES;
/// The room for them, so that a masked row is in it without a check; what lies past the rows is zero.
pub const ROOM: usize = ROWS.next_power_of_two();
/// The bits of a probability below those that name its row.
pub const ROW_SHIFT: u32 = 52 - ROWS_PER_OCTAVE.ilog2();
/// 1/2, from which rows are counted.
pub const HALF_BITS: u64 = 0x3fe0_0000_0000_0000;
/// 1, to which the place in a row is added.
pub const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;
/// Where the place is added: the mantissa.
pub const PLACE_BITS: u64 = 0x000f_ffff_ffff_ffff;

/// A row begins within 1/64 of its probability from the last: so many terms leave 2^-84.
const TERMS: usize = 14;
/// Later terms matter so little, 2^-36 and less, that plain doubles hold them.
const PRECISE_TERMS: usize = 6;
const SQRT_2PI: Double = Double { high: 2.5066282746310007, low: -1.8328579980459167e-16 };

/// A row, on a cache line of its own.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct QuantileRow(pub [f64; ROW_TERMS]);

/// The rows of -z(p) for p = 1/2 down to 2^-13.
#[derive(Debug)]
pub struct QuantileRows {
    rows: Box<[QuantileRow; ROOM]>,
}

/// Where a probability stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPlace {
    /// The row; [`ROWS`] or more where there is none.
    pub row: u64,
    /// From 0 at the upper edge up to but without 1 at the lower.
    pub place: f64,
}

impl QuantileRows {
    /// The one table that there is, made when first asked for.
    pub fn get() -> &'static QuantileRows {
        static TABLE: OnceLock<QuantileRows> = OnceLock::new();
        TABLE.get_or_init(QuantileRows::new)
    }

    fn new() -> QuantileRows {
        let mut rows = Box::new([QuantileRow([0.0; ROW_TERMS]); ROOM]);
        let mut width = 0.5 / ROWS_PER_OCTAVE as f64 / 2.0;
        let half = Expansion::about(Double { high: 0.0, low: 0.0 }, SQRT_2PI);
        rows[0] = half.terms(width);
        let mut middle = half.moved(1.5 * width);
        for row in 1..ROWS {
            let expansion = Expansion::about(middle.0, middle.1);
            let next_width = if (row + 1).is_multiple_of(ROWS_PER_OCTAVE) { width / 2.0 } else { width };
            middle = expansion.moved(0.5 * (width + next_width));
            rows[row] = expansion.about_edge(width).terms(width);
            width = next_width;
        }
        QuantileRows { rows }
    }

    /// All rows, and room.
    #[inline(always)]
    pub fn rows(&self) -> &[QuantileRow; ROOM] {
        &self.rows
    }

    /// z with P(Z < z) = u for a standard normal Z: [`normal_quantile`] where there is no row.
    ///
    /// Worst measured error 1.77 ulp, over 100,000 draws' uniforms.
    #[inline(always)]
    pub fn quantile(&self, u: f64) -> f64 {
        let RowPlace { row, place } = row_place(u);
        match self.rows[..ROWS].get(row as usize) {
            Some(row) => with_side(u, row.at(place)),
            None => normal_quantile(u),
        }
    }
}

/// The place of the lesser of u and 1 - u.
#[inline(always)]
pub fn row_place(u: f64) -> RowPlace {
    let rest = 1.0 - u;
    let probability = if rest < u { rest } else { u };
    let from_half = HALF_BITS.wrapping_sub(probability.to_bits());
    let place = from_half << (52 - ROW_SHIFT) & PLACE_BITS | ONE_BITS;
    RowPlace { row: from_half >> ROW_SHIFT, place: f64::from_bits(place) - 1.0 }
}

/// `magnitude` with the sign of u - 1/2.
#[inline(always)]
pub fn with_side(u: f64, magnitude: f64) -> f64 {
    magnitude.copysign(u - 0.5)
}

impl QuantileRow {
    /// The polynomial at a place, in two chains.
    #[inline(always)]
    pub fn at(&self, place: f64) -> f64 {
        let square = place * place;
        let [a, b, c, d, e, f, g, h] = self.0;
        let odd = h.mul_add(square, f).mul_add(square, d).mul_add(square, b);
        let even = g.mul_add(square, e).mul_add(square, c).mul_add(square, a);
        odd.mul_add(place, even)
    }
}

/// -z as a power series in the distance below some probability.
struct Expansion {
    quantile: [Double; TERMS],
    slope: [Double; TERMS],
}

impl Expansion {
    /// From the quantile and its slope: with G = z', G' = z G^2, each term follows from those before it.
    fn about(quantile: Double, slope: Double) -> Expansion {
        let nothing = Double { high: 0.0, low: 0.0 };
        let mut z = [nothing; TERMS];
        let mut g = [nothing; TERMS];
        let mut squared = [nothing; TERMS];
        (z[0], g[0]) = (quantile, slope);
        for k in 0..TERMS - 1 {
            let one_by = Double::reciprocal((k + 1) as f64);
            z[k + 1] = g[k].times(one_by);
            squared[k] = product_term(&g, &g, k);
            g[k + 1] = product_term(&z, &squared, k).times(one_by);
        }
        Expansion { quantile: z, slope: g }
    }

    /// Quantile and slope so far below.
    fn moved(&self, distance: f64) -> (Double, Double) {
        let at = |terms: &[Double; TERMS]| {
            let [rest @ .., last] = terms;
            rest.iter().rev().fold(*last, |sum, term| sum.times_number(distance).sum(*term))
        };
        (at(&self.quantile), at(&self.slope))
    }

    /// The first [`ROW_TERMS`] as a series from half a `width` above, instead of from here.
    fn about_edge(mut self, width: f64) -> Expansion {
        for first in 0..ROW_TERMS - 1 {
            for k in (first..ROW_TERMS - 1).rev() {
                let carried = self.quantile[k + 1].times_number(-0.5 * width);
                self.quantile[k] = self.quantile[k].sum(carried);
            }
        }
        self
    }

    /// In units of `width`, a power of two.
    fn terms(&self, width: f64) -> QuantileRow {
        let mut unit = 1.0;
        let mut row = [0.0; ROW_TERMS];
        for (term, exact) in row.iter_mut().zip(&self.quantile) {
            *term = exact.high * unit;
            unit *= width;
        }
        QuantileRow(row)
    }
}

/// Term k of the product of two series.
fn product_term(left: &[Double; TERMS], right: &[Double; TERMS], k: usize) -> Double {
    if k >= PRECISE_TERMS {
        let products = (0..=k).map(|j| left[j].high * right[k - j].high);
        return Double { high: products.sum(), low: 0.0 };
    }
    let products = (0..=k).map(|j| left[j].times(right[k - j]));
    products.fold(Double { high: 0.0, low: 0.0 }, Double::sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_agree_with_the_quantile_and_their_neighbours() {
        let table = QuantileRows::get();
        let mut above = HALF_BITS;
        for row in 0..ROWS as u64 {
            let upper_edge = HALF_BITS - (row << ROW_SHIFT);
            for bits in [upper_edge, upper_edge - (1 << (ROW_SHIFT - 1)), upper_edge - (1 << ROW_SHIFT) + 1] {
                let p = f64::from_bits(bits);
                let (by_row, exact) = (table.quantile(p), normal_quantile(p));
                assert_eq!(row_place(p).row, row, "{p}");
                assert!((by_row - exact).abs() <= 4.0 * f64::EPSILON * exact.abs(), "{p}: {by_row} {exact}");
                if 1.0 - (1.0 - p) == p {
                    assert_eq!(table.quantile(1.0 - p), -by_row, "{p}");
                }
                let before = table.quantile(f64::from_bits(above));
                assert!(by_row - before <= f64::EPSILON * before.abs(), "{p}: {by_row} {before}");
                above = bits;
            }
        }
    }

    #[test]
    fn what_has_no_row_is_the_quantile() {
        let table = QuantileRows::get();
        let last = f64::from_bits(HALF_BITS - ((ROWS as u64) << ROW_SHIFT));
        for p in
            [last, 1e-9, 1.0 - 1e-9, f64::MIN_POSITIVE, 0.0, -0.0, 1.0, -1.0, 2.0, f64::NAN, f64::INFINITY]
        {
            assert!(row_place(p).row >= ROWS as u64, "{p}");
            assert_eq!(table.quantile(p).to_bits(), normal_quantile(p).to_bits(), "{p}");
        }
    }
}
