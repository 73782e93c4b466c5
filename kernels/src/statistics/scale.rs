//! Cutting a range into bins of equal width by arithmetic alone.

/// Samples that are placed at a time.
pub(super) const TILE: usize = 1024;

/// A range within these bounds is cut into bins by one multiplication without loss.
const EASY_RANGE: std::ops::Range<f64> = 1e-280..1e300;
/// Added and taken away again, rounds a number below 2^51 to an integer.
const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;

/// A map of the numbers from `low` to `high` to bins. The bin never falls as the number rises, since no step of
/// the arithmetic does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    bins_per_unit: f64,
    last: f64,
    /// So near to an edge, in widths of a bin, rounding may put a number on its wrong side.
    doubt: f64,
}

impl Scale {
    /// None where the range is empty, or so wide or narrow that rounding blurs the bins. There are fewer than 2^31.
    pub fn new(low: f64, high: f64, bins: usize) -> Option<Scale> {
        let range = high - low;
        let rounding = f64::EPSILON * low.abs().max(high.abs());
        let doubt = 32.0 * bins as f64 * rounding / range;
        let is_easy = EASY_RANGE.contains(&range) && doubt < 0.25 && bins < 1 << 31;
        is_easy.then(|| Scale {
            low,
            high,
            bins_per_unit: bins as f64 / range,
            last: (bins - 1) as f64,
            doubt,
        })
    }

    /// The bin of a sample. One outside the range goes to the nearest bin, what is no number to any.
    #[inline(always)]
    pub fn bin(&self, sample: f64) -> u32 {
        let place = (sample - self.low) * self.bins_per_unit;
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < self.last { place } else { self.last };
        // SAFETY: the place lies from 0 to `last`, which is less than 2^31; a NaN has become 0.
        unsafe { place.to_int_unchecked::<i32>() as u32 }
    }

    /// Writes the bin of each sample.
    pub fn place(&self, samples: &[f64], bins: &mut [u32; TILE]) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as it has just been asked.
            unsafe { self.place_in_avx2(samples, bins) };
            return;
        }
        self.place_each(samples, bins);
    }

    /// Whether every sample lies inside the range and so far from edges that its bin is beyond doubt. The lower end of
    /// the range itself is.
    pub fn is_sure(&self, samples: &[f64]) -> bool {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as it has just been asked.
            return unsafe { self.is_sure_in_avx2(samples) };
        }
        self.is_each_sure(samples)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn place_in_avx2(&self, samples: &[f64], bins: &mut [u32; TILE]) {
        self.place_each(samples, bins);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn is_sure_in_avx2(&self, samples: &[f64]) -> bool {
        self.is_each_sure(samples)
    }

    #[inline(always)]
    fn place_each(&self, samples: &[f64], bins: &mut [u32; TILE]) {
        for (bin, sample) in bins.iter_mut().zip(samples) {
            *bin = self.bin(*sample);
        }
    }

    #[inline(always)]
    fn is_each_sure(&self, samples: &[f64]) -> bool {
        let mut doubts = 0u64;
        for sample in samples.iter().copied() {
            let place = (sample - self.low) * self.bins_per_unit;
            let from_edge = (place - ((place + ROUNDER) - ROUNDER)).abs();
            let is_inside = (sample >= self.low) & (sample <= self.high);
            let is_sure = (from_edge >= self.doubt) | (place == 0.0);
            doubts += u64::from(!(is_inside & is_sure));
        }
        doubts == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_that_rounding_blurs_have_no_scale() {
        assert!(Scale::new(1.0, 1.0, 10).is_none());
        assert!(Scale::new(1.0, 1.0 + 1e-14, 10).is_none());
        assert!(Scale::new(-f64::MAX, f64::MAX, 10).is_none());
        assert!(Scale::new(0.0, 1e-300, 10).is_none());
        assert!(Scale::new(0.0, 1e-9, 8192).is_some());
    }

    #[test]
    fn errors_and_numbers_outside_or_at_an_edge_are_doubtful() {
        let scale = Scale::new(0.0, 10.0, 10).unwrap();
        assert!(scale.is_sure(&[0.0, 0.5, 9.9]));
        for doubtful in [f64::NAN, f64::INFINITY, -0.1, 10.1, 3.0, 3f64.next_down()] {
            assert!(!scale.is_sure(&[0.5, doubtful]), "{doubtful}");
        }
    }

    proptest! {
        #[test]
        fn bins_rise_with_the_numbers(a: f64, b: f64, low in -1e9..1e9f64, range in 1e-3..1e12f64, bins in 1usize..9000) {
            if let Some(scale) = Scale::new(low, low + range, bins) {
                let (a, b) = if a < b { (a, b) } else { (b, a) };
                prop_assert!(scale.bin(a) <= scale.bin(b) || a.is_nan() || b.is_nan());
                prop_assert!((scale.bin(b) as usize) < bins);
                let mut placed = [0; TILE];
                scale.place(&[a, b], &mut placed);
                prop_assert_eq!([placed[0], placed[1]], [scale.bin(a), scale.bin(b)]);
            }
        }
    }
}
