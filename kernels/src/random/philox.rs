//! Philox4x32-10: a counter and a key to 128 random bits (Salmon, Moraes, Dror and Shaw, 2011).

pub(super) const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
/// Added to the key after each round: the golden ratio, and the square root of 3 less 1.
pub(super) const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
pub(super) const ROUNDS: usize = 10;
const LOW: u64 = 0xffff_ffff;

/// The four random words of `counter` under `key`, each in the low half of its 64 bits.
///
/// Only the low halves of the counter are read, and the high halves of the result are arbitrary: so no instruction is
/// spent on clearing them, and a loop over lanes multiplies with the processor's 32 by 32 to 64 bit instruction.
#[inline(always)]
pub fn philox(counter: [u64; 4], key: [u32; 2]) -> [u64; 4] {
    philox_of_lanes(counter.map(|word| [word]), key).map(|[word]| word)
}

/// [`philox`] of many counters, word by word: each round does all lanes, so that none waits for the one before.
#[inline(always)]
pub fn philox_of_lanes<const LANES: usize>(counter: [[u64; LANES]; 4], key: [u32; 2]) -> [[u64; LANES]; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let mut key = key;
    for _ in 0..ROUNDS {
        for lane in 0..LANES {
            let first = (a[lane] & LOW) * MULTIPLIERS[0];
            let second = (c[lane] & LOW) * MULTIPLIERS[1];
            a[lane] = (second >> 32) ^ b[lane] ^ u64::from(key[0]);
            b[lane] = second;
            c[lane] = (first >> 32) ^ d[lane] ^ u64::from(key[1]);
            d[lane] = first;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counter, key and result of Random123, `tests/kat_vectors`.
    const KNOWN: [([u64; 4], [u32; 2], [u32; 4]); 3] = [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([LOW; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];

    #[test]
    fn known_answers() {
        for (counter, key, expected) in KNOWN {
            assert_eq!(philox(counter, key).map(|word| word as u32), expected);
            let dirty = counter.map(|word| word | 0xdead_beef_0000_0000);
            assert_eq!(philox(dirty, key).map(|word| word as u32), expected);
        }
    }
}
