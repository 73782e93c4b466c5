//! The internal rate of return.

use super::Outcome;
use crate::value::ErrorKind;

const NEWTON_STEPS: usize = 64;
/// A Newton step this small, relative to 1 + rate, is convergence.
const STEP_TOLERANCE: f64 = 1e-14;
/// A net present value this small, relative to the sum of its terms' sizes, is 0 but for rounding.
const VALUE_TOLERANCE: f64 = 1e-10;
/// The bracket grows by this factor of 1 + rate at each end, from the guess outward.
const BRACKET_GROWTH: f64 = 1.25;
/// 1.25^256 is 6e24, past every rate that has a use.
const BRACKET_STEPS: usize = 256;
/// Halvings that take any bracket to neighbouring numbers.
const BISECTION_STEPS: usize = 128;

/// The rate at which `flows`, one a period, the first at once, have the net present value 0. Newton's method
/// from `guess`, as spreadsheets do; where it does not converge, the sign change nearest to the guess. A guess at which
/// nothing is left is `#VALUE!`.
pub(super) fn internal_rate(flows: &[f64], guess: f64) -> Outcome {
    if guess <= -1.0 {
        return Err(ErrorKind::Value);
    }
    let lane = flows.as_chunks::<1>().0;
    let [may_have_rate] = may_have_rates(lane, [guess]);
    if !may_have_rate {
        return Err(ErrorKind::Num);
    }
    let Approach { rates: [rate], arrived: [arrived] } = newton(lane, [guess]);
    match Some(rate).filter(|rate| is_root(flows, *rate)) {
        Some(rate) if arrived => Ok(rate),
        // Near one is within the tolerance too, from slow steps that were not at their end.
        near => bracketed(flows, guess).or(near).ok_or(ErrorKind::Num),
    }
}

/// [`Opcode::InternalRate`](crate::plan::Opcode::InternalRate) of the same number of flows in each of `N` lanes, all of them
/// numbers, where Newton's method arrives, and NaN where [`apply_run`](super::apply_run) has to say.
#[inline(always)]
pub fn plain_rates<const N: usize>(flows: &[[f64; N]], guesses: [f64; N]) -> [f64; N] {
    let may_have_rate = may_have_rates(flows, guesses);
    let Approach { rates, arrived } = newton(flows, guesses);
    let are_roots = are_roots(flows, rates);
    let mut plain = [f64::NAN; N];
    for lane in 0..N {
        plain[lane] =
            if may_have_rate[lane] & arrived[lane] & are_roots[lane] { rates[lane] } else { f64::NAN };
    }
    plain
}

/// Whether there are flows of both signs, and a guess that is a rate.
#[inline(always)]
fn may_have_rates<const N: usize>(flows: &[[f64; N]], guesses: [f64; N]) -> [bool; N] {
    let (mut least, mut greatest) = ([0.0; N], [0.0; N]);
    for flow in flows {
        for lane in 0..N {
            least[lane] = if flow[lane] < least[lane] { flow[lane] } else { least[lane] };
            greatest[lane] = if flow[lane] > greatest[lane] { flow[lane] } else { greatest[lane] };
        }
    }
    let mut may_have_rate = [false; N];
    for lane in 0..N {
        may_have_rate[lane] = least[lane] < 0.0 && greatest[lane] > 0.0 && guesses[lane] > -1.0;
    }
    may_have_rate
}

/// How far Newton's method came.
struct Approach<const N: usize> {
    /// NaN where it left all that can be a rate.
    rates: [f64; N],
    /// Whether the last step was no more than rounding.
    arrived: [bool; N],
}

/// Newton's method in each of `N` lanes, each of which stops where it would alone.
#[inline(always)]
fn newton<const N: usize>(flows: &[[f64; N]], guesses: [f64; N]) -> Approach<N> {
    let (mut rates, mut arrived) = (guesses, [false; N]);
    for _ in 0..NEWTON_STEPS {
        let mut discounts = [0.0; N];
        for lane in 0..N {
            discounts[lane] = 1.0 / (1.0 + rates[lane]);
        }
        let (values, slopes) = values_and_slopes(flows, discounts);
        let mut ended = true;
        for lane in 0..N {
            let (rate, discount) = (rates[lane], discounts[lane]);
            // The slope is by the discount factor, whose own slope by the rate is -discount^2.
            let next = rate + values[lane] / (slopes[lane] * discount * discount);
            // Written so that a NaN, from an overflow or a flat slope, ends the search too.
            let next = if next > -1.0 && next < f64::MAX { next } else { f64::NAN };
            let next = if arrived[lane] { rate } else { next };
            arrived[lane] = (next - rate).abs() <= STEP_TOLERANCE * (1.0 + next);
            ended &= arrived[lane] | next.is_nan();
            rates[lane] = next;
        }
        if ended {
            break;
        }
    }
    Approach { rates, arrived }
}

