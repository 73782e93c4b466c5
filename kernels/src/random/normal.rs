//! Standard normal quantiles of many probabilities, row by row of a table.
//!
//! Lanes lie in different rows. Compilers read such rows number by number; here whole rows are read, or with AVX2 pairs of
//! numbers, and then turned over. The arithmetic is that of [`QuantileRows::quantile`], to the bit.

use fermiac_math::QuantileRows;
#[cfg(target_arch = "x86_64")]
use fermiac_math::normal_quantile;

use crate::simd::Simd;

/// What takes a standard normal to another, rounded once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub std_dev: f64,
    pub mean: f64,
}

/// Replaces each probability by its standard normal quantile.
pub(super) fn normal_quantiles(simd: Simd, values: &mut [f64]) {
    normals(simd, Line { std_dev: 1.0, mean: 0.0 }, values);
}

/// Replaces each probability by the quantile of a normal.
pub(super) fn normals(simd: Simd, line: Line, values: &mut [f64]) {
    let table = QuantileRows::get();
    match simd.available() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has these instructions, as it has just said.
        Ok(Simd::Avx512) => unsafe { avx512::quantiles(table, line, values) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Ok(Simd::Avx2) => unsafe { avx2::quantiles(table, line, values) },
        _ => one_by_one(table, line, values),
    }
}

#[inline(always)]
fn one_by_one(table: &QuantileRows, line: Line, values: &mut [f64]) {
    for value in values {
        *value = table.quantile(*value).mul_add(line.std_dev, line.mean);
    }
}

/// Does the lanes again that have no row, of which `no_row` has bits. Few do, one in 4,096.
///
/// To be inlined into a function of the processor's vector features, of which the tail of the quantile needs fused
/// multiplication.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn redo<const LANES: usize>(
    line: Line,
    mut no_row: u32,
    probabilities: &[f64; LANES],
    quantiles: &mut [f64; LANES],
) {
    while no_row != 0 {
        let lane = no_row.trailing_zeros() as usize % LANES;
        quantiles[lane] = normal_quantile(probabilities[lane]).mul_add(line.std_dev, line.mean);
        no_row &= no_row - 1;
    }
}

