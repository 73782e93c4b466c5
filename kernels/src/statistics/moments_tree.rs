//! Moments of many blocks, merged in an order that block numbers alone decide.
//!
//! The tree is the one that pairs blocks 0 and 1, 2 and 3, ..., then the pairs, and so on, an odd node rising
//! as it is. A *slice* (2^level blocks, aligned to as many) is one node of it, so slices computed anywhere
//! merge to the same bits as one run over all blocks. Only the nodes that wait for their right neighbour are
//! held, as the digits of a binary counter.

use super::moments::Moments;

/// The waiting nodes, each with its level, levels falling.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MomentsTree {
    nodes: Vec<(u32, Moments)>,
}

impl MomentsTree {
    /// Adds the next block.
    pub fn push(&mut self, block: Moments) {
        self.push_slice(0, block);
    }

    /// Adds the total of the next 2^`level` blocks, whose first number must be a multiple of 2^`level`. The
    /// last slice of a run may have fewer blocks.
    pub fn push_slice(&mut self, level: u32, slice: Moments) {
        let (mut level, mut node) = (level, slice);
        while let Some((_, left)) = self.nodes.pop_if(|(waiting, _)| *waiting == level) {
            node = left.merge(&node);
            level += 1;
        }
        debug_assert!(
            self.nodes.last().is_none_or(|(waiting, _)| *waiting > level),
            "a slice must be aligned"
        );
        self.nodes.push((level, node));
    }

    /// The moments of all blocks so far.
    pub fn total(&self) -> Moments {
        self.nodes.iter().rev().fold(Moments::EMPTY, |right, (_, left)| left.merge(&right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(number: usize) -> Moments {
        let samples: Vec<f64> =
            (0..50).map(|trial| ((number * 50 + trial) as f64 * 0.7).sin() * 1e3).collect();
        Moments::of_block(&samples)
    }

    fn run(blocks: std::ops::Range<usize>) -> Moments {
        let mut tree = MomentsTree::default();
        blocks.for_each(|number| tree.push(block(number)));
        tree.total()
    }

    #[test]
    fn an_odd_block_rises_to_the_right() {
        let expected = block(0).merge(&block(1)).merge(&block(2));
        assert_eq!(run(0..3), expected);
        assert_eq!(run(0..0), Moments::EMPTY);
    }

    /// Cuts 0..count into aligned slices, the largest possible up to a size picked anew for each.
    fn slices(count: usize, picks: &[u32]) -> Vec<(u32, std::ops::Range<usize>)> {
        let (mut start, mut cut) = (0, Vec::new());
        for pick in picks.iter().cycle() {
            if start >= count {
                break;
            }
            let level = if start == 0 { *pick } else { (*pick).min(start.trailing_zeros()) };
            let end = (start + (1 << level)).min(count);
            cut.push((level, start..end));
            start = end;
        }
        cut
    }

    proptest! {
        #[test]
        fn any_split_into_aligned_slices_gives_the_same_bits(
            count in 1usize..200,
            picks in prop::collection::vec(0u32..8, 1..20),
        ) {
            let mut tree = MomentsTree::default();
            for (level, blocks) in slices(count, &picks) {
                tree.push_slice(level, run(blocks));
            }
            prop_assert_eq!(tree.total(), run(0..count));
        }
    }
}
