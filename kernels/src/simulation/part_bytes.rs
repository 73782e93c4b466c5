//! The part of a slice as bytes: 64-bit words, little end first.
//!
//! | words | what |
//! |---|---|
//! | 1 | `fmslice` and the version of the layout |
//! | 5 | first trial, trial after the last, inputs, outputs, kept trials of each input |
//! | for each input, then each output: 7 | count, mean, m2, m3, m4, min, max |
//! | 10 | trials by error, in the order of [`ErrorKind::ALL`] |
//! | kept | packed values: of an input as many as said above, of an output all |
//! | 1 | a checksum of all words before it |
//!
//! Lengths are held against the bytes that are there before any memory is taken.

use super::part::{ColumnPart, DamagedPart, SlicePart};
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;
use fermiac_model::value::ErrorKind;

const MAGIC: u64 = u64::from_le_bytes(*b"fmslice\x01");
const HEADER_WORDS: usize = 6;
const COLUMN_WORDS: usize = 7 + ErrorKind::ALL.len();
const WORD: usize = size_of::<u64>();

impl SlicePart {
    /// These trials as bytes; the same for equal parts.
    pub fn to_bytes(&self) -> Vec<u8> {
        let columns = || self.inputs.iter().chain(&self.outputs);
        let kept: usize = columns().map(|column| column.kept.len()).sum();
        let words = HEADER_WORDS + columns().count() * COLUMN_WORDS + kept + 1;
        let mut bytes = Vec::with_capacity(words * WORD);
        let (inputs, outputs) = (self.inputs.len() as u64, self.outputs.len() as u64);
        let header = [MAGIC, self.trials.start, self.trials.end, inputs, outputs, self.kept_inputs as u64];
        header.into_iter().for_each(|word| push(&mut bytes, word));
        for column in columns() {
            column_words(column).for_each(|word| push(&mut bytes, word));
            column.kept.iter().for_each(|value| push(&mut bytes, value.to_bits()));
        }
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
        if shape.words() != Some(content.len() as u128 / WORD as u128) || !content.len().is_multiple_of(WORD)
        {
            return Err(DamagedPart("it is not as long as it says"));
        }
        if checksum(content) != u64::from_le_bytes(*sum) {
            return Err(DamagedPart("its checksum is another"));
        }
        shape.part(&mut words).ok_or(DamagedPart("its counts do not add up"))
    }
}

fn push(bytes: &mut Vec<u8>, word: u64) {
    bytes.extend_from_slice(&word.to_le_bytes());
}

fn column_words(column: &ColumnPart) -> impl Iterator<Item = u64> {
    let Moments { count, mean, m2, m3, m4, min, max } = column.moments;
    let powers = [mean, m2, m3, m4, min, max].map(f64::to_bits);
    [count].into_iter().chain(powers).chain(column.errors.counts())
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

/// What a part says of its lengths.
struct Shape {
    first: u64,
    end: u64,
    inputs: u64,
    outputs: u64,
    kept_inputs: u64,
}

impl Shape {
    fn read(words: &mut Words<'_>) -> Option<Shape> {
        Some(Shape {
            first: words.next()?,
            end: words.next()?,
            inputs: words.next()?,
            outputs: words.next()?,
            kept_inputs: words.next()?,
        })
    }

    /// How many words a part of this shape has without its checksum; none if there is no such part.
    fn words(&self) -> Option<u128> {
        let trials = self.end.checked_sub(self.first).filter(|trials| self.kept_inputs <= *trials)?;
        let column = |kept: u64| COLUMN_WORDS as u128 + u128::from(kept);
        let inputs = u128::from(self.inputs).checked_mul(column(self.kept_inputs))?;
        let outputs = u128::from(self.outputs).checked_mul(column(trials))?;
        inputs.checked_add(outputs)?.checked_add(HEADER_WORDS as u128)
    }

    /// The part, whose words are there.
    fn part(&self, words: &mut Words<'_>) -> Option<SlicePart> {
        let trials = self.end - self.first;
        let mut columns = |count: u64, kept: u64| -> Option<Vec<ColumnPart>> {
            (0..count).map(|_| column(words, trials, kept as usize)).collect()
        };
        Some(SlicePart {
            trials: self.first..self.end,
            kept_inputs: self.kept_inputs as usize,
            inputs: columns(self.inputs, self.kept_inputs)?,
            outputs: columns(self.outputs, trials)?,
        })
    }
}

/// One column; none if it is not of so many trials.
fn column(words: &mut Words<'_>, trials: u64, kept: usize) -> Option<ColumnPart> {
    let count = words.next()?;
    let mut number = || words.next().map(f64::from_bits);
    let (mean, m2, m3, m4) = (number()?, number()?, number()?, number()?);
    let moments = Moments { count, mean, m2, m3, m4, min: number()?, max: number()? };
    let mut counts = [0; ErrorKind::ALL.len()];
    for errors in &mut counts {
        *errors = words.next()?;
    }
    let total = counts.iter().try_fold(count, |total, errors| total.checked_add(*errors))?;
    let mut values = Vec::with_capacity(kept);
    values.extend(words.take(kept).map(f64::from_bits));
    let errors = ErrorCounts::from_counts(counts);
    let is_whole = values.len() as u64 == trials;
    let adds_up = total == trials && (!is_whole || ErrorCounts::of(&values) == errors);
    adds_up.then_some(ColumnPart { moments, errors, kept: values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermiac_model::value::Value;
    use proptest::prelude::*;

    fn part() -> SlicePart {
        let column = |kept: Vec<f64>| ColumnPart {
            moments: Moments::of_block(&kept),
            errors: ErrorCounts::of(&kept),
            kept,
        };
        let error = Value::Error(ErrorKind::Div0).pack();
        let input = ColumnPart { kept: vec![1.0, -0.0], ..column(vec![1.0, -0.0, 2.5]) };
        SlicePart {
            trials: 4096..4099,
            kept_inputs: 2,
            inputs: vec![input],
            outputs: vec![column(vec![0.1, error, 1e300]), column(vec![error; 3])],
        }
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
        let bytes = part().to_bytes();
        // Packed errors are NaNs, which are equal only as bits.
        assert_eq!(SlicePart::from_bytes(&bytes).unwrap().to_bytes(), bytes);
        assert_eq!(SlicePart::from_bytes(&bytes).unwrap().trials(), 4096..4099);
    }

    #[test]
    fn lengths_that_are_not_there_are_refused_before_memory_is_taken() {
        let words: Vec<u64> = Words(&part().to_bytes()).collect();
        for (place, value) in (1..HEADER_WORDS).flat_map(|place| [(place, u64::MAX), (place, 1 << 40)]) {
            let mut words = words.clone();
            words[place] = value;
            assert!(SlicePart::from_bytes(&sealed(words)).is_err(), "word {place} as {value}");
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
        wrong_value[HEADER_WORDS + 2 * COLUMN_WORDS + 2 + 2] = f64::NAN.to_bits();
        assert_eq!(SlicePart::from_bytes(&sealed(wrong_value)), refused);
        assert!(SlicePart::from_bytes(&sealed(words)).is_ok());
    }

    proptest! {
        #[test]
        fn one_damaged_byte_or_a_lost_end_is_seen(place: prop::sample::Index, change in 1u8..) {
            let bytes = part().to_bytes();
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
