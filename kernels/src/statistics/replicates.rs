//! The standard error of a mean over trials that come in independent sets.

/// The standard error of the mean of `samples`, of which sample i belongs to set i mod `SETS`.
///
/// With S_r the sum and N_r the count of the numbers of set r, the mean is the ratio sum S / sum N, whose variance is
/// about R / (R - 1) sum (S_r - mean N_r)^2 / (sum N)^2 (Cochran, 1977, chapter 6): where all counts are equal, the
/// variance of the sets' means by R. It has R - 1 degrees of freedom. What is no number is left out; none where a
/// set has no trial, or where the squares pass the range of a double.
pub fn mean_std_error<const SETS: usize>(samples: &[f64], mean: f64) -> Option<f64> {
    if samples.len() < SETS {
        return None;
    }
    let mut excess = [0.0; SETS];
    let mut count = 0u64;
    for row in samples.chunks(SETS) {
        for (excess, sample) in excess.iter_mut().zip(row) {
            if sample.is_finite() {
                *excess += sample - mean;
                count += 1;
            }
        }
    }
    let sets = SETS as f64;
    let squares: f64 = excess.iter().map(|excess| (excess / count as f64).powi(2)).sum();
    let error = (squares * sets / (sets - 1.0)).sqrt();
    error.is_finite().then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_sets_it_is_that_of_their_means() {
        // Means 2, 4 and 9 with mean 5: variance 13, by 3 sets.
        let error = mean_std_error::<3>(&[1.0, 4.0, 8.0, 3.0, 4.0, 10.0], 5.0).unwrap();
        assert!((error - (13f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let error = mean_std_error::<2>(&[1.0, f64::NAN, 1.0, 4.0], 2.0).unwrap();
        // Excesses -2 and 2 of three numbers: sqrt(2 (4 + 4) / 9).
        assert!((error - 4.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn of_independent_trials_it_is_the_usual_one() {
        let samples: Vec<f64> = (0..160_000u64)
            .map(|trial| (trial.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as u32)
            .map(|bits| f64::from(bits.wrapping_mul(bits | 1) >> 8))
            .collect();
        let mean = samples.iter().sum::<f64>() / samples.len() as f64;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / samples.len() as f64;
        let ratio = mean_std_error::<16>(&samples, mean).unwrap() / (variance / 160_000.0).sqrt();
        // The square is chi square of 15 degrees of freedom, by 15.
        assert!((0.5..1.7).contains(&ratio), "{ratio}");
    }

    #[test]
    fn too_few_trials_tell_nothing() {
        assert_eq!(mean_std_error::<16>(&[1.0; 15], 1.0), None);
        assert_eq!(mean_std_error::<16>(&[1.0; 16], 1.0), Some(0.0));
        assert_eq!(mean_std_error::<2>(&[f64::NAN; 4], 0.0), None);
        assert_eq!(mean_std_error::<2>(&[1e300, -1e300], 0.0), None);
    }
}
