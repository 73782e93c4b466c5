//! Rounding at a decimal place, as spreadsheets do it.
//!
//! A double is rarely the decimal number that a person sees: 2.675 is held as 2.67499999999999982, and a spreadsheet
//! rounds it to 2.68 all the same. So a number is first taken to the place asked for, and there one that lies closer
//! than 2^-49 of itself (between the 15 digits that a spreadsheet shows and the 17 that a double holds) to where the
//! result changes is taken to lie there.

use std::hint::select_unpredictable;

/// 2^50: what has so many units at the place asked for has all its 15 digits before it.
const TWO_50: f64 = 1_125_899_906_842_624.0;
/// The first number of 16 digits.
const TEN_15: f64 = 1_000_000_000_000_000.0;
/// 2^-49.
const TOLERANCE: f64 = 1.0 / 562_949_953_421_312.0;
/// Below 2^50 units a whole number is held and scaled with an error below 3/16: it must not pass for the next one, and
/// with a greater tolerance it would pass for a half.
const GREATEST_TOLERANCE_OF_HALF: f64 = 0.125;
const GREATEST_TOLERANCE_OF_WHOLE: f64 = 0.25;

/// Powers of ten, each the nearest double.
#[rustfmt::skip]
const POWERS_OF_TEN: [f64; 309] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
    1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32,
    1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43,
    1e44, 1e45, 1e46, 1e47, 1e48, 1e49, 1e50, 1e51, 1e52, 1e53, 1e54,
    1e55, 1e56, 1e57, 1e58, 1e59, 1e60, 1e61, 1e62, 1e63, 1e64, 1e65,
    1e66, 1e67, 1e68, 1e69, 1e70, 1e71, 1e72, 1e73, 1e74, 1e75, 1e76,
    1e77, 1e78, 1e79, 1e80, 1e81, 1e82, 1e83, 1e84, 1e85, 1e86, 1e87,
    1e88, 1e89, 1e90, 1e91, 1e92, 1e93, 1e94, 1e95, 1e96, 1e97, 1e98,
    1e99, 1e100, 1e101, 1e102, 1e103, 1e104, 1e105, 1e106, 1e107, 1e108, 1e109,
    1e110, 1e111, 1e112, 1e113, 1e114, 1e115, 1e116, 1e117, 1e118, 1e119, 1e120,
    1e121, 1e122, 1e123, 1e124, 1e125, 1e126, 1e127, 1e128, 1e129, 1e130, 1e131,
    1e132, 1e133, 1e134, 1e135, 1e136, 1e137, 1e138, 1e139, 1e140, 1e141, 1e142,
    1e143, 1e144, 1e145, 1e146, 1e147, 1e148, 1e149, 1e150, 1e151, 1e152, 1e153,
    1e154, 1e155, 1e156, 1e157, 1e158, 1e159, 1e160, 1e161, 1e162, 1e163, 1e164,
    1e165, 1e166, 1e167, 1e168, 1e169, 1e170, 1e171, 1e172, 1e173, 1e174, 1e175,
    1e176, 1e177, 1e178, 1e179, 1e180, 1e181, 1e182, 1e183, 1e184, 1e185, 1e186,
    1e187, 1e188, 1e189, 1e190, 1e191, 1e192, 1e193, 1e194, 1e195, 1e196, 1e197,
    1e198, 1e199, 1e200, 1e201, 1e202, 1e203, 1e204, 1e205, 1e206, 1e207, 1e208,
    1e209, 1e210, 1e211, 1e212, 1e213, 1e214, 1e215, 1e216, 1e217, 1e218, 1e219,
    1e220, 1e221, 1e222, 1e223, 1e224, 1e225, 1e226, 1e227, 1e228, 1e229, 1e230,
    1e231, 1e232, 1e233, 1e234, 1e235, 1e236, 1e237, 1e238, 1e239, 1e240, 1e241,
    1e242, 1e243, 1e244, 1e245, 1e246, 1e247, 1e248, 1e249, 1e250, 1e251, 1e252,
    1e253, 1e254, 1e255, 1e256, 1e257, 1e258, 1e259, 1e260, 1e261, 1e262, 1e263,
    1e264, 1e265, 1e266, 1e267, 1e268, 1e269, 1e270, 1e271, 1e272, 1e273, 1e274,
    1e275, 1e276, 1e277, 1e278, 1e279, 1e280, 1e281, 1e282, 1e283, 1e284, 1e285,
    1e286, 1e287, 1e288, 1e289, 1e290, 1e291, 1e292, 1e293, 1e294, 1e295, 1e296,
    1e297, 1e298, 1e299, 1e300, 1e301, 1e302, 1e303, 1e304, 1e305, 1e306, 1e307,
    1e308,
];

/// Rounds half away from zero at `digits` decimal places, as a spreadsheet does: 2.675 at 2 is 2.68.
///
/// Negative `digits` round to tens, hundreds and so on. What is not finite stays as it is.
#[inline]
pub fn round_half_away(x: f64, digits: i32) -> f64 {
    Place::of(digits).round_half_away(x)
}

