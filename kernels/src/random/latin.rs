//! Latin hypercube sampling without memory (McKay, Beckman and Conover, 1979).
//!
//! The strata of an input's trials are a random order of 0..m, computed and not stored: a bijection of the least power
//! of two that holds m, keyed by seed, input and set, applied again until it falls below m (cycle walking; Black and
//! Rogaway, 2002). The bijection is a Feistel network of eight rounds on the two halves of the bits, in which each half
//! in turn is changed by a hash of the other and of a key of the round. A few strata are too few for such a network to be
//! even-handed; they are shuffled (Fisher and Yates). Keys and shuffles come from Philox, under draw 1 of the input; the
//! uniforms of trials are draw 0.

use super::philox::philox;

const ROUNDS: usize = 8;
/// Of k bits behind the stratum, so that stratum and position make an exact double.
const BITS_OF_POINT: u32 = 50;
/// In the second word of the counter: which draw of the input.
const DRAW_OF_KEYS: u64 = 1 << 16;
/// So many strata are shuffled.
pub(super) const MOST_SHUFFLED: u64 = 64;

/// The strata of one input.
#[derive(Debug, Clone)]
pub struct Latin {
    trials: u64,
    /// One for each set.
    pub(super) orders: Vec<Order>,
}

/// A random order of 0..count, and what places a uniform in a stratum.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) count: u64,
    pub(super) low_bits: u32,
    pub(super) low_mask: u64,
    pub(super) high_mask: u64,
    pub(super) keys: [u32; ROUNDS],
    /// The strata in their order if they are few, else nothing.
    pub(super) shuffled: Vec<u8>,
    /// Positions within a stratum are cut to this many steps.
    pub(super) steps: f64,
    pub(super) step: f64,
}

impl Latin {
    /// The strata of `trials` trials in `sets` sets, for the input whose identity hashes to `stream`.
    pub fn new(seed: u64, stream: u64, trials: u64, sets: u64) -> Latin {
        let key = [seed as u32, (seed >> 32) as u32];
        let order = |set| {
            let words = |part| philox([set << 8 | part, DRAW_OF_KEYS, stream, stream >> 32], key);
            Order::new((trials + sets - 1 - set) / sets, words)
        };
        Latin { trials, orders: (0..sets).map(order).collect() }
    }

    /// Takes the independent uniforms of trials `first_trial..` into the strata of these trials.
    #[inline(always)]
    pub fn stratify(&self, first_trial: u64, uniforms: &mut [f64]) {
        assert!(first_trial + uniforms.len() as u64 <= self.trials, "the strata are those of fewer trials");
        let sets = self.orders.len() as u64;
        for (trial, uniform) in (first_trial..).zip(uniforms) {
            let order = &self.orders[(trial % sets) as usize];
            *uniform = order.place(order.stratum(trial / sets), *uniform);
        }
    }
}

impl Order {
    /// An order that is a function of random `words`, four a part.
    fn new(count: u64, words: impl Fn(u64) -> [u64; 4]) -> Order {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let (low_bits, high_bits) = (bits - bits / 2, bits / 2);
        let keys = [words(0), words(1)];
        let steps = (1u64 << (BITS_OF_POINT - bits)) as f64;
        Order {
            count,
            low_bits,
            low_mask: (1 << low_bits) - 1,
            high_mask: (1 << high_bits) - 1,
            keys: std::array::from_fn(|round| keys[round / 4][round % 4] as u32),
            shuffled: if count <= MOST_SHUFFLED { shuffled(count as u8, words) } else { Vec::new() },
            steps,
            step: 1.0 / steps,
        }
    }

    /// The stratum of the trial at `index` < count.
    #[inline(always)]
    fn stratum(&self, index: u64) -> u64 {
        if self.count <= MOST_SHUFFLED {
            return u64::from(self.shuffled[index as usize]);
        }
        let mut stratum = self.permuted(index);
        // Ends: the bijection leads back to `index` at last, and that lies below.
        while stratum >= self.count {
            stratum = self.permuted(stratum);
        }
        stratum
    }

    #[inline(always)]
    fn permuted(&self, value: u64) -> u64 {
        let (mut low, mut high) = (value & self.low_mask, value >> self.low_bits);
        for keys in self.keys.as_chunks::<2>().0 {
            high ^= mixed(low, keys[0]) & self.high_mask;
            low ^= mixed(high, keys[1]) & self.low_mask;
        }
        high << self.low_bits | low
    }

    /// The middle of the step in `stratum` that `uniform` lies in, as a part of the whole.
    #[inline(always)]
    fn place(&self, stratum: u64, uniform: f64) -> f64 {
        let position = ((uniform * self.steps).floor() + 0.5) * self.step;
        // The sum is exact, and further from either end of the stratum than division can round.
        (stratum as f64 + position) / self.count as f64
    }
}

/// The finalizer of MurmurHash3 (Appleby, 2011). Halves have at most 20 bits.
#[inline(always)]
fn mixed(half: u64, key: u32) -> u64 {
    let mut hash = half as u32 ^ key;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    u64::from(hash ^ (hash >> 16))
}

