//! A plan with its seed and its sampling as one run of 64-bit words, for engines on other devices.
//!
//! An image has no pointers and needs no preparation where it arrives: the plan is checked, constants are packed, the
//! tables of the distributions are made. Twin of `cuda/plan/image.cuh`, which says what each word is.

use fermiac_math::QuantileRows;
use fermiac_math::quantile_rows::{QuantileRow, ROWS};
use fermiac_model::plan::{Instruction, Plan};
use fermiac_model::value::Value;

use super::cpu::{PlanError, check};
use crate::random::copula::{BrokenGroup, Copula};
use crate::random::image::{INPUT_WORDS, input, put_numbers};
use crate::random::sampling::{Points, TooManyInputs};
use crate::random::{Sampler, Sampling};

const HEADER_WORDS: usize = 15;
pub(super) const INSTRUCTION_WORDS: usize = 3;
/// Places in the header.
const INSTRUCTIONS_AT: usize = 1;
const CONSTANTS_AT: usize = 4;
const INPUTS_AT: usize = 7;
const GROUPS_AT: usize = 9;
const COLUMNS_AT: usize = 12;
const ROWS_AT: usize = 13;
const GROUP_WORDS: usize = 3;
const NOT_WANTED: u64 = u64::MAX;

/// Why there is no image of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The plan breaks its own rules.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sampling is not for so many inputs.
    #[error(transparent)]
    Sampling(#[from] TooManyInputs),
    /// The plan ties inputs that it does not have.
    #[error(transparent)]
    Correlation(#[from] BrokenGroup),
}

/// What of a plan is wanted under which numbers.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What its draws are functions of, beside trial and input.
    pub seed: u64,
    /// How the uniforms behind its draws are chosen.
    pub sampling: Sampling,
    /// For each column, the inputs' and then the outputs', whether its values are wanted.
    pub columns: &'a [bool],
}

/// A plan as words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    words: Vec<u64>,
    columns: usize,
    thread_numbers: usize,
}

/// What of an input is the same whatever the seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputRecord {
    /// Where in the image it is.
    pub(super) at: usize,
    /// Whether its trials are not independent.
    pub(super) is_stratified: bool,
    /// The number of its family, as in `cuda/plan/image.cuh`.
    pub(super) family: usize,
    /// What its independent uniforms are told apart by.
    pub(super) stream: u64,
    /// Whether it is neither cut off nor shifted.
    pub(super) is_plain: bool,
    /// The first parameters of its family.
    pub(super) parameters: [f64; 2],
}

impl Image {
    /// The image of what is wanted.
    ///
    /// # Panics
    /// If [`Wanted::columns`] is not as long as the plan has columns.
    pub fn new(wanted: &Wanted<'_>) -> Result<Image, ImageError> {
        let plan = wanted.plan;
        assert_eq!(wanted.columns.len(), plan.columns(), "every column is wanted or not");
        check(plan)?;
        let mut words = vec![0; HEADER_WORDS];
        let instructions_at = put(&mut words, |words| put_instructions(&plan.instructions, words));
        let arguments_at = put(&mut words, |words| put_arguments(plan, words));
        let constants_at = put(&mut words, |words| words.extend(plan.constants.iter().map(packed)));
        let texts_at = put(&mut words, |words| put_texts(plan, words));
        let inputs_at = put_inputs(wanted, &mut words)?;
        let groups_at = put_groups(plan, &mut words)?;
        let columns_at = put(&mut words, |words| words.extend(places(wanted.columns)));
        let rows = QuantileRows::get().rows()[..ROWS].iter();
        // Two terms are read at once.
        words.resize(words.len().next_multiple_of(2), 0);
        let rows_at = put(&mut words, |words| rows.for_each(|QuantileRow(terms)| put_numbers(terms, words)));
        words[..HEADER_WORDS].copy_from_slice(&[
            wanted.seed,
            instructions_at,
            plan.instructions.len() as u64,
            arguments_at,
            constants_at,
            texts_at,
            plan.texts.len() as u64,
            inputs_at,
            plan.draws.len() as u64,
            groups_at,
            plan.correlations.len() as u64,
            plan.columns() as u64,
            columns_at,
            rows_at,
            u64::from(plan.slots),
        ]);
        let columns = wanted.columns.iter().filter(|wanted| **wanted).count();
        Ok(Image { words, columns, thread_numbers: plan.slots as usize + plan.draws.len() })
    }