/// The present values of the flows and their slopes by the discount factor, by Horner's rule.
#[inline(always)]
fn values_and_slopes<const N: usize>(flows: &[[f64; N]], discounts: [f64; N]) -> ([f64; N], [f64; N]) {
    let (mut values, mut slopes) = ([0.0; N], [0.0; N]);
    for flow in flows.iter().rev() {
        for lane in 0..N {
            slopes[lane] = slopes[lane] * discounts[lane] + values[lane];
            values[lane] = values[lane] * discounts[lane] + flow[lane];
        }
    }
    (values, slopes)
}

fn is_root(flows: &[f64], rate: f64) -> bool {
    are_roots(flows.as_chunks::<1>().0, [rate])[0]
}

/// Whether the net present value is 0 but for rounding.
#[inline(always)]
fn are_roots<const N: usize>(flows: &[[f64; N]], rates: [f64; N]) -> [bool; N] {
    let mut growths = [0.0; N];
    for lane in 0..N {
        growths[lane] = 1.0 + rates[lane];
    }
    let (values, sizes) = scaled_values(flows, growths);
    let mut are_roots = [false; N];
    for lane in 0..N {
        are_roots[lane] = sizes[lane] > 0.0 && values[lane].abs() <= VALUE_TOLERANCE * sizes[lane];
    }
    are_roots
}

/// The net present values at growth 1 + rate, scaled so that nothing overflows that need not, and the sums of their
/// terms' sizes on the same scale: discounted to the first flow for growth above 1, else compounded to the last.
#[inline(always)]
fn scaled_values<const N: usize>(flows: &[[f64; N]], growths: [f64; N]) -> ([f64; N], [f64; N]) {
    let mut discounts = [0.0; N];
    let (mut some_grow, mut some_shrink) = (false, false);
    for lane in 0..N {
        discounts[lane] = 1.0 / growths[lane];
        some_grow |= growths[lane] >= 1.0;
        some_shrink |= growths[lane] < 1.0;
    }
    let (mut values, mut sizes) = ([f64::NAN; N], [f64::NAN; N]);
    if some_grow {
        (values, sizes) = values_and_sizes(flows.iter().rev(), discounts);
    }
    if some_shrink {
        let (compounded, compounded_sizes) = values_and_sizes(flows.iter(), growths);
        for lane in 0..N {
            let grows = growths[lane] >= 1.0;
            values[lane] = if grows { values[lane] } else { compounded[lane] };
            sizes[lane] = if grows { sizes[lane] } else { compounded_sizes[lane] };
        }
    }
    (values, sizes)
}

/// The sums of the flows, in this order, and of their sizes, each times one factor more than the next.
#[inline(always)]
fn values_and_sizes<'a, const N: usize>(
    flows: impl Iterator<Item = &'a [f64; N]>,
    factors: [f64; N],
) -> ([f64; N], [f64; N]) {
    let (mut values, mut sizes) = ([0.0; N], [0.0; N]);
    for flow in flows {
        for lane in 0..N {
            values[lane] = values[lane] * factors[lane] + flow[lane];
            sizes[lane] = sizes[lane] * factors[lane] + flow[lane].abs();
        }
    }
    (values, sizes)
}

/// Widens from the guess until the value changes sign, then halves.
fn bracketed(flows: &[f64], guess: f64) -> Option<f64> {
    let lane = flows.as_chunks::<1>().0;
    let is_positive = |growth: f64| scaled_values(lane, [growth]).0[0] > 0.0;
    let start = is_positive(1.0 + guess);
    let (mut low, mut high) = (1.0 + guess, 1.0 + guess);
    for _ in 0..BRACKET_STEPS {
        let (lower, higher) = (low / BRACKET_GROWTH, high * BRACKET_GROWTH);
        if is_positive(higher) != start {
            return Some(bisect(is_positive, high, higher)).filter(|rate| is_root(flows, *rate));
        }
        if is_positive(lower) != start {
            return Some(bisect(is_positive, lower, low)).filter(|rate| is_root(flows, *rate));
        }
        (low, high) = (lower, higher);
    }
    None
}

