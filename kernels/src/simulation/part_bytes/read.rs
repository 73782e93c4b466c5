//! From words to a part.

use super::super::part::{Column, SlicePart};
use super::super::slice::blocks;
use super::{ERROR_WORDS, HEADER_WORDS, NODE_WORDS, Words};
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;
use crate::statistics::moments_tree::{MomentsTree, levels};
use crate::statistics::rank::{Sensitivities, Sensitivity};
use crate::statistics::segments::{Inside, Segment, Segments};
use crate::statistics::spread::Spread;
use crate::statistics::tally::Tallied;
use fermiac_model::value::ErrorKind;
use std::ops::Range;

/// What a part says of its lengths.
pub struct Shape {
    first: u64,
    end: u64,
    inputs: u64,
    outputs: u64,
    kept_inputs: u64,
    kept_outputs: u64,
    pub is_tallied: bool,
    is_ranked: bool,
}

impl Shape {
    pub fn read(words: &mut Words<'_>) -> Option<Shape> {
        Some(Shape {
            first: words.next()?,
            end: words.next()?,
            inputs: words.next()?,
            outputs: words.next()?,
            kept_inputs: words.next()?,
            kept_outputs: words.next()?,
            is_tallied: words.next().filter(|word| *word <= 1)? == 1,
            is_ranked: words.next().filter(|word| *word <= 1)? == 1,
        })
    }

    /// How many words a part of this shape has without tallies and checksum; none if there is no such part.
    pub fn words(&self) -> Option<u128> {
        let kept = self.kept_inputs.max(self.kept_outputs);
        self.end.checked_sub(self.first).filter(|trials| kept <= *trials)?;
        let statistics = levels(self.blocks()).count() * NODE_WORDS + ERROR_WORDS;
        let column = |kept: u64| statistics as u128 + u128::from(kept);
        let inputs = u128::from(self.inputs).checked_mul(column(self.kept_inputs))?;
        let outputs = u128::from(self.outputs).checked_mul(column(self.kept_outputs))?;
        let of_output = u128::from(self.is_ranked) * (1 + 2 * u128::from(self.inputs));
        let ranks = u128::from(self.outputs).checked_mul(of_output)?;
        inputs.checked_add(outputs)?.checked_add(ranks)?.checked_add(HEADER_WORDS as u128)
    }

    fn blocks(&self) -> Range<u64> {
        blocks(&(self.first..self.end))
    }

    /// The part, whose words are there.
    pub fn part(&self, words: &mut Words<'_>) -> Option<SlicePart> {
        let trials = self.end - self.first;
        let mut columns = |count: u64, kept: u64| -> Option<Vec<Column>> {
            (0..count).map(|_| column(words, (trials, self.blocks()), kept as usize)).collect()
        };
        let inputs = columns(self.inputs, self.kept_inputs)?;
        let outputs = columns(self.outputs, self.kept_outputs)?;
        let ranks = (0..self.outputs).map(|_| sensitivities(words, trials, self.inputs as usize));
        let sensitivities = if self.is_ranked { Some(ranks.collect::<Option<_>>()?) } else { None };
        let tallies = outputs.iter().map(|column| tallied(words, trials - column.errors.total()));
        let tallies = if self.is_tallied { Some(tallies.collect::<Option<_>>()?) } else { None };
        Some(SlicePart {
            trials: self.first..self.end,
            kept_inputs: self.kept_inputs as usize,
            kept_outputs: self.kept_outputs as usize,
            inputs,
            outputs,
            sensitivities,
            tallies,
        })
    }
}

/// What drives one output, over so many trials at most; none if it cannot be.
fn sensitivities(words: &mut Words<'_>, most: u64, inputs: usize) -> Option<Sensitivities> {
    let trials = words.next().filter(|trials| *trials <= most)?;
    let of_input = |input| {
        let (rank_correlation, contribution_to_variance) = (share(words)?, share(words)?);
        let is_found = rank_correlation.is_some() || contribution_to_variance.is_none();
        let is_share = contribution_to_variance.is_none_or(|share| share >= 0.0);
        (is_found && is_share).then_some(Sensitivity { input, rank_correlation, contribution_to_variance })
    };
    Some(Sensitivities { trials, inputs: (0..inputs).map(of_input).collect::<Option<_>>()? })
}

/// A number from -1 to 1, but for roundings, or NaN for none.
fn share(words: &mut Words<'_>) -> Option<Option<f64>> {
    let number = f64::from_bits(words.next()?);
    let is_share = number.abs() <= 1.0 + 1e-9;
    (is_share || number.is_nan()).then_some(Some(number).filter(|_| is_share))
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
    // None below another has more numbers than there are below that, nor the last more than there are.
    let ends = list.iter().map(|segment| segment.below.checked_add(segment.len()));
    let bounds = list.iter().skip(1).map(|next| next.below).chain([count]);
    let is_within = ends.zip(bounds).all(|(end, bound)| end.is_some_and(|end| end <= bound));
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
fn column(words: &mut Words<'_>, (trials, blocks): (u64, Range<u64>), kept: usize) -> Option<Column> {
    let nodes = levels(blocks.clone()).map(|_| node(words)).collect::<Option<Vec<_>>>()?;
    let mut counts = [0; ErrorKind::ALL.len()];
    for errors in &mut counts {
        *errors = words.next()?;
    }
    let numbers = nodes.iter().map(|node| node.count);
    let total = numbers.chain(counts).try_fold(0, u64::checked_add)?;
    let mut values = Vec::with_capacity(kept);
    values.extend(words.take(kept).map(f64::from_bits));
    let errors = ErrorCounts::from_counts(counts);
    let is_whole = values.len() as u64 == trials;
    let adds_up = total == trials && (!is_whole || ErrorCounts::of(&values) == errors);
    let moments = MomentsTree::of_nodes(blocks, nodes);
    adds_up.then_some(Column { moments, errors, kept: values })
}

fn node(words: &mut Words<'_>) -> Option<Moments> {
    let count = words.next()?;
    let mut number = || words.next().map(f64::from_bits);
    let (mean, m2, m3, m4) = (number()?, number()?, number()?, number()?);
    Some(Moments { count, mean, m2, m3, m4, min: number()?, max: number()? })
}
