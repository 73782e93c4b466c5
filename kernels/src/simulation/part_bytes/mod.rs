//! The part of a slice as bytes: 64-bit words, little end first.
//!
//! | words | what |
//! |---|---|
//! | 1 | `fmslice` and the version of the layout |
//! | 1 | the [`Origin`] |
//! | 8 | first trial, trial after the last, inputs, outputs, kept trials of each input and of each output, 1 if outputs are tallied or else 0, 1 if trials are ranked or else 0 |
//! | for each input, then each output: 7 for each node of its trials' blocks | count, mean, m2, m3, m4, min, max |
//! | 10 | trials by error, in the order of [`ErrorKind::ALL`] |
//! | kept | packed values, as many as said above |
//! | for each output, if ranked: 1 | trials |
//! | for each input: 2 | rank correlation, contribution to variance; NaN where there is none |
//! | for each output, if tallied: 4 | of its spread: level of the grid, first bin, 1 if all are integers or else 0, bins |
//! | bins | counts |
//! | 2 | of its segments: count of all numbers, segments |
//! | for each segment: 5 | low, high, count below, 1 if its numbers are equal or else 0, their count |
//! | count | numbers, if not equal |
//! | 1 | a checksum of all words before it |
//!
//! Lengths are held against the bytes that are there before any memory is taken.

mod read;
mod write;

use self::read::Shape;
use super::origin::Origin;
use super::part::{DamagedPart, SlicePart};
use fermiac_model::value::ErrorKind;

const MAGIC: u64 = u64::from_le_bytes(*b"fmslice\x04");
const HEADER_WORDS: usize = 10;
const NODE_WORDS: usize = 7;
const ERROR_WORDS: usize = ErrorKind::ALL.len();
const WORD: usize = size_of::<u64>();

impl SlicePart {
    /// These trials as bytes; the same for equal parts of one origin.
    pub fn to_bytes(&self, origin: Origin) -> Vec<u8> {
        let mut bytes = write::content(self, origin);
        let sum = checksum(Words(&bytes));
        push(&mut bytes, sum);
        bytes
    }

    /// The part that [`SlicePart::to_bytes`] made these bytes of, for the same origin.
    pub fn from_bytes(bytes: &[u8], origin: Origin) -> Result<SlicePart, DamagedPart> {
        let (content, sum) = bytes.split_last_chunk().ok_or(DamagedPart("it is too short"))?;
        let mut words = Words(content);
        if words.next() != Some(MAGIC) {
            return Err(DamagedPart("it does not begin as a part of this version does"));
        }
        let origin_there = words.next();
        let shape = Shape::read(&mut words).ok_or(DamagedPart("it is too short"))?;
        let words_there = content.len() as u128 / WORD as u128;
        let is_long_enough =
            |wanted: u128| if shape.is_tallied { wanted < words_there } else { wanted == words_there };
        if !shape.words().is_some_and(is_long_enough) || !content.len().is_multiple_of(WORD) {
            return Err(DamagedPart("it is not as long as it says"));
        }
        if checksum(Words(content)) != u64::from_le_bytes(*sum) {
            return Err(DamagedPart("its checksum is another"));
        }
        if origin_there != Some(origin.0) {
            return Err(DamagedPart(
                "it is of another model, seed or sampling, or of another edition of the engine",
            ));
        }
        let part = shape.part(&mut words).filter(|_| words.next().is_none());
        part.ok_or(DamagedPart("its counts do not add up"))
    }
}

fn push(bytes: &mut Vec<u8>, word: u64) {
    bytes.extend_from_slice(&word.to_le_bytes());
}

/// Changes with any word: each step is one to one in the word and in what came before. Against accidents, not against
/// people.
pub(super) fn checksum(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0, |sum, word| {
        let sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^ (sum >> 29)
    })
}

struct Words<'a>(&'a [u8]);

impl Iterator for Words<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }
}

impl Words<'_> {
    /// A number of words that follow, as the next word says it; none if they are not there.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.next()?).ok()?;
        (length <= self.0.len() / WORD).then_some(length)
    }
}

#[cfg(test)]
mod tests;
