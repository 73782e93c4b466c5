//! Polynomials in a fixed order of operations, coefficients from the lowest power up.

/// By Horner's rule: one chain, the fewest operations.
#[inline(always)]
pub(crate) fn horner<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let mut total = coefficients[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        total = total.mul_add(x, coefficients[i]);
    }
    total
}

/// By two chains, of the even and of the odd powers: half the wait between dependent operations.
#[inline(always)]
pub(crate) fn even_odd<const N: usize>(x: f64, coefficients: &[f64; N]) -> f64 {
    let square = x * x;
    let mut last = coefficients[N - 1];
    let mut before = coefficients[N - 2];
    let mut i = N - 2;
    while i >= 2 {
        last = last.mul_add(square, coefficients[i - 1]);
        before = before.mul_add(square, coefficients[i - 2]);
        i -= 2;
    }
    if i == 1 {
        // `last` holds the even powers and `before` the odd ones, one coefficient short of the lowest.
        last = last.mul_add(square, coefficients[0]);
        before.mul_add(x, last)
    } else {
        last.mul_add(x, before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_agree_on_small_integers() {
        for x in [-3.0, -1.0, 0.0, 2.0, 5.0] {
            assert_eq!(horner(x, &[7.0]), 7.0);
            assert_eq!(even_odd(x, &[7.0, 2.0]), 7.0 + 2.0 * x);
            assert_eq!(even_odd(x, &[7.0, 2.0, 3.0]), horner(x, &[7.0, 2.0, 3.0]));
            assert_eq!(even_odd(x, &[7.0, 2.0, 3.0, -4.0]), horner(x, &[7.0, 2.0, 3.0, -4.0]));
            assert_eq!(even_odd(x, &[7.0, 2.0, 3.0, -4.0, 1.0]), horner(x, &[7.0, 2.0, 3.0, -4.0, 1.0]));
        }
    }
}
