//! Inputs that move together: a Gaussian copula.
//!
//! The inputs of a group get independent standard normals e from their own uniforms; z = L e, with L the lower
//! triangular factor of the wanted correlations, are standard normals with these correlations, and Phi(z) are the
//! uniforms that the inputs' quantile functions take. So every input keeps its distribution, and the first of a group
//! its stratification; of the others it is what their own normals are stratified in.

use fermiac_math::normal_cdf;
use fermiac_model::plan::CorrelationGroup;

use super::lanes::map;
use super::normal::normal_quantiles;
use crate::simd::Simd;

/// Probabilities of 0 or 1 would make infinite draws.
const LEAST: f64 = f64::MIN_POSITIVE;
const GREATEST: f64 = 1.0 - f64::EPSILON / 2.0;

/// The columns of a group, and what ties them.
#[derive(Debug, Clone)]
pub struct Copula {
    pub(crate) columns: Vec<usize>,
    /// Row by row, each as long as its number from 1.
    pub(crate) factor: Vec<f64>,
}

/// A group that names a column that is not there, or whose factor is not of its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the plan is broken: a correlation group does not fit its inputs")]
pub struct BrokenGroup;

impl Copula {
    /// The copula of `group` in a plan of so many inputs.
    pub fn new(group: &CorrelationGroup, inputs: usize) -> Result<Copula, BrokenGroup> {
        let columns: Vec<usize> = group.inputs.iter().map(|input| *input as usize).collect();
        let mut distinct = columns.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let is_fitting = distinct.len() == columns.len()
            && columns.iter().all(|column| *column < inputs)
            && group.factor.len() == columns.len() * (columns.len() + 1) / 2;
        if is_fitting { Ok(Copula { columns, factor: group.factor.clone() }) } else { Err(BrokenGroup) }
    }

    /// Takes the independent uniforms in the group's columns to uniforms that are correlated.
    ///
    /// To be inlined into a function of the processor's vector features; the numbers are the same without.
    #[inline(always)]
    pub fn correlate(&self, simd: Simd, columns: &mut [&mut [f64]]) {
        for column in &self.columns {
            normal_quantiles(simd, columns[*column]);
        }
        let mut row_end = self.factor.len();
        // The last first: each needs the normals of those before it as they were.
        for place in (0..self.columns.len()).rev() {
            let row = &self.factor[row_end - place - 1..row_end];
            row_end -= place + 1;
            let own = std::mem::take(&mut columns[self.columns[place]]);
            map(own, |e| e * row[place]);
            for (weight, column) in row[..place].iter().zip(&self.columns) {
                add(own, &columns[*column][..], *weight);
            }
            map(own, |z| within(normal_cdf(z)));
            columns[self.columns[place]] = own;
        }
    }
}

#[inline(always)]
fn add(sums: &mut [f64], normals: &[f64], weight: f64) {
    for (sum, e) in sums.iter_mut().zip(normals) {
        *sum = e.mul_add(weight, *sum);
    }
}

#[inline(always)]
fn within(probability: f64) -> f64 {
    let above = if probability < LEAST { LEAST } else { probability };
    if above > GREATEST { GREATEST } else { above }
}
