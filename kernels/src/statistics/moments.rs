//! Moments of a block of trials, and how two of them become one.

/// How many consecutive trials make a block: the unit in which moments are made.
pub const BLOCK: usize = 4096;

/// Lanes of accumulation. Fixed, so that the sums have the same bits whatever vectors the processor has.
pub(crate) const LANES: usize = 16;

/// Below this a sum of squares or of fourth powers has lost digits to underflow.
const SMALLEST_SOUND: f64 = f64::MIN_POSITIVE / f64::EPSILON;

/// Count, mean, central sums of powers, and extremes of the numbers of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// How many numbers.
    pub count: u64,
    /// Their mean; 0 when there is none.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub m2: f64,
    /// Sum of cubed deviations.
    pub m3: f64,
    /// Sum of fourth powers of deviations.
    pub m4: f64,
    /// The least number; infinity when there is none.
    pub min: f64,
    /// The greatest number; minus infinity when there is none.
    pub max: f64,
}

impl Moments {
    /// The moments of no numbers, which merge into any others without a trace.
    pub const EMPTY: Moments = Moments {
        count: 0,
        mean: 0.0,
        m2: 0.0,
        m3: 0.0,
        m4: 0.0,
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
    };

    /// The moments of the numbers among the packed values of one block; errors are skipped.
    ///
    /// All sums are of deviations from the first number, so that a large mean costs the higher moments no digits
    /// and equal numbers have a variance of exactly 0.
    pub fn of_block(samples: &[f64]) -> Moments {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512 F, as it has just been asked.
            return unsafe { of_block_in_avx512(samples) };
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, as it has just been asked.
            return unsafe { of_block_in_avx2(samples) };
        }
        of_block_in_lanes(samples)
    }

    /// The moments of two runs of trials together (Pébay 2008, SAND2008-6212). The order of
    /// the operands and of merges changes the last bits: [`super::moments_tree`] fixes it.
    pub fn merge(&self, other: &Moments) -> Moments {
        if self.count == 0 {
            return *other;
        }
        if other.count == 0 {
            return *self;
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let n = na + nb;
        let (wa, wb) = (na / n, nb / n);
        let delta = other.mean - self.mean;
        let delta2 = delta * delta;
        let between = delta2 * (na * wb);
        let m3 = between * delta * (wa - wb) + 3.0 * delta * (wa * other.m2 - wb * self.m2);
        let m4 = between * delta2 * (wa * wa - wa * wb + wb * wb)
            + 6.0 * delta2 * (wa * wa * other.m2 + wb * wb * self.m2)
            + 4.0 * delta * (wa * other.m3 - wb * self.m3);
        Moments {
            count: self.count + other.count,
            mean: self.mean + delta * wb,
            m2: self.m2 + other.m2 + between,
            m3: self.m3 + other.m3 + m3,
            m4: self.m4 + other.m4 + m4,
            min: lesser(self.min, other.min),
            max: greater(self.max, other.max),
        }
    }

    /// The mean; none without numbers, or past the range of a double.
    pub fn mean(&self) -> Option<f64> {
        finite(self.mean).filter(|_| self.count > 0)
    }

    /// The least number.
    pub fn min(&self) -> Option<f64> {
        finite(self.min)
    }

    /// The greatest number.
    pub fn max(&self) -> Option<f64> {
        finite(self.max)
    }

    /// The unbiased variance, over n - 1, as Excel's VAR.S; none with fewer than two numbers, or where the
    /// squares overflow or underflow a double.
    pub fn variance(&self) -> Option<f64> {
        let constant = self.min == self.max;
        let sound = constant || self.m2 >= SMALLEST_SOUND;
        if self.count < 2 || !sound { None } else { finite(self.m2 / (self.count - 1) as f64) }
    }

    /// The square root of [`Moments::variance`], as Excel's STDEV.S.
    pub fn std_dev(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// The standard error of the mean: the standard deviation over the root of the count.
    pub fn mean_std_error(&self) -> Option<f64> {
        self.std_dev().map(|std_dev| std_dev / (self.count as f64).sqrt())
    }

    /// The skewness g1 of the sample as it stands, m3 / m2^(3/2) with m the mean powers of deviations: 0 for a
    /// normal. Excel's SKEW.P. None for equal numbers.
    pub fn skewness(&self) -> Option<f64> {
        let n = self.count as f64;
        if self.m4 >= SMALLEST_SOUND { finite(n.sqrt() * self.m3 / (self.m2 * self.m2.sqrt())) } else { None }
    }

    /// The plain kurtosis of the sample as it stands, m4 / m2^2: 3 for a normal, as @RISK and Crystal Ball
    /// report it (Excel's KURT is an excess over 3, corrected for small samples). None for equal numbers.
    pub fn kurtosis(&self) -> Option<f64> {
        let n = self.count as f64;
        if self.m4 >= SMALLEST_SOUND { finite((self.m4 / self.m2) * (n / self.m2)) } else { None }
    }
}

/// The same lanes in the widest registers: the same bits, as no operation is fused or moved.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn of_block_in_avx512(samples: &[f64]) -> Moments {
    of_block_in_lanes(samples)
}

