//! Counters of many places, for columns in which one number may come again and again.

/// As many for each place as may be counted at once: an addition to a counter waits for the one before to the
/// same, and neighbours in a column, a floor or a cap perhaps, now use others.
#[derive(Debug, Clone)]
pub(super) struct Counters<const APART: usize>(Vec<[u64; APART]>);

impl<const APART: usize> Counters<APART> {
    /// Of so many places, all 0.
    pub fn new(places: usize) -> Self {
        Counters(vec![[0; APART]; places])
    }

    /// Counts each of some places, which must be there.
    pub fn count(&mut self, places: &[u32]) {
        let counters = self.0.as_mut_slice();
        let (whole, rest) = places.as_chunks::<APART>();
        for places in whole {
            for (apart, place) in places.iter().enumerate() {
                counters[*place as usize][apart] += 1;
            }
        }
        rest.iter().for_each(|place| counters[*place as usize][0] += 1);
    }

    /// The counts of both.
    pub fn merge(mut self, other: Self) -> Self {
        for (counts, more) in self.0.iter_mut().zip(other.0) {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        self
    }

    /// The count of each place.
    pub fn into_counts(self) -> Vec<u64> {
        self.0.iter().map(|apart| apart.iter().sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_a_plain_loop(
            left in prop::collection::vec(0u32..5, 0..40),
            right in prop::collection::vec(0u32..5, 0..40),
        ) {
            let count = |places: &[u32]| {
                let mut counters = Counters::<4>::new(5);
                counters.count(places);
                counters
            };
            let expected: Vec<u64> = (0..5)
                .map(|place| left.iter().chain(&right).filter(|other| **other == place).count() as u64)
                .collect();
            prop_assert_eq!(count(&left).merge(count(&right)).into_counts(), expected);
        }
    }
}