    /// The words, from the header on.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// What code for this plan knows of an input.
    pub(super) fn input(&self, input: usize) -> InputRecord {
        let at = self.words[INPUTS_AT] as usize + input * INPUT_WORDS;
        let record = &self.words[at..at + INPUT_WORDS];
        let [stream, strata, _, family, ..] = *record else { unreachable!("a record is longer") };
        // As `random/image.rs` lays them out.
        let [is_truncated, shift, first, second] = [6, 11, 12, 13].map(|word| record[word]);
        InputRecord {
            at,
            is_stratified: strata != 0,
            family: family as usize,
            stream,
            is_plain: is_truncated == 0 && f64::from_bits(shift) == 0.0,
            parameters: [first, second].map(f64::from_bits),
        }
    }

    /// Where the rows of the normal quantile begin.
    pub(super) fn rows_at(&self) -> usize {
        self.words[ROWS_AT] as usize
    }

    /// Where the instructions begin.
    pub(super) fn instructions_at(&self) -> usize {
        self.words[INSTRUCTIONS_AT] as usize
    }

    /// Where the constants begin.
    pub(super) fn constants_at(&self) -> usize {
        self.words[CONSTANTS_AT] as usize
    }

    /// Where the record of a correlation group is.
    pub(super) fn group_at(&self, group: usize) -> usize {
        self.words[GROUPS_AT] as usize + group * GROUP_WORDS
    }

    /// The place of a column of the plan among those that are wanted, if it is.
    pub(super) fn place(&self, column: usize) -> Option<u64> {
        let place = self.words[self.words[COLUMNS_AT] as usize + column];
        (place != NOT_WANTED).then_some(place)
    }

    /// How many columns are wanted.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many numbers one thread works in: a slot each, and each input's draw.
    pub fn thread_numbers(&self) -> usize {
        self.thread_numbers
    }
}

/// Where what `part` puts begins.
fn put(words: &mut Vec<u64>, part: impl FnOnce(&mut Vec<u64>)) -> u64 {
    let place = words.len() as u64;
    part(words);
    place
}

/// Six halves an instruction, of which the last is unused.
fn put_instructions(instructions: &[Instruction], words: &mut Vec<u64>) {
    for Instruction { opcode, destination, a, b, c } in instructions {
        words.extend([two_halves(*opcode as u32, *destination), two_halves(*a, *b), two_halves(*c, 0)]);
    }
}

fn put_arguments(plan: &Plan, words: &mut Vec<u64>) {
    words.extend(plan.arguments.chunks(2).map(|pair| {
        let half = |place: usize| pair.get(place).map_or(0, |operand| operand.bits());
        two_halves(half(0), half(1))
    }));
}

fn two_halves(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// A constant that no packing makes is what it unpacks to.
fn packed(constant: &f64) -> u64 {
    if constant.is_finite() { constant.to_bits() } else { Value::unpack(*constant).pack().to_bits() }
}

fn put_texts(plan: &Plan, words: &mut Vec<u64>) {
    for text in &plan.texts {
        words.extend([u64::from(text.rank), text.as_number.to_bits(), text.as_condition.to_bits()]);
    }
}

/// The records side by side, and their tables behind them.
fn put_inputs(wanted: &Wanted<'_>, words: &mut Vec<u64>) -> Result<u64, ImageError> {
    let draws = &wanted.plan.draws;
    let streams: Vec<u64> = draws.iter().map(|draw| draw.stream).collect();
    let points = Points::of_inputs(wanted.sampling, wanted.seed, &streams)?;
    let inputs_at = words.len();
    words.resize(inputs_at + draws.len() * INPUT_WORDS, 0);
    for (place, (draw, points)) in draws.iter().zip(&points).enumerate() {
        let sampler = Sampler::new(&draw.distribution, wanted.seed, draw.stream);
        let record = input(points, &sampler, words);
        words[inputs_at + place * INPUT_WORDS..][..INPUT_WORDS].copy_from_slice(&record);
    }
    Ok(inputs_at as u64)
}

/// The records behind what they point to.
fn put_groups(plan: &Plan, words: &mut Vec<u64>) -> Result<u64, ImageError> {
    let mut records = Vec::new();
    for group in &plan.correlations {
        let copula = Copula::new(group, plan.draws.len())?;
        let inputs_at = put(words, |words| words.extend(copula.columns.iter().map(|column| *column as u64)));
        let factor_at = put(words, |words| put_numbers(&copula.factor, words));
        records.extend([copula.columns.len() as u64, inputs_at, factor_at]);
    }
    Ok(put(words, |words| words.extend(records)))
}

/// Wanted columns are numbered from 0.
fn places(wanted: &[bool]) -> impl Iterator<Item = u64> {
    wanted.iter().scan(0, |next, wanted| {
        let place = if *wanted { *next } else { NOT_WANTED };
        *next += u64::from(*wanted);
        Some(place)
    })
}
