//! The bits of a double as an integer in the same order.

const SIGN: u64 = 1 << 63;

/// The integer that stands where `number` stands: `order_key(a) < order_key(b)` if `a < b`. -0.0 comes just
/// before 0.0, NaNs at the two ends.
#[inline]
pub fn order_key(number: f64) -> u64 {
    let bits = number.to_bits();
    // A negative number has all its bits turned, a positive one only its sign.
    let turned = ((bits as i64) >> 63) as u64 | SIGN;
    bits ^ turned
}

/// The number whose [`order_key`] this is.
#[inline]
pub fn from_order_key(key: u64) -> f64 {
    let turned = if key & SIGN == 0 { u64::MAX } else { SIGN };
    f64::from_bits(key ^ turned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_stand_in_the_order_of_the_numbers(a: f64, b: f64) {
            prop_assert_eq!(order_key(a).cmp(&order_key(b)), a.total_cmp(&b));
            prop_assert_eq!(from_order_key(order_key(a)).to_bits(), a.to_bits());
        }
    }
}