/// Rounds away from zero at `digits` decimal places.
#[inline]
pub fn round_up(x: f64, digits: i32) -> f64 {
    Place::of(digits).round_up(x)
}

/// Rounds toward zero at `digits` decimal places.
#[inline]
pub fn round_down(x: f64, digits: i32) -> f64 {
    Place::of(digits).round_down(x)
}

/// Rounds to 15 significant decimal digits, which is what a spreadsheet shows of a number and compares it by.
///
/// What is not finite stays as it is; the last numbers before infinity round to it.
#[inline]
pub fn at_15_digits(x: f64) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let magnitude = x.abs();
    let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    // The exponent times log10 2, rounded down: 10^decimal is at most 2^exponent, and the next power above it.
    let decimal = (exponent * 78_913) >> 18;
    let finer = Place::of(14 - decimal);
    let place = if finer.units(magnitude) < TEN_15 { finer } else { Place::of(13 - decimal) };
    let (units, lost) = (place.units(magnitude), place.lost(magnitude));
    let whole = units.floor();
    let rounded = if (units - whole) + lost >= 0.5 { whole + 1.0 } else { whole };
    place.number(rounded).copysign(x)
}

/// A decimal place at which many numbers are rounded.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Two factors of 10^|digits|.
    factors: (f64, f64),
    is_before_the_point: bool,
}

impl Place {
    /// The place of so many decimal digits; of tens, hundreds and so on where there are fewer than 0.
    #[inline(always)]
    pub fn of(digits: i32) -> Place {
        // No double has digits beyond these.
        let digits = digits.clamp(-330, 340);
        let exponent = digits.unsigned_abs();
        let first = exponent.min(308);
        let factors = (POWERS_OF_TEN[first as usize], POWERS_OF_TEN[(exponent - first) as usize]);
        Place { factors, is_before_the_point: digits < 0 }
    }

    /// [`round_half_away`] at this place.
    #[inline(always)]
    pub fn round_half_away(self, x: f64) -> f64 {
        self.round(x, |t| (t + 0.5 + smaller(t * TOLERANCE, GREATEST_TOLERANCE_OF_HALF)).floor())
    }

    /// [`round_up`] at this place.
    #[inline(always)]
    pub fn round_up(self, x: f64) -> f64 {
        self.round(x, |t| (t - smaller(t * TOLERANCE, GREATEST_TOLERANCE_OF_WHOLE)).ceil())
    }

    /// [`round_down`] at this place.
    #[inline(always)]
    pub fn round_down(self, x: f64) -> f64 {
        self.round(x, |t| (t + smaller(t * TOLERANCE, GREATEST_TOLERANCE_OF_WHOLE)).floor())
    }

    /// A magnitude in units of this place.
    #[inline(always)]
    fn units(self, magnitude: f64) -> f64 {
        let (first, second) = self.factors;
        if self.is_before_the_point { magnitude / first / second } else { magnitude * first * second }
    }

    /// What [`Place::units`] loses of a magnitude, where one factor does.
    #[inline(always)]
    fn lost(self, magnitude: f64) -> f64 {
        let (first, units) = (self.factors.0, self.units(magnitude));
        if self.is_before_the_point {
            (-units).mul_add(first, magnitude) / first
        } else {
            magnitude.mul_add(first, -units)
        }
    }

    /// The number of so many units of this place.
    #[inline(always)]
    fn number(self, units: f64) -> f64 {
        let (first, second) = self.factors;
        if self.is_before_the_point { units * first * second } else { units / first / second }
    }

    /// Applies `whole`, which makes an integer of a magnitude, to the magnitude of `x` in units of this place.
    #[inline(always)]
    fn round(self, x: f64, whole: impl Fn(f64) -> f64) -> f64 {
        let scaled = self.units(x.abs());
        let result = self.number(whole(scaled));
        // What is too large to have digits there, and what is NaN, is itself. A choice without a branch: lanes take it
        // together.
        select_unpredictable(scaled < TWO_50, result.copysign(x), x)
    }
}

