use super::super::part::Column;
use super::super::{CombineError, Keep, MAX_VALUES, Run, Slice, Unobserved, combine, simulate_slice};
use super::*;
use crate::engine::Engine;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;
use crate::statistics::moments_tree::MomentsTree;
use crate::statistics::rank::{Sensitivities, Sensitivity};
use crate::statistics::segments::{Inside, Segment};
use crate::statistics::tally::Tally;
use fermiac_model::plan::Plan;
use fermiac_model::value::Value;
use proptest::prelude::*;

const ORIGIN: Origin = Origin(7);

fn part() -> SlicePart {
    let column = |kept: Vec<f64>| Column {
        moments: MomentsTree::of_nodes(1..2, [Moments::of_block(&kept)]),
        errors: ErrorCounts::of(&kept),
        kept,
    };
    let error = Value::Error(ErrorKind::Div0).pack();
    let input = Column { kept: vec![1.0, -0.0], ..column(vec![1.0, -0.0, 2.5]) };
    SlicePart {
        trials: 4096..4099,
        kept_inputs: 2,
        kept_outputs: 3,
        inputs: vec![input],
        outputs: vec![column(vec![0.1, error, 1e300]), column(vec![error; 3])],
        sensitivities: None,
        tallies: None,
    }
}

/// As [`part`], but ranked; of the outputs one trial is kept, and all are tallied.
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
    let of_input =
        |rank_correlation| Sensitivity { input: 0, rank_correlation, contribution_to_variance: None };
    let sensitivities = [None, Some(-0.25)]
        .map(|correlation| Sensitivities { trials: 2, inputs: vec![of_input(correlation)] });
    SlicePart { sensitivities: Some(sensitivities.into()), tallies: Some(vec![some, tallied(&[])]), ..part }
}

/// With the checksum that belongs to them.
fn sealed(mut words: Vec<u64>) -> Vec<u8> {
    words.pop();
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    let sum = checksum(Words(&bytes));
    push(&mut bytes, sum);
    bytes
}

#[test]
fn a_part_survives_as_bytes() {
    for part in [part(), tallied()] {
        let bytes = part.to_bytes(ORIGIN);
        let read = SlicePart::from_bytes(&bytes, ORIGIN).unwrap();
        // Packed errors are NaNs, which are equal only as bits.
        assert_eq!(read.to_bytes(ORIGIN), bytes);
        assert_eq!((read.trials(), &read.tallies), (4096..4099, &part.tallies));
        assert_eq!(read.sensitivities, part.sensitivities);
    }
}

#[test]
fn a_part_of_another_origin_is_refused() {
    let bytes = part().to_bytes(ORIGIN);
    let DamagedPart(reason) = SlicePart::from_bytes(&bytes, Origin(8)).unwrap_err();
    assert!(reason.contains("another model, seed or sampling"), "{reason}");
}

#[test]
fn lengths_that_are_not_there_are_refused_before_memory_is_taken() {
    for part in [part(), tallied()] {
        let words: Vec<u64> = Words(&part.to_bytes(ORIGIN)).collect();
        for (place, value) in (1..words.len()).flat_map(|place| [(place, u64::MAX), (place, 1 << 40)]) {
            let mut words = words.clone();
            words[place] = value;
            let read = SlicePart::from_bytes(&sealed(words), ORIGIN);
            assert!(place >= HEADER_WORDS || read.is_err(), "word {place} as {value}");
        }
    }
}

#[test]
fn counts_that_contradict_the_values_are_refused() {
    let words: Vec<u64> = Words(&part().to_bytes(ORIGIN)).collect();
    let refused = Err(DamagedPart("its counts do not add up"));
    let mut wrong_count = words.clone();
    wrong_count[HEADER_WORDS] += 1;
    assert_eq!(SlicePart::from_bytes(&sealed(wrong_count), ORIGIN), refused);
    let mut wrong_value = words.clone();
    // The last value of the first output.
    wrong_value[HEADER_WORDS + 2 * (NODE_WORDS + ERROR_WORDS) + 2 + 2] = f64::NAN.to_bits();
    assert_eq!(SlicePart::from_bytes(&sealed(wrong_value), ORIGIN), refused);
    assert!(SlicePart::from_bytes(&sealed(words), ORIGIN).is_ok());
}

