//! From a part to words.

use super::super::origin::Origin;
use super::super::part::SlicePart;
use super::super::slice::blocks;
use super::{ERROR_WORDS, HEADER_WORDS, MAGIC, NODE_WORDS, WORD, push};
use crate::statistics::moments::Moments;
use crate::statistics::moments_tree::levels;
use crate::statistics::rank::{Sensitivities, Sensitivity};
use crate::statistics::segments::Inside;
use crate::statistics::tally::Tallied;

/// All but the checksum, with room for it.
pub fn content(part: &SlicePart, origin: Origin) -> Vec<u8> {
    let columns = || part.inputs.iter().chain(&part.outputs);
    let kept: usize = columns().map(|column| column.kept.len()).sum();
    let statistics = levels(blocks(&part.trials)).count() * NODE_WORDS + ERROR_WORDS;
    let ranks = part.sensitivities.as_ref().map_or(0, |found| found.len() * (1 + 2 * part.inputs.len()));
    let words = HEADER_WORDS + columns().count() * statistics + kept + ranks + 1;
    let mut bytes = Vec::with_capacity(words * WORD);
    let counts = [part.inputs.len(), part.outputs.len(), part.kept_inputs, part.kept_outputs];
    let has = [part.tallies.is_some(), part.sensitivities.is_some()].map(u64::from);
    let header = [MAGIC, origin.0, part.trials.start, part.trials.end].into_iter();
    let header = header.chain(counts.map(|count| count as u64)).chain(has);
    header.for_each(|word| push(&mut bytes, word));
    for column in columns() {
        column.moments.nodes().flat_map(node_words).for_each(|word| push(&mut bytes, word));
        column.errors.counts().into_iter().for_each(|word| push(&mut bytes, word));
        column.kept.iter().for_each(|value| push(&mut bytes, value.to_bits()));
    }
    let sensitivities = part.sensitivities.iter().flatten();
    sensitivities.flat_map(sensitivity_words).for_each(|word| push(&mut bytes, word));
    part.tallies.iter().flatten().for_each(|tallied| push_tallied(&mut bytes, tallied));
    bytes
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

fn sensitivity_words(output: &Sensitivities) -> impl Iterator<Item = u64> {
    let word = |number: Option<f64>| number.unwrap_or(f64::NAN).to_bits();
    let of_input =
        move |found: &Sensitivity| [found.rank_correlation, found.contribution_to_variance].map(word);
    [output.trials].into_iter().chain(output.inputs.iter().flat_map(of_input))
}
