//! The standard normal quantile by table, for draws: eight terms of a polynomial a row.
//!
//! The rows cut the probabilities from 1/2 down to 2^-13 into 64 equal parts an octave, so that the bits of a
//! probability name its row and its place there. A row holds the Taylor polynomial about its middle, written
//! from its upper edge: then all terms are positive, and the sum loses no digits. `build/` makes the rows when the crate is
//! built: a run would take 0.65 ms to.

use crate::quantile::normal_quantile;

mod shape;

use shape::ROWS_PER_OCTAVE;
pub use shape::{ROOM, ROW_TERMS, ROWS};

/// The bits of a probability below those that name its row.
pub const ROW_SHIFT: u32 = 52 - ROWS_PER_OCTAVE.ilog2();
/// 1/2, from which rows are counted.
pub const HALF_BITS: u64 = 0x3fe0_0000_0000_0000;
/// 1, to which the place in a row is added.
pub const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;
/// Where the place is added: the mantissa.
pub const PLACE_BITS: u64 = 0x000f_ffff_ffff_ffff;

/// A row, on a cache line of its own.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct QuantileRow(pub [f64; ROW_TERMS]);

/// The rows of -z(p) for p = 1/2 down to 2^-13.
#[derive(Debug)]
pub struct QuantileRows {
    rows: [QuantileRow; ROOM],
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
    /// The one table that there is.
    #[inline(always)]
    pub fn get() -> &'static QuantileRows {
        static TABLE: QuantileRows =
            QuantileRows { rows: include!(concat!(env!("OUT_DIR"), "/quantile_rows.rs")) };
        &TABLE
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
    fn the_rows_have_the_same_bits_wherever_they_are_made() {
        // FNV-1a over the bits of all terms (Fowler, Noll and Vo).
        let terms = QuantileRows::get().rows().iter().flat_map(|row| row.0);
        let hash = terms.fold(0xcbf2_9ce4_8422_2325_u64, |hash, term| {
            (hash ^ term.to_bits()).wrapping_mul(0x0000_0100_0000_01b3)
        });
        assert_eq!(hash, 0xf526_d42b_1f6b_54ac);
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