/// The rate at the sign change between two growths.
fn bisect(is_positive: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    let at_low = is_positive(low);
    for _ in 0..BISECTION_STEPS {
        let middle = low + (high - low) * 0.5;
        if middle <= low || middle >= high {
            break;
        }
        if is_positive(middle) == at_low {
            low = middle;
        } else {
            high = middle;
        }
    }
    low - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_example_of_a_spreadsheet_agrees() {
        let flows = [-70000.0, 12000.0, 15000.0, 18000.0, 21000.0, 26000.0];
        let five_years = internal_rate(&flows, 0.1).unwrap();
        assert!((five_years - 0.086_630_948_036_531).abs() < 1e-14, "{five_years}");
        let two_years = internal_rate(&flows[..3], -0.1).unwrap();
        assert!((two_years + 0.443_506_941_334_740).abs() < 1e-14, "{two_years}");
    }

    #[test]
    fn a_guess_from_which_newton_diverges_still_finds_the_rate() {
        let flows = [-1000.0, 1100.0];
        for guess in [-0.99, 0.0, 5.0, 1e3, 1e6] {
            let rate = internal_rate(&flows, guess).unwrap();
            assert!((rate - 0.1).abs() < 1e-13, "{guess}: {rate}");
        }
    }

    #[test]
    fn flows_without_a_rate_are_refused() {
        let cases: [(&[f64], f64); 6] = [
            (&[], 0.1),
            (&[1.0, 2.0], 0.1),
            (&[-1.0, -2.0, 0.0], 0.1),
            (&[1.0, -1.0, 1.0], 0.1),
            (&[-1.0, 2.0], -1.0),
            (&[-f64::MAX, f64::MAX, f64::MAX, -f64::MAX], 0.1),
        ];
        for (flows, guess) in cases {
            let outcome = internal_rate(flows, guess);
            assert!(outcome.is_err() || is_root(flows, outcome.unwrap()), "{flows:?} {outcome:?}");
        }
        assert_eq!(internal_rate(&[1.0, -1.0, 1.0], 0.1), Err(ErrorKind::Num));
    }

    proptest! {
        /// One investment and then returns have exactly one rate above -1.
        #[test]
        fn an_investment_with_returns_has_its_rate(
            investment in 1.0..1e6f64, returns in prop::collection::vec(0.1..1e6f64, 1..40), guess in -0.9..3.0f64,
        ) {
            let mut flows = vec![-investment];
            flows.extend(&returns);
            let rate = internal_rate(&flows, guess).unwrap();
            let ([value], [size]) = scaled_values(flows.as_chunks::<1>().0, [1.0 + rate]);
            prop_assert!(value.abs() <= 1e-12 * size, "{rate}: {value} of {size}");
        }

        /// And side by side each lane has the rate that it has alone.
        #[test]
        fn lanes_have_the_rates_that_they_have_alone(
            flows in prop::collection::vec(prop::array::uniform4(prop_oneof![-1e6..1e6f64, -10.0..0.0f64, Just(0.0)]), 0..20),
            investments in prop::array::uniform4(-1e6..1e3f64), guesses in prop::array::uniform4(-1.1..3.0f64),
        ) {
            let flows: Vec<[f64; 4]> = std::iter::once(investments).chain(flows).collect();
            let rates = plain_rates(&flows, guesses);
            for lane in 0..4 {
                let alone: Vec<f64> = flows.iter().map(|flow| flow[lane]).collect();
                let expected = internal_rate(&alone, guesses[lane]);
                let agrees = rates[lane].is_nan() || expected.map(f64::to_bits) == Ok(rates[lane].to_bits());
                prop_assert!(agrees, "{} {expected:?}", rates[lane]);
            }
        }
    }

    #[test]
    fn lanes_with_a_rate_near_the_guess_leave_nothing_to_others() {
        let flows = [[-100.0, -100.0, -100.0, -50.0], [110.0, 90.0, 20.0, 30.0], [10.0, 5.0, 120.0, 30.0]];
        let rates = plain_rates(&flows, [0.1; 4]);
        assert!(rates.iter().all(|rate| rate.is_finite()), "{rates:?}");
    }
}