/// Likewise in wider ones.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn of_block_in_avx2(samples: &[f64]) -> Moments {
    of_block_in_lanes(samples)
}

#[inline(always)]
fn of_block_in_lanes(samples: &[f64]) -> Moments {
    let Some(pivot) = samples.first().copied() else { return Moments::EMPTY };
    let first = |[sum, min, max]: [f64; 3], sample: f64| {
        [sum + (sample - pivot), lesser(min, sample), greater(max, sample)]
    };
    let [sums, least, greatest] = in_lanes(samples, [0.0, pivot, pivot], first);
    let offset = across(sums) / samples.len() as f64;
    // An error or an infinity among the samples has made a NaN or an infinity of their sum.
    if !offset.is_finite() && !samples.iter().all(|sample| sample.is_finite()) {
        let numbers: Vec<f64> = samples.iter().copied().filter(|sample| sample.is_finite()).collect();
        return Moments::of_block(&numbers);
    }
    // The mean's two parts are subtracted one after the other: their sum, rounded, would shift every
    // deviation of numbers that lie close together.
    let deviation = |sample: f64| (sample - pivot) - offset;
    let powers = |[m2, m3, m4]: [f64; 3], sample: f64| {
        let square = deviation(sample) * deviation(sample);
        [m2 + square, m3 + square * deviation(sample), m4 + square * square]
    };
    let [m2, m3, m4] = in_lanes(samples, [0.0; 3], powers).map(across);
    Moments {
        count: samples.len() as u64,
        mean: pivot + offset,
        m2,
        m3,
        m4,
        min: fold(least, lesser),
        max: fold(greatest, greater),
    }
}