#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_halves_go_away_from_zero() {
        let cases = [
            (2.675, 2, 2.68),
            (1.005, 2, 1.01),
            (0.285, 2, 0.29),
            (1.45, 1, 1.5),
            (8.345, 2, 8.35),
            (-2.5, 0, -3.0),
            (0.5, 0, 1.0),
            (2.5, 0, 3.0),
            (1.115, 2, 1.12),
            (-1.475, 2, -1.48),
            (21.5, -1, 20.0),
            (626.3, -3, 1000.0),
            (1.98, -1, 0.0),
            (-50.55, -2, -100.0),
            (5.015, 2, 5.02),
            (1.0000005, 6, 1.000001),
            (0.49, 0, 0.0),
            (1e-5, 5, 1e-5),
        ];
        for (x, digits, expected) in cases {
            assert_eq!(round_half_away(x, digits), expected, "{x} at {digits}");
        }
    }

    #[test]
    fn what_a_double_cannot_hold_to_the_place_stays_as_it_is() {
        // Its neighbours are 0.3 units away: rounding would walk on with each turn.
        assert_eq!(round_up(-157_915_619_098.047_85, 4), -157_915_619_098.047_85);
        assert_eq!(round_half_away(112_589_990_684.262_4, 4), 112_589_990_684.262_4);
    }

    #[test]
    fn up_and_down_leave_what_is_round_already() {
        for (x, digits) in [(8.95, 2), (1.1, 1), (2.3, 2), (4.35, 2), (1e22, 3), (123_400.0, -2), (0.07, 2)] {
            assert_eq!(round_up(x, digits), x, "{x} up at {digits}");
            assert_eq!(round_down(x, digits), x, "{x} down at {digits}");
        }
        assert_eq!(round_up(3.2, 0), 4.0);
        assert_eq!(round_up(76.9, 0), 77.0);
        assert_eq!(round_up(7.1416, 3), 7.142);
        assert_eq!(round_up(-7.1416, 1), -7.2);
        assert_eq!(round_up(31_415.926_54, -2), 31_500.0);
        assert_eq!(round_down(31_415.926_54, -2), 31_400.0);
        assert_eq!(round_down(-3.99, 0), -3.0);
        assert_eq!(round_up(0.0, 2), 0.0);
        assert_eq!(round_up(1.1 * 3.0, 1), 3.3);
    }

    #[test]
    fn extreme_places_and_values_pass() {
        assert_eq!(round_half_away(f64::INFINITY, 2), f64::INFINITY);
        assert!(round_half_away(f64::NAN, 2).is_nan());
        assert_eq!(round_half_away(f64::MAX, 308), f64::MAX);
        assert_eq!(round_half_away(5e-324, i32::MAX), 5e-324);
        assert_eq!(round_half_away(5e-324, 300), 0.0);
        assert_eq!(round_half_away(1e300, i32::MIN), 0.0);
        assert_eq!(round_half_away(6e307, -308), 1e308);
        assert_eq!(round_down(f64::MAX, -308), 1e308);
    }

    #[test]
    fn sums_of_decimals_have_the_15_digits_that_a_person_expects() {
        let sums = [
            (0.1 + 0.2, 0.3),
            (0.1 * 3.0, 0.3),
            (1.0 - 0.9, 0.1),
            ([0.1; 10].iter().sum(), 1.0),
            (-4.35 * 100.0, -435.0),
            (1.1e300 * 1.1, 1.21e300),
            (3e-300 * 0.1, 3e-301),
        ];
        for (sum, expected) in sums {
            assert_eq!(at_15_digits(sum), at_15_digits(expected), "{sum} {expected}");
        }
        assert_ne!(at_15_digits(43.1 - 43.2 + 1.0), at_15_digits(0.9));
        for edge in [0.0, 1e308, f64::INFINITY, 999_999_999_999_999.0, 1e15] {
            assert_eq!(at_15_digits(edge), edge);
        }
        assert!(at_15_digits(f64::NAN).is_nan());
        // Three neighbours away, and one more, on both sides.
        let neighbour = |x: f64, steps: i64| f64::from_bits((x.to_bits() as i64 + steps) as u64);
        for (steps, is_same) in [(-5, false), (-4, true), (-3, true), (3, true), (4, true), (5, false)] {
            assert_eq!(at_15_digits(neighbour(0.9, steps)) == 0.9, is_same, "{steps}");
        }
    }

    proptest! {
        /// The powers of ten that a double does not hold cost the rest of what may be off.
        #[test]
        fn fifteen_digits_are_those_that_formatting_finds(
            units in 100_000_000_000_000..999_999_999_999_999_u64, rest in -0.3..0.3, exponent in -290..290,
        ) {
            let x: f64 = format!("{}e{exponent}", units as f64 + rest).parse().unwrap();
            let formatted: f64 = format!("{x:.14e}").parse().unwrap();
            let rounded = at_15_digits(x);
            prop_assert!((rounded - formatted).abs() <= 4e-16 * formatted, "{x:e} {rounded:e} {formatted:e}");
        }

        #[test]
        fn rounding_twice_changes_nothing(x in -1e12f64..1e12, digits in -6i32..9) {
            for round in [round_half_away, round_up, round_down] {
                let once = round(x, digits);
                prop_assert_eq!(round(once, digits), once);
            }
        }

        #[test]
        fn two_decimal_numbers_round_as_their_text(cents in 0i64..10_000_000_000) {
            // The decimal number with three places is rounded in integers, then read again.
            let exact = cents as f64 / 1000.0;
            let expected = ((cents + 5) / 10) as f64 / 100.0;
            prop_assert_eq!(round_half_away(exact, 2), expected);
        }

        #[test]
        fn down_is_below_half_away_is_below_up(x in -1e9f64..1e9, digits in -3i32..6) {
            let (down, half, up) = (round_down(x, digits), round_half_away(x, digits), round_up(x, digits));
            prop_assert!(down.abs() <= half.abs() && half.abs() <= up.abs());
        }
    }
}
