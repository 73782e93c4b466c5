//! The identity of an input as the 64 bits that its random stream hangs on.

/// A well mixed hash of an input's identity.
///
/// FNV-1a over the UTF-8 bytes (Fowler, Noll and Vo, 1991), then the finalizer of MurmurHash3 (Appleby, 2011), so that
/// every bit of every byte reaches every bit of the hash. It is part of what fixes the draws: it never changes.
pub fn identity_hash(identity: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in identity.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn neighbouring_cells_share_nothing() {
        let mut seen = HashSet::new();
        let mut differing_bits = 0u64;
        let mut before = identity_hash("Inputs!B0");
        for row in 1..=100_000 {
            let hash = identity_hash(&format!("Inputs!B{row}"));
            assert!(seen.insert(hash));
            differing_bits += u64::from((hash ^ before).count_ones());
            before = hash;
        }
        // Half of 64 bits on average, within five standard errors.
        let mean = differing_bits as f64 / 100_000.0;
        assert!((mean - 32.0).abs() < 5.0 * 4.0 / 100_000f64.sqrt(), "{mean}");
    }

    #[test]
    fn the_hash_is_fixed_for_ever() {
        assert_eq!(identity_hash(""), 0xefd0_1f60_ba99_2926);
        assert_eq!(identity_hash("Inputs!B1"), 0xfc70_4792_acfa_c3d4);
    }
}
