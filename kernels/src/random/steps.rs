//! The quantile function of a distribution over a list of values.

use super::lanes::map;

/// Up to here every step is compared in vector lanes; beyond, each lane searches.
const FEW: usize = 16;
const RUN: usize = 64;

/// Values in ascending order, each with the probability of at most it.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    pub(super) values: Vec<f64>,
    /// One less than the values: the last is reached when all are passed.
    pub(super) cumulative: Vec<f64>,
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
        let (runs, rest) = values.as_chunks_mut::<RUN>();
        for run in runs {
            self.apply_to_run(run);
        }
        if !rest.is_empty() {
            let mut last = [0.0; RUN];
            last[..rest.len()].copy_from_slice(rest);
            self.apply_to_run(&mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }

    #[inline(always)]
    fn apply_to_run(&self, run: &mut [f64; RUN]) {
        let mut chosen = [self.values[0]; RUN];
        for (below, value) in self.cumulative.iter().zip(&self.values[1..]) {
            for lane in 0..RUN {
                chosen[lane] = if run[lane] >= *below { *value } else { chosen[lane] };
            }
        }
        *run = chosen;
    }
}