fn shuffled(count: u8, words: impl Fn(u64) -> [u64; 4]) -> Vec<u8> {
    let mut strata: Vec<u8> = (0..count).collect();
    for last in (1..u64::from(count)).rev() {
        let word = words(2 + last / 4)[(last % 4) as usize] as u32;
        strata.swap(last as usize, ((u64::from(word) * (last + 1)) >> 32) as usize);
    }
    strata
}

#[cfg(test)]
mod tests {
    use super::super::Uniforms;
    use super::*;
    use crate::simd::Simd;
    use proptest::prelude::*;

    fn points(seed: u64, trials: u64, sets: u64) -> Vec<f64> {
        let mut points = vec![0.0; trials as usize];
        Uniforms { seed, stream: 77 }.fill(Simd::Portable, 0, &mut points);
        Latin::new(seed, 77, trials, sets).stratify(0, &mut points);
        points
    }

    proptest! {
        #[test]
        fn every_stratum_of_a_set_is_hit_once(seed: u64, trials in 1..5000u64, sets in 1..17u64) {
            let points = points(seed, trials, sets);
            for set in 0..sets.min(trials) as usize {
                let own: Vec<f64> = points.iter().copied().skip(set).step_by(sets as usize).collect();
                let mut strata: Vec<usize> = own.iter().map(|u| (u * own.len() as f64) as usize).collect();
                strata.sort_unstable();
                prop_assert!(strata.iter().copied().eq(0..own.len()));
                prop_assert!(own.iter().all(|u| 0.0 < *u && *u < 1.0));
            }
        }

        #[test]
        fn the_order_is_a_bijection_whatever_the_count(words: [u32; 4], count in 1..3000u64) {
            let order = Order::new(count, |_| words.map(u64::from));
            let mut strata: Vec<u64> = (0..count).map(|index| order.stratum(index)).collect();
            strata.sort_unstable();
            prop_assert!(strata.into_iter().eq(0..count));
        }

        #[test]
        fn a_point_stays_in_its_stratum_at_the_bounds(bits in 0..37u32, less in 0..2u64, from_end in 0..3u64) {
            let count = ((1u64 << bits) - less).max(1);
            let order = Order::new(count, |_| [0; 4]);
            let stratum = (count - 1).saturating_sub(from_end);
            for uniform in [f64::EPSILON / 2.0, 0.5, 1.0 - f64::EPSILON / 2.0] {
                let u = order.place(stratum, uniform);
                prop_assert!(stratum as f64 / (count as f64) < u && u < (stratum + 1) as f64 / count as f64);
            }
        }

        #[test]
        fn trials_may_be_asked_for_in_any_parts(seed: u64, first in 0..900u64, length in 0..100usize) {
            let whole = points(seed, 1000, 16);
            let mut part = vec![0.0; length];
            Uniforms { seed, stream: 77 }.fill(Simd::Portable, first, &mut part);
            Latin::new(seed, 77, 1000, 16).stratify(first, &mut part);
            prop_assert_eq!(&part[..], &whole[first as usize..][..length]);
        }
    }

    /// Of each pair of strata of two trials, in many orders.
    fn assert_pairs_equally_likely(count: u64, trials: [u64; 2]) {
        let pairs = count * (count - 1);
        let mut counts = vec![0u32; (count * count) as usize];
        let orders = 50_000.max(20 * pairs);
        for seed in 0..orders {
            let latin = Latin::new(seed, 77, count, 1);
            let [a, b] = trials.map(|trial| latin.orders[0].stratum(trial));
            counts[(count * a + b) as usize] += 1;
        }
        let off_diagonal =
            counts.iter().enumerate().filter(|(pair, _)| !(*pair as u64).is_multiple_of(count + 1));
        let expected = orders as f64 / pairs as f64;
        let squares = off_diagonal.map(|(_, found)| (f64::from(*found) - expected).powi(2));
        let freedom = (pairs - 1) as f64;
        let deviates = (squares.sum::<f64>() / expected - freedom) / (2.0 * freedom).sqrt();
        assert!(deviates.abs() < 4.0, "{count} {trials:?}: {deviates}");
    }

    #[test]
    fn strata_are_equally_likely_in_pairs() {
        for count in [3, 17, MOST_SHUFFLED, MOST_SHUFFLED + 1, 100, 128, 130] {
            assert_pairs_equally_likely(count, [0, 1]);
            assert_pairs_equally_likely(count, [1, count - 1]);
        }
    }

    #[test]
    fn inputs_and_sets_have_orders_of_their_own() {
        let order = |stream, set: usize| {
            let order = &Latin::new(1, stream, 2000, 2).orders[set];
            (0..1000).map(|index| order.stratum(index) as f64).collect::<Vec<_>>()
        };
        let base = order(1, 0);
        for other in [order(2, 0), order(1, 1)] {
            let products: f64 = base.iter().zip(&other).map(|(a, b)| (a - 499.5) * (b - 499.5)).sum();
            let correlation = products / (1000.0 * 1e6 / 12.0);
            // Four standard errors.
            assert!(correlation.abs() < 4.0 / 1000f64.sqrt(), "{correlation}");
        }
    }
}
