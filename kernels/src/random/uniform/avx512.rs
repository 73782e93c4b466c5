//! Uniforms by Philox with AVX-512, many vectors of eight calls side by side.
//!
//! The arithmetic is that of the plain loop. Written out, because a compiler puts the rounds of one vector one after
//! another, each waiting for the last, and takes high halves by shifts, for which the processor has fewer units than for
//! moving them.

use std::arch::x86_64::*;

use super::super::philox::{MULTIPLIERS, ROUNDS, WEYL};
use super::{ONE_BITS, ONE_LESS_HALF_STEP, PAIR, Uniforms};

/// Calls of Philox in a vector.
const LANES: usize = 8;
/// Vectors side by side: a round is a chain of three instructions, and so many vectors fill the waiting.
const VECTORS: usize = 8;
/// Numbers that they make.
const RUN: usize = VECTORS * LANES * PAIR;
/// The pairs of the lanes of a vector, so that two vectors of uniforms interleave to the order of trials.
const OFFSETS: [i64; LANES] = [0, 4, 1, 5, 2, 6, 3, 7];

const _: () = assert!(ROUNDS.is_multiple_of(2), "rounds are done two at a time");

/// The keys of each round in every lane.
type RoundKeys = [[__m512i; 2]; ROUNDS];

/// Some vectors of each of the four words.
type Words = [[__m512i; VECTORS]; 4];

/// As the plain loop: fills `out` from the first trial of `first_pair` on.
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
pub(super) fn fill_pairs(uniforms: Uniforms, first_pair: u64, out: &mut [f64]) {
    let keys = round_keys(uniforms.key());
    let (runs, rest) = out.as_chunks_mut();
    let mut pairs = (first_pair..).step_by(RUN / PAIR);
    for (run, pair) in runs.iter_mut().zip(&mut pairs) {
        fill_run(&keys, uniforms.stream, pair, run);
    }
    if let Some(pair) = pairs.next().filter(|_| !rest.is_empty()) {
        let mut last = [0.0; RUN];
        fill_run(&keys, uniforms.stream, pair, &mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn round_keys(key: [u32; 2]) -> RoundKeys {
    let mut key = key;
    let mut keys = [[_mm512_setzero_si512(); 2]; ROUNDS];
    for keys in &mut keys {
        *keys = key.map(|half| _mm512_set1_epi64(half.into()));
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    keys
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn fill_run(keys: &RoundKeys, stream: u64, pair: u64, run: &mut [f64; RUN]) {
    // SAFETY: both are 64 bytes of which every pattern is a value.
    let offsets: __m512i = unsafe { std::mem::transmute(OFFSETS) };
    let pairs: [__m512i; VECTORS] = std::array::from_fn(|vector| {
        let first = pair + (vector * LANES) as u64;
        _mm512_add_epi64(offsets, _mm512_set1_epi64(first as i64))
    });
    let mut words = [
        pairs,
        pairs.map(|pairs| _mm512_srli_epi64::<32>(pairs)),
        [_mm512_set1_epi64(stream as i64); VECTORS],
        [_mm512_set1_epi64((stream >> 32) as i64); VECTORS],
    ];
    // Two at a time: words change places in a round, and are back after two without being moved.
    for [one, two] in keys.as_chunks().0 {
        round(&mut words, one);
        round(&mut words, two);
    }
    let [a, b, c, d] = words;
    let (parts, _) = run.as_chunks_mut::<LANES>();
    for (vector, parts) in parts.as_chunks_mut::<PAIR>().0.iter_mut().enumerate() {
        let (even, odd) = (uniform(a[vector], b[vector]), uniform(c[vector], d[vector]));
        for (part, numbers) in
            parts.iter_mut().zip([_mm512_unpacklo_pd(even, odd), _mm512_unpackhi_pd(even, odd)])
        {
            // SAFETY: both are 64 bytes of which every pattern is a value.
            *part = unsafe { std::mem::transmute::<__m512d, [f64; LANES]>(numbers) };
        }
    }
}

/// A round of Philox in every vector before the next round in any.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn round([a, b, c, d]: &mut Words, key: &[__m512i; 2]) {
    let multipliers = MULTIPLIERS.map(|multiplier| _mm512_set1_epi64(multiplier as i64));
    for vector in 0..VECTORS {
        let first = _mm512_mul_epu32(a[vector], multipliers[0]);
        let second = _mm512_mul_epu32(c[vector], multipliers[1]);
        a[vector] = xor(high(second), b[vector], key[0]);
        b[vector] = second;
        c[vector] = xor(high(first), d[vector], key[1]);
        d[vector] = first;
    }
}

/// The high half of each product, in both halves.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn high(product: __m512i) -> __m512i {
    _mm512_shuffle_epi32::<0b11_11_01_01>(product)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn xor(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    const ODD_PARITY: i32 = 0b1001_0110;
    _mm512_ternarylogic_epi64::<ODD_PARITY>(a, b, c)
}

/// (k + 1/2) / 2^52 from the upper 52 of the 64 bits whose halves are the low halves of these.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi2")]
fn uniform(high: __m512i, low: __m512i) -> __m512d {
    const HIGH_HALVES: __mmask16 = 0b1010_1010_1010_1010;
    let bits = _mm512_mask_shuffle_epi32::<0b10_10_00_00>(low, HIGH_HALVES, high);
    let k = _mm512_srli_epi64::<12>(bits);
    let from_one = _mm512_castsi512_pd(_mm512_or_si512(k, _mm512_set1_epi64(ONE_BITS as i64)));
    _mm512_sub_pd(from_one, _mm512_set1_pd(ONE_LESS_HALF_STEP))
}