/// One output, the same few numbers again and again.
struct Numbers;

impl Engine for Numbers {
    type Scratch = ();

    fn scratch(&self) {}

    fn evaluate(&self, (): &mut (), first_trial: u64, columns: &mut [&mut [f64]]) {
        let numbers = (first_trial..).map(|trial| (trial * 7919 % 40_009) as f64);
        columns[0].iter_mut().zip(numbers).for_each(|(value, number)| *value = number);
    }
}

/// A part that is sealed may be anything: it is refused, or makes results.
#[test]
fn any_change_is_refused_or_combined() {
    let plan = Plan { outputs: 1, ..Plan::default() };
    let run = Run { trials: 300_000, threads: 1, keep: Keep::Nothing, max_values: MAX_VALUES };
    let slice = Slice { run: &run, trials: 0..run.trials };
    let part = simulate_slice(&Numbers, &plan, &slice, &Unobserved).unwrap();
    let words: Vec<u64> = Words(&part.to_bytes(ORIGIN)).collect();
    let combined = |words: Vec<u64>| {
        let part = SlicePart::from_bytes(&sealed(words), ORIGIN)?;
        combine(&Numbers, &plan, &run, [Ok::<_, CombineError>(part)])
    };
    assert!(combined(words.clone()).is_ok());
    let (mut refused, mut made) = (0, 0);
    for place in (0..words.len() - 1).step_by(97).chain(0..60) {
        for value in [0, 1, words[place] ^ 1, words[place].wrapping_add(100), f64::NAN.to_bits(), u64::MAX] {
            let mut words = words.clone();
            words[place] = value;
            *if combined(words).is_ok() { &mut made } else { &mut refused } += 1;
        }
    }
    assert!(refused > 100 && made > 100, "{refused} refused, {made} made");
}

#[test]
fn segments_that_share_ranks_are_refused() {
    let mut part = tallied();
    for tallied in part.tallies.iter_mut().flatten() {
        tallied.segments.list = Vec::new();
    }
    assert!(SlicePart::from_bytes(&part.to_bytes(ORIGIN), ORIGIN).is_ok());
    if let Some(tallied) = part.tallies.iter_mut().flatten().next() {
        let at = |number: f64| Segment { low: number, high: number, below: 0, inside: Inside::Equal(1) };
        tallied.segments.list = vec![at(0.0), at(1.0)];
    }
    assert!(SlicePart::from_bytes(&part.to_bytes(ORIGIN), ORIGIN).is_err());
}

#[test]
fn correlations_that_cannot_be_are_refused() {
    let with = |trials, rank_correlation, contribution_to_variance| {
        let mut part = tallied();
        let found = Sensitivity { input: 0, rank_correlation, contribution_to_variance };
        part.sensitivities = Some(vec![Sensitivities { trials, inputs: vec![found] }; 2]);
        SlicePart::from_bytes(&part.to_bytes(ORIGIN), ORIGIN).is_ok()
    };
    assert!(with(3, Some(-1.0), Some(1.0)) && with(0, None, None) && with(3, Some(0.5), None));
    assert!(!with(4, None, None) && !with(3, Some(7.0), None) && !with(3, Some(f64::INFINITY), None));
    assert!(!with(3, Some(0.5), Some(-0.5)) && !with(3, None, Some(0.5)));
}

proptest! {
    #[test]
    fn one_damaged_byte_or_a_lost_end_is_seen(place: prop::sample::Index, change in 1u8..) {
        let bytes = tallied().to_bytes(ORIGIN);
        let place = place.index(bytes.len());
        let mut damaged = bytes.clone();
        damaged[place] ^= change;
        prop_assert!(SlicePart::from_bytes(&damaged, ORIGIN).is_err());
        prop_assert!(SlicePart::from_bytes(&bytes[..place], ORIGIN).is_err());
    }

    #[test]
    fn any_words_are_answered(words in prop::collection::vec(prop_oneof![0u64..6, any::<u64>()], 0..80)) {
        let mut all = vec![MAGIC, ORIGIN.0];
        all.extend(words);
        let _ = SlicePart::from_bytes(&sealed(all), ORIGIN);
    }
}
