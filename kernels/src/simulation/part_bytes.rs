//! The part of a slice as bytes: 64-bit words, little end first.
//!
//! | words | what |
//! |---|---|
//! | 1 | `fmslice` and the version of the layout |
//! | 7 | first trial, trial after the last, inputs, outputs, kept trials of each input and of each output, 1 if outputs are tallied or else 0 |
//! | for each input, then each output: 7 for each node of its trials' blocks | count, mean, m2, m3, m4, min, max |
//! | 10 | trials by error, in the order of [`ErrorKind::ALL`] |
//! | kept | packed values, as many as said above |
//! | for each output, if tallied: 4 | of its spread: level of the grid, first bin, 1 if all are integers or else 0, bins |
//! | bins | counts |
//! | 2 | of its segments: count of all numbers, segments |
//! | for each segment: 5 | low, high, count below, 1 if its numbers are equal or else 0, their count |
//! | count | numbers, if not equal |
//! | 1 | a checksum of all words before it |
//!
//! Lengths are held against the bytes that are there before any memory is taken.

use super::part::{ColumnPart, DamagedPart, SlicePart};
use super::slice::blocks;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;
use crate::statistics::moments_tree::{MomentsTree, levels};
use crate::statistics::segments::{Inside, Segment, Segments};
use crate::statistics::spread::Spread;
use crate::statistics::tally::Tallied;
use fermiac_model::value::ErrorKind;
use std::ops::Range;

const MAGIC: u64 = u64::from_le_bytes(*b"fmslice\x03");
const HEADER_WORDS: usize = 8;
const NODE_WORDS: usize = 7;
const ERROR_WORDS: usize = ErrorKind::ALL.len();
const WORD: usize = size_of::<u64>();

impl SlicePart {
    /// These trials as bytes; the same for equal parts.
    pub fn to_bytes(&self) -> Vec<u8> {
        let columns = || self.inputs.iter().chain(&self.outputs);
        let kept: usize = columns().map(|column| column.kept.len()).sum();
        let statistics = levels(blocks(&self.trials)).count() * NODE_WORDS + ERROR_WORDS;
        let words = HEADER_WORDS + columns().count() * statistics + kept + 1;
        let mut bytes = Vec::with_capacity(words * WORD);
        let counts = [self.inputs.len(), self.outputs.len(), self.kept_inputs, self.kept_outputs];
        let is_tallied = u64::from(self.tallies.is_some());
        let header = [MAGIC, self.trials.start, self.trials.end].into_iter();
        let header = header.chain(counts.map(|count| count as u64)).chain([is_tallied]);
        header.for_each(|word| push(&mut bytes, word));
        for column in columns() {
            column.moments.nodes().flat_map(node_words).for_each(|word| push(&mut bytes, word));
            column.errors.counts().into_iter().for_each(|word| push(&mut bytes, word));
            column.kept.iter().for_each(|value| push(&mut bytes, value.to_bits()));
        }
        self.tallies.iter().flatten().for_each(|tallied| push_tallied(&mut bytes, tallied));
        let sum = checksum(&bytes);
        push(&mut bytes, sum);
        bytes
    }

    /// The part that [`SlicePart::to_bytes`] made these bytes of.
    pub fn from_bytes(bytes: &[u8]) -> Result<SlicePart, DamagedPart> {
        let (content, sum) = bytes.split_last_chunk().ok_or(DamagedPart("it is too short"))?;
        let mut words = Words(content);
        if words.next() != Some(MAGIC) {
            return Err(DamagedPart("it does not begin as a part of this version does"));
        }
        let shape = Shape::read(&mut words).ok_or(DamagedPart("it is too short"))?;
        let words_there = content.len() as u128 / WORD as u128;
        let is_long_enough =
            |wanted: u128| if shape.is_tallied { wanted < words_there } else { wanted == words_there };
        if !shape.words().is_some_and(is_long_enough) || !content.len().is_multiple_of(WORD) {
            return Err(DamagedPart("it is not as long as it says"));
        }
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(DamagedPart("its checksum is another"));
        }
        let part = shape.part(&mut words).filter(|_| words.next().is_none());
        part.ok_or(DamagedPart("its counts do not add up"))
    }
}

fn push(bytes: &mut Vec<u8>, word: u64) {
    bytes.extend_from_slice(&word.to_le_bytes());
}

fn push_tallied(bytes: &mut Vec<u8>, Tallied { segments, spread }: &Tallied) {
    let (grid, counts) = spread.words();
    let sizes = [segments.count, segments.list.len() as u64];
    let head = grid.into_iter().chain([counts.len() as u64]).chain(counts.iter().copied()).chain(sizes);
    head.for_each(|word| push(bytes, word));
    for segment in &segments.list {
        let is_equal = u64::from(matches!(segment.inside, Inside::Equal(_)));
        let bounds = [segment.low, segment.high].map(f64::to_bits).into_iter();
        bounds.chain([segment.below, is_equal, segment.len()]).for_each(|word| push(bytes, word));
        if let Inside::Numbers(numbers) = &segment.inside {
            numbers.iter().for_each(|number| push(bytes, number.to_bits()));
        }
    }
}

