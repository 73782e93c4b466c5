//! Random words read as choices: 0 is the simplest, so that what shrinks gets simpler.

use proptest::collection::vec;
use proptest::prelude::*;

/// A stream of words; behind its end every choice is the first.
#[derive(Debug)]
pub struct Choices<'w> {
    words: &'w [u16],
}

/// Enough words for a sheet and its formulas.
pub fn words() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 0..400)
}

impl<'w> Choices<'w> {
    pub fn new(words: &'w [u16]) -> Choices<'w> {
        Choices { words }
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        match self.words.split_first() {
            None => 0,
            Some((word, rest)) => {
                self.words = rest;
                usize::from(*word) % count
            }
        }
    }

    /// True once in `count` times.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// One of `items`.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
