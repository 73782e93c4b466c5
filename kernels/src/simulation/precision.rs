//! Stopping when a statistic is known well enough.
//!
//! The half-width of its 95 % confidence interval is looked at after 1, 2, 4, 8, ... blocks and at no other
//! time, so where a run stops depends on its numbers alone. Looking several times makes the true
//! coverage a little less than 95 %; doubling keeps the looks few.

use crate::statistics::moments::{BLOCK, Moments};
use crate::statistics::percentile::percentiles;

/// The standard normal quantile at 97.5 %: two-sided intervals of 95 %.
const NORMAL_QUANTILE: f64 = 1.959963984540054;
/// With fewer numbers the normal approximation behind the half-widths is not trusted.
const FEWEST_NUMBERS: u64 = 1000;

/// Which statistic of which output must be known how well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// The output, by its place in the plan.
    pub output: usize,
    /// What must be known.
    pub statistic: Statistic,
    /// How well.
    pub half_width: HalfWidth,
}

/// A statistic that has a confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The mean; half-width from its standard error.
    Mean,
    /// The standard deviation; half-width from the kurtosis.
    StdDev,
    /// A percentile by its percent; interval between order statistics, at binomial distance.
    Percentile(f64),
}

/// The greatest half-width that is good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HalfWidth {
    /// In the output's own unit.
    Absolute(f64),
    /// As a fraction of the statistic's magnitude.
    Relative(f64),
}

/// The number of trials at which the next look after `done` trials is due.
pub(super) fn next_look(done: usize) -> usize {
    (done / BLOCK + 1).next_power_of_two() * BLOCK
}

/// Whether a look is due after `done` trials.
pub(super) fn is_look(done: usize) -> bool {
    done.is_multiple_of(BLOCK) && (done / BLOCK).is_power_of_two()
}

impl Precision {
    /// Whether the trials so far are enough.
    pub(super) fn is_reached(&self, moments: &Moments, samples: &[f64]) -> bool {
        let Some(found) = self.statistic.estimate(moments, samples) else { return false };
        let wanted = match self.half_width {
            HalfWidth::Absolute(width) => width,
            HalfWidth::Relative(fraction) => fraction * found.value.abs(),
        };
        found.half_width <= wanted
    }
}

/// A statistic with the half-width of its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The statistic.
    pub value: f64,
    /// Half the width of the interval; for a percentile, whose interval is not symmetric, the longer arm.
    pub half_width: f64,
}

impl Statistic {
    /// The statistic and how well it is known; none with fewer than 1,000 numbers, or too few in a tail.
    pub fn estimate(self, moments: &Moments, samples: &[f64]) -> Option<Estimate> {
        if moments.count < FEWEST_NUMBERS {
            return None;
        }
        let count = moments.count as f64;
        match self {
            Statistic::Mean => {
                let half_width = NORMAL_QUANTILE * moments.mean_std_error()?;
                Some(Estimate { value: moments.mean()?, half_width })
            }
            Statistic::StdDev => {
                let value = moments.std_dev()?;
                // The variance of a sample variance is about sigma^4 (kurtosis - 1) / n.
                let kurtosis = moments.kurtosis().unwrap_or(1.0);
                let half_width = NORMAL_QUANTILE * value * ((kurtosis - 1.0).max(0.0) / (4.0 * count)).sqrt();
                Some(Estimate { value, half_width })
            }
            Statistic::Percentile(percent) => {
                let share = percent / 100.0;
                let distance = 100.0 * NORMAL_QUANTILE * (share * (1.0 - share) / count).sqrt();
                let ends = [percent - distance, percent + distance];
                if !(0.0 <= ends[0] && ends[1] <= 100.0) {
                    return None;
                }
                let found = percentiles(samples, moments, &[ends[0], percent, ends[1]])?;
                let half_width = (found[1] - found[0]).max(found[2] - found[1]);
                Some(Estimate { value: found[1], half_width })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: u32) -> (Moments, Vec<f64>) {
        let samples: Vec<f64> = (0..count).map(f64::from).collect();
        (Moments::of_block(&samples), samples)
    }

    #[test]
    fn looks_are_at_powers_of_two_blocks() {
        assert_eq!(
            [0, 1, 2, 3, 4, 7, 8].map(|blocks| next_look(blocks * BLOCK) / BLOCK),
            [1, 2, 4, 4, 8, 8, 16]
        );
        assert_eq!([0, 1, 2, 3, 4].map(|blocks| is_look(blocks * BLOCK)), [false, true, true, false, true]);
        assert!(!is_look(BLOCK + 1));
    }

    #[test]
    fn half_widths_of_a_uniform_are_those_of_the_textbook() {
        let (moments, samples) = numbers(10_001);
        let mean = Statistic::Mean.estimate(&moments, &samples).unwrap();
        let sigma = 10_001.0 / 12f64.sqrt();
        assert_eq!(mean.value, 5000.0);
        assert!((mean.half_width / (1.96 * sigma / 10_001f64.sqrt()) - 1.0).abs() < 1e-3);
        let std_dev = Statistic::StdDev.estimate(&moments, &samples).unwrap();
        assert!((std_dev.half_width / (1.96 * sigma * (0.8f64 / 40_004.0).sqrt()) - 1.0).abs() < 1e-3);
        let median = Statistic::Percentile(50.0).estimate(&moments, &samples).unwrap();
        assert!((median.half_width / (1.96 * 0.5 * 10_001f64.sqrt()) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn too_few_numbers_settle_nothing() {
        let (moments, samples) = numbers(999);
        assert_eq!(Statistic::Mean.estimate(&moments, &samples), None);
        let (moments, samples) = numbers(1000);
        assert_eq!(Statistic::Percentile(0.1).estimate(&moments, &samples), None);
    }

    #[test]
    fn relative_precision_is_measured_against_the_statistic() {
        let (moments, samples) = numbers(10_001);
        let until = |half_width| Precision { output: 0, statistic: Statistic::Mean, half_width };
        assert!(until(HalfWidth::Relative(0.012)).is_reached(&moments, &samples));
        assert!(!until(HalfWidth::Relative(0.011)).is_reached(&moments, &samples));
        assert!(until(HalfWidth::Absolute(57.0)).is_reached(&moments, &samples));
    }
}