/// Eight lanes at a time.
#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::*;

    use super::Line;
    use fermiac_math::QuantileRows;
    use fermiac_math::quantile_rows::{
        HALF_BITS, ONE_BITS, PLACE_BITS, QuantileRow, ROOM, ROW_SHIFT, ROW_TERMS, ROWS,
    };

    const LANES: usize = 8;
    /// The rows of so many lanes are found before the first is read, so that none waits for its place in the table.
    const RUN: usize = 256;

    /// Where the lanes of a run stand: how many bytes into the table their rows begin, and where in them. Each vector
    /// is within a cache line.
    #[repr(align(64))]
    struct Places {
        rows: [u64; RUN],
        places: [f64; RUN],
    }

    const ROW_BYTES: u64 = size_of::<QuantileRow>() as u64;
    /// The row after the last, of zeros, stands for none.
    const NO_ROW: u64 = ROWS as u64 * ROW_BYTES;
    const _: () = assert!(ROWS < ROOM && ROW_BYTES.is_power_of_two() && ROW_TERMS == 8);

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    pub(super) fn quantiles(table: &QuantileRows, line: Line, values: &mut [f64]) {
        let mut places = Places { rows: [0; RUN], places: [0.0; RUN] };
        for run in values.chunks_mut(RUN) {
            let (groups, rest) = run.as_chunks_mut::<LANES>();
            let (rows, _) = places.rows.as_chunks_mut::<LANES>();
            let (in_rows, _) = places.places.as_chunks_mut::<LANES>();
            let at = rows.iter_mut().zip(in_rows.iter_mut());
            groups.iter().zip(at).for_each(|(group, (rows, places))| find(group, rows, places));
            let at = rows.iter().zip(in_rows.iter());
            for (group, places) in groups.iter_mut().zip(at) {
                // SAFETY: `find` has written these rows.
                unsafe { replace(table, line, group, places) };
            }
            super::one_by_one(table, line, rest);
        }
    }

    /// The rows of probabilities, and the places in them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    fn find(group: &[f64; LANES], rows: &mut [u64; LANES], places: &mut [f64; LANES]) {
        // SAFETY: both are 64 bytes of which every pattern is a value.
        let u: __m512d = unsafe { std::mem::transmute(*group) };
        let one = _mm512_set1_pd(1.0);
        let lesser = _mm512_min_pd(_mm512_sub_pd(one, u), u);
        let from_half = _mm512_sub_epi64(_mm512_set1_epi64(HALF_BITS as i64), _mm512_castpd_si512(lesser));
        let row = _mm512_srli_epi64::<ROW_SHIFT>(from_half);
        let row = _mm512_min_epu64(row, _mm512_set1_epi64(ROWS as i64));
        let row = _mm512_slli_epi64::<{ ROW_BYTES.ilog2() }>(row);
        let place = _mm512_and_si512(
            _mm512_slli_epi64::<{ 52 - ROW_SHIFT }>(from_half),
            _mm512_set1_epi64(PLACE_BITS as i64),
        );
        let place = _mm512_or_si512(place, _mm512_set1_epi64(ONE_BITS as i64));
        let place = _mm512_sub_pd(_mm512_castsi512_pd(place), one);
        // SAFETY: as above.
        *rows = unsafe { std::mem::transmute::<__m512i, [u64; LANES]>(row) };
        // SAFETY: as above.
        *places = unsafe { std::mem::transmute::<__m512d, [f64; LANES]>(place) };
    }

    /// Takes probabilities to quantiles.
    ///
    /// # Safety
    ///
    /// The rows are as [`find`] writes them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    unsafe fn replace(
        table: &QuantileRows,
        line: Line,
        group: &mut [f64; LANES],
        (rows, places): (&[u64; LANES], &[f64; LANES]),
    ) {
        // SAFETY: both are 64 bytes of which every pattern is a value.
        let u: __m512d = unsafe { std::mem::transmute(*group) };
        // SAFETY: as above.
        let row: __m512i = unsafe { std::mem::transmute(*rows) };
        // SAFETY: as above.
        let place: __m512d = unsafe { std::mem::transmute(*places) };
        let no_row = _mm512_cmpeq_epi64_mask(row, _mm512_set1_epi64(NO_ROW as i64));
        // SAFETY: the rows are those of `find`.
        let [a, b, c, d, e, f, g, h] = unsafe { terms(table, rows) };
        let square = _mm512_mul_pd(place, place);
        let step = |sum, term| _mm512_fmadd_pd(sum, square, term);
        let odd = step(step(step(h, f), d), b);
        let even = step(step(step(g, e), c), a);
        let magnitude = _mm512_fmadd_pd(odd, place, even);
        let side = _mm512_sub_pd(u, _mm512_set1_pd(0.5));
        let sign = _mm512_and_pd(side, _mm512_set1_pd(-0.0));
        let quantile = _mm512_or_pd(magnitude, sign);
        let normal = _mm512_fmadd_pd(quantile, _mm512_set1_pd(line.std_dev), _mm512_set1_pd(line.mean));
        // SAFETY: as above.
        *group = unsafe { std::mem::transmute::<__m512d, [f64; LANES]>(normal) };
        if no_row != 0 {
            // SAFETY: as above.
            let probabilities: [f64; LANES] = unsafe { std::mem::transmute(u) };
            without_row(line, no_row.into(), &probabilities, group);
        }
    }

    #[cold]
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    fn without_row(line: Line, no_row: u32, probabilities: &[f64; LANES], quantiles: &mut [f64; LANES]) {
        super::redo(line, no_row, probabilities, quantiles);
    }

    /// The terms of each lane's row, term by term: rows are read whole, each from a cache line of its own, and the square
    /// of eight by eight is turned over.
    ///
    /// # Safety
    ///
    /// The rows are as [`find`] writes them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    unsafe fn terms(table: &QuantileRows, rows: &[u64; LANES]) -> [__m512d; ROW_TERMS] {
        let row = |lane: usize| {
            // SAFETY: `find` writes multiples of a row's bytes up to `NO_ROW`, which the table has room for; rows are aligned
            // to 64 bytes.
            unsafe { _mm512_load_pd(table.rows().as_ptr().byte_add(rows[lane] as usize).cast()) }
        };
        // Of each two lanes, the terms at even and at odd places, pair by pair.
        let [a, b, c, d] = [0, 2, 4, 6].map(|lane| {
            let (one, two) = (row(lane), row(lane + 1));
            [_mm512_unpacklo_pd(one, two), _mm512_unpackhi_pd(one, two)]
        });
        let [even, odd] = [0, 1].map(|side| quarters(a[side], b[side], c[side], d[side]));
        [even[0], odd[0], even[1], odd[1], even[2], odd[2], even[3], odd[3]]
    }

    /// Turns over a square of four by four, in which each place is two numbers.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
    fn quarters(a: __m512d, b: __m512d, c: __m512d, d: __m512d) -> [__m512d; 4] {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        let (even, more_even) = (_mm512_shuffle_f64x2::<EVEN>(a, b), _mm512_shuffle_f64x2::<EVEN>(c, d));
        let (odd, more_odd) = (_mm512_shuffle_f64x2::<ODD>(a, b), _mm512_shuffle_f64x2::<ODD>(c, d));
        [
            _mm512_shuffle_f64x2::<EVEN>(even, more_even),
            _mm512_shuffle_f64x2::<EVEN>(odd, more_odd),
            _mm512_shuffle_f64x2::<ODD>(even, more_even),
            _mm512_shuffle_f64x2::<ODD>(odd, more_odd),
        ]
    }
}

