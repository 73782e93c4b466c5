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
/// from `guess`, as spreadsheets do; where it does not converge, the sign change nearest to the guess.
pub(super) fn internal_rate(flows: &[f64], guess: f64) -> Outcome {
    let has_both_signs = flows.iter().any(|flow| *flow > 0.0) && flows.iter().any(|flow| *flow < 0.0);
    if !has_both_signs || guess <= -1.0 {
        return Err(ErrorKind::Num);
    }
    let near = match newton(flows, guess) {
        Some(Approach::Arrived(rate)) => return Ok(rate),
        Some(Approach::Near(rate)) => Some(rate),
        None => None,
    };
    bracketed(flows, guess).or(near).ok_or(ErrorKind::Num)
}

/// How far Newton's method came.
enum Approach {
    /// Its last step was no more than rounding.
    Arrived(f64),
    /// A root within the tolerance, from slow steps that were not at their end.
    Near(f64),
}

fn newton(flows: &[f64], guess: f64) -> Option<Approach> {
    let mut rate = guess;
    for _ in 0..NEWTON_STEPS {
        let discount = 1.0 / (1.0 + rate);
        let (value, slope) = value_and_slope(flows, discount);
        // The slope is by the discount factor, whose own slope by the rate is -discount^2.
        let next = rate + value / (slope * discount * discount);
        // Written so that a NaN, from an overflow or a flat slope, ends the search too.
        if !(next > -1.0 && next < f64::MAX) {
            return None;
        }
        let step = (next - rate).abs();
        rate = next;
        if step <= STEP_TOLERANCE * (1.0 + rate) {
            return is_root(flows, rate).then_some(Approach::Arrived(rate));
        }
    }
    is_root(flows, rate).then_some(Approach::Near(rate))
}

/// The present value of the flows and its slope by the discount factor, by Horner's rule.
fn value_and_slope(flows: &[f64], discount: f64) -> (f64, f64) {
    flows
        .iter()
        .rev()
        .fold((0.0, 0.0), |(value, slope), flow| (value * discount + flow, slope * discount + value))
}

fn is_root(flows: &[f64], rate: f64) -> bool {
    let (value, size) = scaled_value(flows, 1.0 + rate);
    size > 0.0 && value.abs() <= VALUE_TOLERANCE * size
}

/// The net present value at growth 1 + rate, scaled so that nothing overflows that need not, and the sum of its
/// terms' sizes on the same scale: discounted to the first flow for growth above 1, else compounded to the last.
fn scaled_value(flows: &[f64], growth: f64) -> (f64, f64) {
    let add = |factor: f64| {
        move |(value, size): (f64, f64), flow: &f64| (value * factor + flow, size * factor + flow.abs())
    };
    if growth >= 1.0 {
        flows.iter().rev().fold((0.0, 0.0), add(1.0 / growth))
    } else {
        flows.iter().fold((0.0, 0.0), add(growth))
    }
}

/// Widens from the guess until the value changes sign, then halves.
fn bracketed(flows: &[f64], guess: f64) -> Option<f64> {
    let is_positive = |growth: f64| scaled_value(flows, growth).0 > 0.0;
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
            let (value, size) = scaled_value(&flows, 1.0 + rate);
            prop_assert!(value.abs() <= 1e-12 * size, "{rate}: {value} of {size}");
        }
    }
}