fn node_words(node: &Moments) -> [u64; NODE_WORDS] {
    let Moments { count, mean, m2, m3, m4, min, max } = *node;
    let [mean, m2, m3, m4, min, max] = [mean, m2, m3, m4, min, max].map(f64::to_bits);
    [count, mean, m2, m3, m4, min, max]
}

/// Changes with any word: each step is one to one in the word and in what came before. Against accidents, not against
/// people.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0u64;
    for word in Words(bytes) {
        sum = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^= sum >> 29;
    }
    sum
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

/// What a part says of its lengths.
struct Shape {
    first: u64,
    end: u64,
    inputs: u64,
    outputs: u64,
    kept_inputs: u64,
    kept_outputs: u64,
    is_tallied: bool,
}

impl Shape {
    fn read(words: &mut Words<'_>) -> Option<Shape> {
        Some(Shape {
            first: words.next()?,
            end: words.next()?,
            inputs: words.next()?,
            outputs: words.next()?,
            kept_inputs: words.next()?,
            kept_outputs: words.next()?,
            is_tallied: words.next().filter(|word| *word <= 1)? == 1,
        })
    }

    /// How many words a part of this shape has without tallies and checksum; none if there is no such part.
    fn words(&self) -> Option<u128> {
        let kept = self.kept_inputs.max(self.kept_outputs);
        self.end.checked_sub(self.first).filter(|trials| kept <= *trials)?;
        let statistics = levels(self.blocks()).count() * NODE_WORDS + ERROR_WORDS;
        let column = |kept: u64| statistics as u128 + u128::from(kept);
        let inputs = u128::from(self.inputs).checked_mul(column(self.kept_inputs))?;
        let outputs = u128::from(self.outputs).checked_mul(column(self.kept_outputs))?;
        inputs.checked_add(outputs)?.checked_add(HEADER_WORDS as u128)
    }

    fn blocks(&self) -> Range<u64> {
        blocks(&(self.first..self.end))
    }

    /// The part, whose words are there.
    fn part(&self, words: &mut Words<'_>) -> Option<SlicePart> {
        let trials = self.end - self.first;
        let mut columns = |count: u64, kept: u64| -> Option<Vec<ColumnPart>> {
            (0..count).map(|_| column(words, (trials, self.blocks()), kept as usize)).collect()
        };
        let inputs = columns(self.inputs, self.kept_inputs)?;
        let outputs = columns(self.outputs, self.kept_outputs)?;
        let tallies = outputs.iter().map(|column| tallied(words, trials - column.errors.total()));
        let tallies = if self.is_tallied { Some(tallies.collect::<Option<_>>()?) } else { None };
        Some(SlicePart {
            trials: self.first..self.end,
            kept_inputs: self.kept_inputs as usize,
            kept_outputs: self.kept_outputs as usize,
            inputs,
            outputs,
            tallies,
        })
    }
}

/// One tally; none if it is not of so many numbers.
fn tallied(words: &mut Words<'_>, count: u64) -> Option<Tallied> {
    let (level, first, integers) = (words.next()?, words.next()?, words.next()?);
    let bins = words.length()?;
    let spread = Spread::from_words(level, first, integers, words.take(bins).collect())?;
    let counted = spread.words().1.iter().try_fold(0u64, |sum, count| sum.checked_add(*count));
    let is_of_so_many = words.next()? == count && counted == Some(count);
    let list = (0..words.length()?).map(|_| segment(words)).collect::<Option<Vec<_>>>()?;
    let is_ascending = list.windows(2).all(|pair| pair[0].high < pair[1].low);
    let is_within =
        list.iter().all(|segment| segment.below.checked_add(segment.len()).is_some_and(|end| end <= count));
    let segments = Segments { count, list };
    (is_of_so_many && is_ascending && is_within).then_some(Tallied { segments, spread })
}

fn segment(words: &mut Words<'_>) -> Option<Segment> {
    let (low, high) = (f64::from_bits(words.next()?), f64::from_bits(words.next()?));
    let (below, is_equal) = (words.next()?, words.next()?);
    let inside = if is_equal == 1 {
        Inside::Equal(words.next().filter(|_| low == high)?)
    } else {
        let count = words.length()?;
        let numbers: Vec<f64> = words.take(count).map(f64::from_bits).collect();
        let are_inside = numbers.iter().all(|number| low <= *number && *number <= high);
        Inside::Numbers(Some(numbers).filter(|_| are_inside && low < high)?)
    };
    Some(Segment { low, high, below, inside })
}

/// One column; none if it is not of so many trials in these blocks.
fn column(words: &mut Words<'_>, (trials, blocks): (u64, Range<u64>), kept: usize) -> Option<ColumnPart> {
    let nodes = levels(blocks.clone()).map(|_| node(words)).collect::<Option<Vec<_>>>()?;
    let mut counts = [0; ErrorKind::ALL.len()];
    for errors in &mut counts {
        *errors = words.next()?;
    }
    let numbers = nodes.iter().map(|node| node.count);
    let total = numbers.chain(counts).try_fold(0u64, |total, counted| total.checked_add(counted))?;
    let mut values = Vec::with_capacity(kept);
    values.extend(words.take(kept).map(f64::from_bits));
    let errors = ErrorCounts::from_counts(counts);
    let is_whole = values.len() as u64 == trials;
    let adds_up = total == trials && (!is_whole || ErrorCounts::of(&values) == errors);
    let moments = MomentsTree::of_nodes(blocks, nodes);
    adds_up.then_some(ColumnPart { moments, errors, kept: values })
}

