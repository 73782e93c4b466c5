//! Moments of many blocks, merged in an order that block numbers alone decide.
//!
//! The tree is the one that pairs blocks 0 and 1, 2 and 3, ..., then the pairs, and so on, an odd node rising
//! as it is. Of any run of blocks the largest whole nodes are held, those that still wait for what is beside them: so
//! runs that were computed anywhere, appended, merge to the same bits as one run over all blocks.

use super::moments::Moments;
use std::ops::Range;

/// The nodes of a run of blocks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MomentsTree {
    /// Each with its level: it is of 2^level blocks, of which the first has a number that is a multiple of as many.
    nodes: Vec<(u32, Moments)>,
    /// The number of the block that comes next.
    next: u64,
}

impl MomentsTree {
    /// Of no blocks so far, the first of which will have this number.
    pub fn from_block(first: u64) -> MomentsTree {
        MomentsTree { nodes: Vec::new(), next: first }
    }

    /// Of these blocks, from their nodes, as many as there are [`levels`].
    pub fn of_nodes(blocks: Range<u64>, nodes: impl IntoIterator<Item = Moments>) -> MomentsTree {
        MomentsTree { next: blocks.end, nodes: levels(blocks).zip(nodes).collect() }
    }

    /// The nodes in order of their blocks.
    pub fn nodes(&self) -> impl Iterator<Item = &Moments> {
        self.nodes.iter().map(|(_, node)| node)
    }

    /// Adds the next block. The last one of all may have fewer numbers.
    pub fn push(&mut self, block: Moments) {
        self.push_node(0, block);
    }

    /// Adds the blocks of another tree, whose first is the one that comes next.
    pub fn append(&mut self, others: &MomentsTree) {
        others.nodes.iter().for_each(|(level, node)| self.push_node(*level, *node));
    }

    fn push_node(&mut self, mut level: u32, mut node: Moments) {
        let mut place = self.next >> level;
        self.next += 1 << level;
        while place % 2 == 1
            && let Some((_, left)) = self.nodes.pop_if(|(waiting, _)| *waiting == level)
        {
            node = left.merge(&node);
            level += 1;
            place /= 2;
        }
        self.nodes.push((level, node));
    }

    /// The moments of all blocks so far.
    pub fn total(&self) -> Moments {
        self.nodes.iter().rev().fold(Moments::EMPTY, |right, (_, left)| left.merge(&right))
    }
}

/// The levels of the nodes that hold these blocks, in order.
pub fn levels(blocks: Range<u64>) -> impl Iterator<Item = u32> {
    let mut first = blocks.start;
    std::iter::from_fn(move || {
        let longest = blocks.end.checked_sub(first)?.checked_ilog2()?;
        let level = longest.min(first.trailing_zeros());
        first += 1 << level;
        Some(level)
    })
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

    fn run(blocks: Range<usize>) -> MomentsTree {
        let mut tree = MomentsTree::from_block(blocks.start as u64);
        blocks.for_each(|number| tree.push(block(number)));
        tree
    }

    #[test]
    fn an_odd_block_rises_to_the_right() {
        let expected = block(0).merge(&block(1)).merge(&block(2));
        assert_eq!(run(0..3).total(), expected);
        assert_eq!(run(0..0).total(), Moments::EMPTY);
    }

    #[test]
    fn nodes_are_as_large_as_their_places_let_them_be() {
        let of = |blocks: Range<u64>| levels(blocks).collect::<Vec<_>>();
        assert_eq!((of(0..11), of(5..14), of(16..24)), (vec![3, 1, 0], vec![0, 1, 2, 1], vec![3]));
        assert_eq!((of(7..7), of(u64::MAX - 1..u64::MAX)), (vec![], vec![0]));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_bits(
            count in 1usize..200,
            lengths in prop::collection::vec(1usize..40, 1..20),
        ) {
            let (mut whole, mut first) = (MomentsTree::default(), 0);
            for length in lengths.iter().cycle() {
                let blocks = first..(first + length).min(count);
                let part = run(blocks.clone());
                let numbers = blocks.start as u64..blocks.end as u64;
                let again = MomentsTree::of_nodes(numbers, part.nodes().copied());
                prop_assert_eq!(&part, &again);
                whole.append(&again);
                first = blocks.end;
                if first == count {
                    break;
                }
            }
            prop_assert_eq!(&whole, &run(0..count));
            // As a sum of pairs, pair by pair.
            let mut level: Vec<Moments> = (0..count).map(block).collect();
            while level.len() > 1 {
                level = level.chunks(2).map(|pair| pair[1..].iter().fold(pair[0], |left, right| left.merge(right))).collect();
            }
            prop_assert_eq!(whole.total(), level[0]);
        }
    }
}
