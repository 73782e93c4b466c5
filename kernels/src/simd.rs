//! Which vector instructions the inner loops are compiled for.

/// A family of vector instructions. All give the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simd {
    /// x86-64 with AVX-512 F, DQ, BW and VL.
    Avx512,
    /// x86-64 with AVX2, FMA and BMI2.
    Avx2,
    /// What the build targets: slow on x86-64, where fused multiplication is then a call; native elsewhere.
    Portable,
}

/// The processor lacks what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedProcessor {
    /// Older than anything supported.
    #[error(
        "this processor lacks AVX2 and FMA; Fermiac needs an x86-64 processor of 2013 (Intel Haswell), 2015 (AMD Excavator) or later"
    )]
    TooOld,
    /// Lacks the family asked for.
    #[error("this processor lacks the {0:?} instructions that were asked for")]
    Lacks(Simd),
}

impl Simd {
    /// Every family.
    pub const ALL: [Simd; 3] = [Simd::Avx512, Simd::Avx2, Simd::Portable];

    /// The best that this processor has.
    pub fn detect() -> Result<Simd, UnsupportedProcessor> {
        let candidates: &[Simd] =
            if cfg!(target_arch = "x86_64") { &[Simd::Avx512, Simd::Avx2] } else { &[Simd::Portable] };
        candidates.iter().copied().find(|simd| simd.available().is_ok()).ok_or(UnsupportedProcessor::TooOld)
    }

    /// Itself, if this processor has it.
    pub fn available(self) -> Result<Simd, UnsupportedProcessor> {
        #[cfg(target_arch = "x86_64")]
        let available = match self {
            Simd::Avx512 => {
                Simd::Avx2.available().is_ok()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            Simd::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("bmi2")
            }
            Simd::Portable => true,
        };
        #[cfg(not(target_arch = "x86_64"))]
        let available = self == Simd::Portable;
        if available { Ok(self) } else { Err(UnsupportedProcessor::Lacks(self)) }
    }
}

/// Those that this processor has, for tests of each.
#[cfg(test)]
pub(crate) fn families() -> impl Iterator<Item = Simd> {
    Simd::ALL.into_iter().filter(|simd| {
        let available = simd.available().is_ok();
        if !available {
            eprintln!("skipped: this processor lacks {simd:?}");
        }
        available
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_family_is_available() {
        match Simd::detect() {
            Ok(simd) => assert_eq!(simd.available(), Ok(simd)),
            Err(error) => assert!(error.to_string().contains("AVX2")),
        }
    }
}
