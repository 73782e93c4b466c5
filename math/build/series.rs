//! Rows of the standard normal quantile, computed one after the other.
//!
//! With z' = 1 / density(z) the quantile solves an equation of its own (Steinbrecher and Shaw 2008): all rows follow one
//! another from z(1/2) = 0, in twice the precision.

use crate::double::Double;
use crate::shape::{ROW_TERMS, ROWS, ROWS_PER_OCTAVE};

/// A row begins within 1/64 of its probability from the last: so many terms leave 2^-84.
const TERMS: usize = 14;
/// Later terms matter so little, 2^-36 and less, that plain doubles hold them.
const PRECISE_TERMS: usize = 6;
const SQRT_2PI: Double = Double { high: 2.5066282746310007, low: -1.8328579980459167e-16 };

/// The terms of each row of -z(p), from p = 1/2 down.
pub(crate) fn rows() -> Vec<[f64; ROW_TERMS]> {
    let mut width = 0.5 / ROWS_PER_OCTAVE as f64 / 2.0;
    let half = Expansion::about(Double { high: 0.0, low: 0.0 }, SQRT_2PI);
    let mut rows = vec![half.terms(width)];
    let mut middle = half.moved(1.5 * width);
    for row in 1..ROWS {
        let expansion = Expansion::about(middle.0, middle.1);
        let next_width = if (row + 1).is_multiple_of(ROWS_PER_OCTAVE) { width / 2.0 } else { width };
        middle = expansion.moved(0.5 * (width + next_width));
        rows.push(expansion.about_edge(width).terms(width));
        width = next_width;
    }
    rows
}

impl Double {
    /// The sum, whichever is the greater.
    fn sum(self, other: Double) -> Double {
        let high = self.high + other.high;
        let rest = high - self.high;
        let lost = (self.high - (high - rest)) + (other.high - rest);
        Double::fast_sum(high, lost + (self.low + other.low))
    }

    /// 1 / x.
    fn reciprocal(x: f64) -> Double {
        let high = 1.0 / x;
        Double { high, low: (-high).mul_add(x, 1.0) / x }
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
    fn terms(&self, width: f64) -> [f64; ROW_TERMS] {
        let mut unit = 1.0;
        let mut row = [0.0; ROW_TERMS];
        for (term, exact) in row.iter_mut().zip(&self.quantile) {
            *term = exact.high * unit;
            unit *= width;
        }
        row
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