fn finite(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Folds the numbers in lanes, to which they are dealt out in turn, a few quantities at a time: as many as leave their
/// lanes in registers.
#[inline(always)]
fn in_lanes<const N: usize>(
    numbers: &[f64],
    start: [f64; N],
    step: impl Fn([f64; N], f64) -> [f64; N],
) -> [[f64; LANES]; N] {
    let mut lanes = start.map(|start| [start; LANES]);
    let (whole, rest) = numbers.as_chunks::<LANES>();
    for numbers in whole {
        for lane in 0..LANES {
            let stepped = step(std::array::from_fn(|quantity| lanes[quantity][lane]), numbers[lane]);
            for quantity in 0..N {
                lanes[quantity][lane] = stepped[quantity];
            }
        }
    }
    if !rest.is_empty() {
        step_rest(&mut lanes, rest, step);
    }
    lanes
}

/// Out of line, as all that takes lanes one by one: else the compiler cuts the whole vectors above to suit it, which
/// takes more than twice the time.
#[inline(never)]
fn step_rest<const N: usize>(
    lanes: &mut [[f64; LANES]; N],
    rest: &[f64],
    step: impl Fn([f64; N], f64) -> [f64; N],
) {
    for (lane, number) in rest.iter().enumerate() {
        let stepped = step(std::array::from_fn(|quantity| lanes[quantity][lane]), *number);
        for quantity in 0..N {
            lanes[quantity][lane] = stepped[quantity];
        }
    }
}

#[inline(never)]
fn fold(lanes: [f64; LANES], pick: impl Fn(f64, f64) -> f64) -> f64 {
    let [first, rest @ ..] = lanes;
    rest.into_iter().fold(first, pick)
}

/// As one instruction has it, unlike `f64::min`, which looks for NaNs.
fn lesser(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

fn greater(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The sum across lanes, in one fixed order.
#[inline(never)]
fn across(mut lanes: [f64; LANES]) -> f64 {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::{ErrorKind, Value};
    use proptest::prelude::*;

    fn close(a: f64, b: f64, scale: f64) -> bool {
        (a - b).abs() <= 1e-12 * scale.abs().max(a.abs())
    }

    #[test]
    fn small_sample_has_known_moments() {
        let moments = Moments::of_block(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((moments.mean(), moments.min(), moments.max()), (Some(5.0), Some(2.0), Some(9.0)));
        assert_eq!((moments.m2, moments.m3, moments.m4), (32.0, 42.0, 356.0));
        assert_eq!(moments.variance(), Some(32.0 / 7.0));
        assert_eq!(moments.skewness(), Some(0.65625));
        assert_eq!(moments.kurtosis(), Some(2.78125));
    }

    #[test]
    fn equal_numbers_have_no_spread_and_no_shape() {
        let block = Moments::of_block(&[0.1; 1001]);
        let merged = block.merge(&Moments::of_block(&[0.1; 77]));
        assert_eq!((merged.mean(), merged.variance(), merged.count), (Some(0.1), Some(0.0), 1078));
        assert_eq!((merged.skewness(), merged.kurtosis()), (None, None));
    }

    #[test]
    fn errors_are_left_out() {
        let error = Value::Error(ErrorKind::Div0).pack();
        let with = Moments::of_block(&[error, 1.0, error, 2.0, f64::INFINITY, 4.0]);
        assert_eq!((with.count, with.min, with.max), (3, 1.0, 4.0));
        assert!(close(with.mean, 7.0 / 3.0, 1.0));
        assert_eq!(Moments::of_block(&[error; 9]), Moments::EMPTY);
        assert_eq!(Moments::EMPTY.mean(), None);
        assert_eq!(Moments::of_block(&[3.0]).std_dev(), None);
    }

    #[test]
    fn a_large_mean_costs_no_digits() {
        let samples: Vec<f64> = (0..BLOCK).map(|trial| 1e15 + (trial % 2) as f64).collect();
        let moments = Moments::of_block(&samples);
        assert_eq!(moments.m2, BLOCK as f64 / 4.0);
        assert_eq!(moments.kurtosis(), Some(1.0));
    }

    #[test]
    fn what_a_double_cannot_hold_is_none() {
        let huge = Moments::of_block(&[1e200, -1e200, 3e200]);
        assert_eq!((huge.mean(), huge.std_dev(), huge.max()), (Some(1e200), None, Some(3e200)));
        let tiny = Moments::of_block(&[1e-200, -1e-200, 3e-200]);
        assert_eq!((tiny.std_dev(), tiny.skewness()), (None, None));
    }

    proptest! {
        #[test]
        fn wider_registers_change_no_bit(samples in prop::collection::vec(any::<f64>(), 0..100)) {
            let (wide, narrow) = (Moments::of_block(&samples), of_block_in_lanes(&samples));
            prop_assert_eq!(format!("{wide:?}"), format!("{narrow:?}"));
        }

        #[test]
        fn merged_blocks_agree_with_one_block(
            left in prop::collection::vec(-1e3..1e3f64, 1..400),
            right in prop::collection::vec(-1e2..1e4f64, 1..400),
        ) {
            let merged = Moments::of_block(&left).merge(&Moments::of_block(&right));
            let whole = Moments::of_block(&[left, right].concat());
            let spread = whole.max - whole.min;
            let n = whole.count as f64;
            prop_assert_eq!((merged.count, merged.min, merged.max), (whole.count, whole.min, whole.max));
            prop_assert!(close(merged.mean, whole.mean, 1e4));
            prop_assert!(close(merged.m2, whole.m2, n * spread.powi(2)));
            prop_assert!(close(merged.m3, whole.m3, n * spread.powi(3)));
            prop_assert!(close(merged.m4, whole.m4, n * spread.powi(4)));
        }
    }
}