fn node(words: &mut Words<'_>) -> Option<Moments> {
    let count = words.next()?;
    let mut number = || words.next().map(f64::from_bits);
    let (mean, m2, m3, m4) = (number()?, number()?, number()?, number()?);
    Some(Moments { count, mean, m2, m3, m4, min: number()?, max: number()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::tally::Tally;
    use fermiac_model::value::Value;
    use proptest::prelude::*;

    fn part() -> SlicePart {
        let column = |kept: Vec<f64>| ColumnPart {
            moments: MomentsTree::of_nodes(1..2, [Moments::of_block(&kept)]),
            errors: ErrorCounts::of(&kept),
            kept,
        };
        let error = Value::Error(ErrorKind::Div0).pack();
        let input = ColumnPart { kept: vec![1.0, -0.0], ..column(vec![1.0, -0.0, 2.5]) };
        SlicePart {
            trials: 4096..4099,
            kept_inputs: 2,
            kept_outputs: 3,
            inputs: vec![input],
            outputs: vec![column(vec![0.1, error, 1e300]), column(vec![error; 3])],
            tallies: None,
        }
    }

    /// As [`part`], but of the outputs one trial is kept, and all are tallied.
    fn tallied() -> SlicePart {
        let mut part = part();
        part.kept_outputs = 1;
        part.outputs.iter_mut().for_each(|column| column.kept.truncate(1));
        let tallied = |numbers: &[f64]| {
            let mut tally = Tally::new();
            tally.add(numbers);
            tally.finish()
        };
        let mut some = tallied(&[0.1, 1e300]);
        some.segments.list.push(Segment {
            low: f64::INFINITY,
            high: f64::INFINITY,
            below: 2,
            inside: Inside::Equal(0),
        });
        some.segments.list[0].high = f64::MAX;
        SlicePart { tallies: Some(vec![some, tallied(&[])]), ..part }
    }

    /// With the checksum that belongs to them.
    fn sealed(mut words: Vec<u64>) -> Vec<u8> {
        words.pop();
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
        let sum = checksum(&bytes);
        push(&mut bytes, sum);
        bytes
    }

    #[test]
    fn a_part_survives_as_bytes() {
        for part in [part(), tallied()] {
            let bytes = part.to_bytes();
            let read = SlicePart::from_bytes(&bytes).unwrap();
            // Packed errors are NaNs, which are equal only as bits.
            assert_eq!(read.to_bytes(), bytes);
            assert_eq!((read.trials(), &read.tallies), (4096..4099, &part.tallies));
        }
    }

    #[test]
    fn lengths_that_are_not_there_are_refused_before_memory_is_taken() {
        for part in [part(), tallied()] {
            let words: Vec<u64> = Words(&part.to_bytes()).collect();
            for (place, value) in (1..words.len()).flat_map(|place| [(place, u64::MAX), (place, 1 << 40)]) {
                let mut words = words.clone();
                words[place] = value;
                let read = SlicePart::from_bytes(&sealed(words));
                assert!(place >= HEADER_WORDS || read.is_err(), "word {place} as {value}");
            }
        }
    }

    #[test]
    fn counts_that_contradict_the_values_are_refused() {
        let words: Vec<u64> = Words(&part().to_bytes()).collect();
        let refused = Err(DamagedPart("its counts do not add up"));
        let mut wrong_count = words.clone();
        wrong_count[HEADER_WORDS] += 1;
        assert_eq!(SlicePart::from_bytes(&sealed(wrong_count)), refused);
        let mut wrong_value = words.clone();
        // The last value of the first output.
        wrong_value[HEADER_WORDS + 2 * (NODE_WORDS + ERROR_WORDS) + 2 + 2] = f64::NAN.to_bits();
        assert_eq!(SlicePart::from_bytes(&sealed(wrong_value)), refused);
        assert!(SlicePart::from_bytes(&sealed(words)).is_ok());
    }

    proptest! {
        #[test]
        fn one_damaged_byte_or_a_lost_end_is_seen(place: prop::sample::Index, change in 1u8..) {
            let bytes = tallied().to_bytes();
            let place = place.index(bytes.len());
            let mut damaged = bytes.clone();
            damaged[place] ^= change;
            prop_assert!(SlicePart::from_bytes(&damaged).is_err());
            prop_assert!(SlicePart::from_bytes(&bytes[..place]).is_err());
        }

        #[test]
        fn any_words_are_answered(words in prop::collection::vec(prop_oneof![0u64..6, any::<u64>()], 0..80)) {
            let mut all = vec![MAGIC];
            all.extend(words);
            let _ = SlicePart::from_bytes(&sealed(all));
        }
    }
}