/// Four lanes at a time.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::Line;
    use fermiac_math::QuantileRows;
    use fermiac_math::quantile_rows::{HALF_BITS, ONE_BITS, PLACE_BITS, ROOM, ROW_SHIFT, ROWS};

    const LANES: usize = 4;

    #[target_feature(enable = "avx2,fma,bmi2")]
    pub(super) fn quantiles(table: &QuantileRows, line: Line, values: &mut [f64]) {
        let (groups, rest) = values.as_chunks_mut::<LANES>();
        for group in groups {
            replace(table, line, group);
        }
        super::one_by_one(table, line, rest);
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,bmi2")]
    fn replace(table: &QuantileRows, line: Line, group: &mut [f64; LANES]) {
        // SAFETY: both are 32 bytes of which every pattern is a value.
        let u: __m256d = unsafe { std::mem::transmute(*group) };
        let one = _mm256_set1_pd(1.0);
        let lesser = _mm256_min_pd(_mm256_sub_pd(one, u), u);
        let from_half = _mm256_sub_epi64(_mm256_set1_epi64x(HALF_BITS as i64), _mm256_castpd_si256(lesser));
        // The rows of all bits are less than 2^18: a signed comparison does.
        let row = _mm256_srli_epi64::<{ ROW_SHIFT as i32 }>(from_half);
        let no_row = _mm256_cmpgt_epi64(row, _mm256_set1_epi64x(ROWS as i64 - 1));
        let place = _mm256_slli_epi64::<{ 52 - ROW_SHIFT as i32 }>(from_half);
        let place = _mm256_and_si256(place, _mm256_set1_epi64x(PLACE_BITS as i64));
        let place = _mm256_or_si256(place, _mm256_set1_epi64x(ONE_BITS as i64));
        let place = _mm256_sub_pd(_mm256_castsi256_pd(place), one);

        let terms = terms(table, _mm256_and_si256(row, _mm256_set1_epi64x(ROOM as i64 - 1)));
        let square = _mm256_mul_pd(place, place);
        let step = |sum, term| _mm256_fmadd_pd(sum, square, term);
        let odd = step(step(step(terms[7], terms[5]), terms[3]), terms[1]);
        let even = step(step(step(terms[6], terms[4]), terms[2]), terms[0]);
        let magnitude = _mm256_fmadd_pd(odd, place, even);
        let side = _mm256_sub_pd(u, _mm256_set1_pd(0.5));
        let sign = _mm256_and_pd(side, _mm256_set1_pd(-0.0));
        let quantile = _mm256_or_pd(magnitude, sign);
        let normal = _mm256_fmadd_pd(quantile, _mm256_set1_pd(line.std_dev), _mm256_set1_pd(line.mean));
        // SAFETY: as above.
        *group = unsafe { std::mem::transmute::<__m256d, [f64; LANES]>(normal) };
        let no_row = _mm256_movemask_pd(_mm256_castsi256_pd(no_row)) as u32;
        if no_row != 0 {
            // SAFETY: as above.
            let probabilities: [f64; LANES] = unsafe { std::mem::transmute(u) };
            without_row(line, no_row, &probabilities, group);
        }
    }

    #[cold]
    #[inline(never)]
    #[target_feature(enable = "avx2,fma,bmi2")]
    fn without_row(line: Line, no_row: u32, probabilities: &[f64; LANES], quantiles: &mut [f64; LANES]) {
        super::redo(line, no_row, probabilities, quantiles);
    }

    /// The terms of each lane's row, term by term.
    #[inline]
    #[target_feature(enable = "avx2,fma,bmi2")]
    fn terms(table: &QuantileRows, rows: __m256i) -> [__m256d; 8] {
        // SAFETY: both are 32 bytes of which every pattern is a value.
        let rows: [u64; LANES] = unsafe { std::mem::transmute(rows) };
        let rows = rows.map(|row| &table.rows()[row as usize % ROOM].0);
        let mut terms = [_mm256_setzero_pd(); 8];
        for place in 0..4 {
            let pair = |lane: usize| _mm_set_pd(rows[lane][2 * place + 1], rows[lane][2 * place]);
            let every_second = |first: usize| _mm256_set_m128d(pair(first + 2), pair(first));
            let (even, odd) = (every_second(0), every_second(1));
            terms[2 * place] = _mm256_unpacklo_pd(even, odd);
            terms[2 * place + 1] = _mm256_unpackhi_pd(even, odd);
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::families;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_family_gives_the_same_bits(
            values in prop::collection::vec(prop_oneof![0.0..1.0f64, 0.0..1e-3f64, any::<f64>()], 0..200),
        ) {
            let table = QuantileRows::get();
            let expected: Vec<u64> = values.iter().map(|u| table.quantile(*u).to_bits()).collect();
            for simd in families() {
                let mut found = values.clone();
                normal_quantiles(simd, &mut found);
                let found: Vec<u64> = found.iter().map(|z| z.to_bits()).collect();
                prop_assert_eq!(&found, &expected, "{:?}", simd);
            }
        }
    }
}
