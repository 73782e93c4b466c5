//! Hashes of what is kept once.

use super::Node;

pub(super) fn hash_constant(packed: f64) -> u64 {
    let bits = packed.to_bits();
    hash_words([bits as u32, (bits >> 32) as u32].into_iter())
}

pub(super) fn hash_node(node: &Node) -> u64 {
    hash_words([node.opcode as u32, node.a, node.b, node.c].into_iter())
}

/// Multiply-and-rotate on words: nodes are made by the million, and their number is bounded by the reader.
pub(super) fn hash_words(words: impl Iterator<Item = u32>) -> u64 {
    let mixed = words.fold(0u64, |hash, word| {
        (hash.rotate_left(23) ^ u64::from(word)).wrapping_mul(0xf135_7aea_2e62_a9c5)
    });
    (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (mixed >> 29)
}
