//! e^x of a slot: of all that is common on a tape, what takes longest.

use fermiac_math as math;

use super::lanes::{Constant, each};
use super::slots::Group;
use crate::simd::Simd;

/// Writes e^x of each lane; says whether it is right for all. A NaN makes a NaN, so that the power alone is watched.
#[inline(always)]
pub(super) fn exponentials(simd: Simd, out: &mut [Group], a: &[Group]) -> bool {
    match simd.available() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has these instructions, as it has just said.
        Ok(Simd::Avx512) => unsafe { avx512::exponentials(out, a) },
        _ => one_by_one(out, a),
    }
}

#[inline(always)]
fn one_by_one(out: &mut [Group], a: &[Group]) -> bool {
    each(out, a, Constant(0.0), |a, _| {
        let power = math::exp(a);
        (power, power)
    })
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::super::lanes::is_finite;
    use super::super::slots::{GROUP, Group};
    use super::one_by_one;
    use crate::exponential::avx512::{VECTORS, side_by_side};

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    pub(super) fn exponentials(out: &mut [Group], a: &[Group]) -> bool {
        assert_eq!(out.len(), a.len(), "slots of a batch are equally long");
        let (out, other_out) = out.as_chunks_mut::<VECTORS>();
        let (a, other_a) = a.as_chunks::<VECTORS>();
        let mut watched = [[0.0; GROUP]; VECTORS];
        for (out, a) in out.iter_mut().zip(a) {
            let powers = side_by_side(a.map(|group| group.0));
            for v in 0..VECTORS {
                for lane in 0..GROUP {
                    watched[v][lane] += powers[v][lane];
                }
                out[v].0 = powers[v];
            }
        }
        let right = watched.into_iter().fold(true, |right, watched| right & is_finite(watched));
        right & one_by_one(other_out, other_a)
    }
}
