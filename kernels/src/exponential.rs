//! e^x of many numbers.
//!
//! The arithmetic is that of [`fermiac_math::exp()`], to the bit. With AVX-512 it is written out: a compiler does one vector
//! after the other, each a long chain of instructions, and scales by a power of two in seven steps where one does.

use crate::simd::Simd;

/// Replaces each number x by e^x.
///
/// To be inlined into a function of the processor's vector features.
#[inline(always)]
pub(crate) fn exponentials(simd: Simd, values: &mut [f64]) {
    match simd.available() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has these instructions, as it has just said.
        Ok(Simd::Avx512) => unsafe { avx512::exponentials(values) },
        _ => values.iter_mut().for_each(|value| *value = fermiac_math::exp(*value)),
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512 {
    use std::arch::x86_64::*;

    use fermiac_math::exp::{EXPONENTIAL, GREATEST, LEAST, LN2_HIGH, LN2_LOW, LOG2_E, ROUNDER};

    const LANES: usize = 8;
    /// Vectors side by side, so that none waits long for its next instruction: more would leave the registers.
    pub(crate) const VECTORS: usize = 4;

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    pub(super) fn exponentials(values: &mut [f64]) {
        let (groups, rest) = values.as_chunks_mut::<LANES>();
        let (groups, others) = groups.as_chunks_mut::<VECTORS>();
        groups.iter_mut().for_each(|groups| *groups = side_by_side(*groups));
        for value in others.as_flattened_mut().iter_mut().chain(rest) {
            *value = fermiac_math::exp(*value);
        }
    }

    /// e^x of each x, all vectors instruction by instruction.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    pub(crate) fn side_by_side(x: [[f64; LANES]; VECTORS]) -> [[f64; LANES]; VECTORS] {
        let every = |value: f64| _mm512_set1_pd(value);
        let [mut r, mut n, mut square] = [[_mm512_setzero_pd(); VECTORS]; 3];
        for v in 0..VECTORS {
            // SAFETY: both are 64 bytes of which every pattern is a value.
            let x: __m512d = unsafe { std::mem::transmute(x[v]) };
            // Where x is not a number these give their second operand, x.
            r[v] = _mm512_max_pd(every(LEAST), _mm512_min_pd(every(GREATEST), x));
            n[v] = _mm512_fmadd_pd(r[v], every(LOG2_E), every(ROUNDER));
        }
        for v in 0..VECTORS {
            n[v] = _mm512_sub_pd(n[v], every(ROUNDER));
            r[v] = _mm512_fnmadd_pd(n[v], every(LN2_HIGH), r[v]);
        }
        for v in 0..VECTORS {
            r[v] = _mm512_fnmadd_pd(n[v], every(LN2_LOW), r[v]);
            square[v] = _mm512_mul_pd(r[v], r[v]);
        }
        let [lower @ .., last_even, last_odd] = EXPONENTIAL;
        let (mut even, mut odd) = ([every(last_even); VECTORS], [every(last_odd); VECTORS]);
        for [next_even, next_odd] in lower.as_chunks().0.iter().rev() {
            for v in 0..VECTORS {
                even[v] = _mm512_fmadd_pd(even[v], square[v], every(*next_even));
                odd[v] = _mm512_fmadd_pd(odd[v], square[v], every(*next_odd));
            }
        }
        let mut powers = x;
        for v in 0..VECTORS {
            let polynomial = _mm512_fmadd_pd(odd[v], r[v], even[v]);
            let mantissa = _mm512_add_pd(every(1.0), _mm512_fmadd_pd(square[v], polynomial, r[v]));
            // Rounded once, as the plain two steps are.
            let power = _mm512_scalef_pd(mantissa, n[v]);
            // SAFETY: both are 64 bytes of which every pattern is a value.
            powers[v] = unsafe { std::mem::transmute::<__m512d, [f64; LANES]>(power) };
        }
        powers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::families;
    use proptest::prelude::*;

    fn arguments() -> impl Strategy<Value = f64> {
        prop_oneof![
            -3.0..3.0f64,
            -760.0..720.0f64,
            -746.0..-708.0f64,
            any::<f64>(),
            prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)],
        ]
    }

    /// Those of a number; which NaN a NaN makes is nobody's promise.
    fn bits(power: f64) -> u64 {
        if power.is_nan() { f64::NAN.to_bits() } else { power.to_bits() }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,bmi2")]
    fn exponentials_in_avx2(values: &mut [f64]) {
        exponentials(Simd::Avx2, values);
    }

    proptest! {
        #[test]
        fn every_family_gives_the_same_bits(values in prop::collection::vec(arguments(), 0..200)) {
            let expected: Vec<u64> = values.iter().map(|x| bits(fermiac_math::exp(*x))).collect();
            for simd in families() {
                let mut found = values.clone();
                match simd {
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the processor has these instructions, as it is one of its families.
                    Simd::Avx2 => unsafe { exponentials_in_avx2(&mut found) },
                    _ => exponentials(simd, &mut found),
                }
                let found: Vec<u64> = found.iter().map(|power| bits(*power)).collect();
                prop_assert_eq!(&found, &expected, "{:?}", simd);
            }
        }
    }
}
