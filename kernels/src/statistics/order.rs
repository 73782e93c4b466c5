//! The trials of a column in the order of their numbers, and the ranks that this gives them.

use super::key::order_key;
use crate::memory::Memory;
use std::cell::RefCell;

/// At most so many trials are put in order: 16 blocks.
pub(super) const MOST: usize = 1 << TRIAL_BITS;

/// A trial in the low bits. Above them, while trials are sorted, the leading bits of its number's key; in an order,
/// whether its number equals the one before.
pub(super) type Place = u64;

const TRIAL_BITS: u32 = 16;

fn trial(place: Place) -> usize {
    place as usize % MOST
}

fn is_tie(place: Place) -> bool {
    place >> TRIAL_BITS != 0
}

thread_local! {
    /// Where a thread sorts: to hand out such memory for each column would take longer than to sort it.
    static PLACES: RefCell<Memory<Place>> = RefCell::new(Memory::in_huge_pages(0));
}

/// The trials whose value is a number, the values ascending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order<'a> {
    pub places: &'a [Place],
    /// How many trials there are, errors too.
    pub trials: usize,
}

/// Reads a column in order.
///
/// Panics at more than [`MOST`] samples.
pub(super) fn in_order<R>(samples: &[f64], read: impl FnOnce(Order<'_>) -> R) -> R {
    let trials = samples.len();
    assert!(trials <= MOST, "at most {MOST} trials are ranked");
    PLACES.with_borrow_mut(|places| {
        if places.values().len() < 2 * trials {
            *places = Memory::in_huge_pages(2 * trials);
        }
        let places = sorted(samples, places.values_mut());
        mark_ties(samples, places);
        read(Order { places, trials })
    })
}

impl Order<'_> {
    /// By trial, whether it is among these.
    pub fn members(&self) -> Vec<bool> {
        let mut members = vec![false; self.trials];
        self.places.iter().for_each(|place| members[trial(*place)] = true);
        members
    }

    /// The ranks of these trials.
    pub fn ranks(&self) -> Ranks {
        self.ranks_where(|_| true)
    }

    /// The ranks of the trials that are among these and `members`.
    pub fn ranks_among(&self, members: &[bool]) -> Ranks {
        self.ranks_where(|trial| members[trial])
    }

    fn ranks_where(&self, is_member: impl Fn(usize) -> bool) -> Ranks {
        let is_member = |place: &&Place| is_member(trial(**place));
        let count = self.places.iter().filter(is_member).count();
        let mut by_trial = vec![0.0; self.trials];
        let mut sum_of_squares = 0.0;
        let mut start = 0;
        for ties in self.places.chunk_by(|_, next| is_tie(*next)) {
            let end = start + ties.iter().filter(is_member).count();
            // Places start + 1 to end, whose mean is (start + end + 1) / 2, less the mean of all, (count + 1) / 2.
            let rank = (start + end) as f32 - count as f32;
            ties.iter().filter(is_member).for_each(|place| by_trial[trial(*place)] = rank);
            sum_of_squares += (end - start) as f64 * f64::from(rank) * f64::from(rank);
            start = end;
        }
        Ranks { count, by_trial, sum_of_squares }
    }
}

/// Ranks by trial, doubled and centred, so that average ranks of ties are integers and their sum is 0; 0 for a
/// trial left out. Integers below 2^24 are exact in an `f32`.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    /// How many trials are ranked.
    pub count: usize,
    pub by_trial: Vec<f32>,
    pub sum_of_squares: f64,
}

/// The trials whose samples are numbers, by these and then by trial, in twice the memory they take. Three counting passes over
/// the leading 33 bits of the numbers' keys, each stable, leave few neighbours out of order: those that agree in these
/// bits, which are then sorted run by run.
fn sorted<'a>(samples: &[f64], memory: &'a mut [Place]) -> &'a mut [Place] {
    const DIGIT: u32 = 11;
    const SHIFTS: [u32; 3] = [u64::BITS - 3 * DIGIT, u64::BITS - 2 * DIGIT, u64::BITS - DIGIT];
    let digit = |place: Place, shift: u32| (place >> shift) as usize % (1 << DIGIT);
    // Adding 0 makes -0 a 0: the two are ties.
    let key = |trial: usize| order_key(samples[trial] + 0.0);
    let (mut places, mut other) = memory.split_at_mut(samples.len());
    let mut starts = [[0u32; 1 << DIGIT]; SHIFTS.len()];
    let mut count = 0;
    for trial in (0..samples.len()).filter(|trial| samples[*trial].is_finite()) {
        let place = key(trial) >> TRIAL_BITS << TRIAL_BITS | trial as u64;
        SHIFTS.iter().zip(&mut starts).for_each(|(shift, starts)| starts[digit(place, *shift)] += 1);
        places[count] = place;
        count += 1;
    }
    (places, other) = (&mut places[..count], &mut other[..count]);
    for (shift, starts) in SHIFTS.into_iter().zip(&mut starts) {
        let mut start = 0;
        starts.iter_mut().for_each(|place| start += std::mem::replace(place, start));
        for place in &*places {
            let next = &mut starts[digit(*place, shift)];
            other[*next as usize] = *place;
            *next += 1;
        }
        std::mem::swap(&mut places, &mut other);
    }
    let agree = |left: &Place, right: &Place| left >> SHIFTS[0] == right >> SHIFTS[0];
    for run in places.chunk_by_mut(agree).filter(|run| run.len() > 1) {
        run.sort_unstable_by_key(|place| (key(trial(*place)), trial(*place)));
    }
    places
}

fn mark_ties(samples: &[f64], places: &mut [Place]) {
    let mut before: Option<Place> = None;
    for place in places {
        // Most differ in the leading bits of their keys, so that the numbers, scattered in memory, need not be looked at.
        let is_tie = before.is_some_and(|before| {
            before >> TRIAL_BITS == *place >> TRIAL_BITS && samples[trial(before)] == samples[trial(*place)]
        });
        before = Some(*place);
        *place = trial(*place) as u64 | u64::from(is_tie) << TRIAL_BITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn trials(samples: &[f64]) -> Vec<usize> {
        in_order(samples, |order| order.places.iter().copied().map(trial).collect())
    }

    #[test]
    fn a_column_is_in_order_whatever_was_sorted_before() {
        let falling = |count: u32| -> Vec<f64> { (0..count).map(|trial| -f64::from(trial)).collect() };
        for count in [5, 40_000, 3, 65_536, 0, 100] {
            assert_eq!(trials(&falling(count)), (0..count as usize).rev().collect::<Vec<_>>());
        }
    }

    #[test]
    fn members_are_the_numbers() {
        let samples = [3.0, f64::NAN, -1.0, f64::NAN];
        assert_eq!(in_order(&samples, |order| order.members()), [true, false, true, false]);
    }

    proptest! {
        #[test]
        fn counting_passes_sort(
            samples in prop::collection::vec(
                prop_oneof![
                    any::<f64>(),
                    Just(f64::NAN),
                    (0u64..9).prop_map(f64::from_bits),
                    (0u64..1 << 20).prop_map(|bits| -f64::from_bits(1f64.to_bits() + bits)),
                    prop_oneof![Just(0.0), Just(-0.0)],
                ],
                0..300,
            ),
        ) {
            let mut expected: Vec<usize> = (0..samples.len()).filter(|trial| samples[*trial].is_finite()).collect();
            expected.sort_by(|left, right| samples[*left].partial_cmp(&samples[*right]).unwrap());
            prop_assert_eq!(trials(&samples), expected);
        }
    }
}
