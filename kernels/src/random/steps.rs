//! The quantile function of a distribution over a list of values.

use super::lanes::map;

/// Up to here every step is compared in vector lanes; beyond, each lane searches.
const FEW: usize = 16;

/// Values in ascending order, each with the probability of at most it.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    values: Vec<f64>,
    /// One less than the values: the last is reached when all are passed.
    cumulative: Vec<f64>,
}

impl Steps {
    /// Steps at these values with these weights, of a sum > 0.
    pub(super) fn new(weighted: impl Iterator<Item = (f64, f64)>) -> Steps {
        let mut weighted: Vec<(f64, f64)> = weighted.filter(|(_, weight)| *weight > 0.0).collect();
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = Vec::with_capacity(weighted.len());
        for (_, weight) in &weighted {
            sum += weight;
            cumulative.push(sum / total);
        }
        cumulative.pop();
        Steps { values: weighted.into_iter().map(|(value, _)| value).collect(), cumulative }
    }

    /// Replaces each probability by the least value that at most it lies below.
    #[inline(always)]
    pub(super) fn apply(&self, values: &mut [f64]) {
        if self.values.len() > FEW {
            map(values, |p| self.values[self.cumulative.partition_point(|below| *below <= p)]);
            return;
        }
        let mut table = [(f64::INFINITY, 0.0); FEW];
        for (entry, (below, value)) in table.iter_mut().zip(self.cumulative.iter().zip(&self.values[1..])) {
            *entry = (*below, *value);
        }
        let steps = self.cumulative.len();
        map(values, |p| {
            let mut chosen = self.values[0];
            for (below, value) in &table[..steps] {
                chosen = if p >= *below { *value } else { chosen };
            }
            chosen
        });
    }
}
