//! A number as an unevaluated sum of two doubles, about 106 bits (Dekker, 1971).

/// `high + low`, where `low` is at most about an ulp of `high`.
#[derive(Clone, Copy)]
pub(crate) struct Double {
    pub(crate) high: f64,
    pub(crate) low: f64,
}

impl Double {
    /// a + b exactly, for |a| >= |b| or a = 0.
    #[inline(always)]
    pub(crate) fn fast_sum(a: f64, b: f64) -> Double {
        let high = a + b;
        Double { high, low: b - (high - a) }
    }

    /// a b exactly.
    #[inline(always)]
    pub(crate) fn product(a: f64, b: f64) -> Double {
        let high = a * b;
        Double { high, low: a.mul_add(b, -high) }
    }

    /// The sum, where `self` is the greater.
    #[inline(always)]
    pub(crate) fn plus(self, other: Double) -> Double {
        let sum = Double::fast_sum(self.high, other.high);
        Double::fast_sum(sum.high, sum.low + (self.low + other.low))
    }

    /// The product.
    #[inline(always)]
    pub(crate) fn times(self, other: Double) -> Double {
        let product = Double::product(self.high, other.high);
        let cross = self.high.mul_add(other.low, self.low * other.high);
        Double::fast_sum(product.high, product.low + cross)
    }

    /// The product with a plain number.
    #[inline(always)]
    pub(crate) fn times_number(self, other: f64) -> Double {
        let product = Double::product(self.high, other);
        Double::fast_sum(product.high, self.low.mul_add(other, product.low))
    }
}
