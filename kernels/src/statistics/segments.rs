//! The numbers of a column near some wanted ranks, and how many lie elsewhere.
//!
//! A column is cut into segments, of which all numbers are held, and gaps between, of which only the count is. As long
//! as a wanted rank falls in a segment, its number is exact: the rest need not be known. Segments of the same column
//! elsewhere merge: where both hold all numbers, the whole does.

use super::percentile::{OrderStatistics, place, ranks};

/// Numbers of a segment that are looked at to find those that come again and again.
const LOOKED_AT: usize = 64;
/// A number that comes so often among them is counted, not held.
const OFTEN: usize = 8;
/// Ranks on either side of a wanted one that are held beside the deviations.
const SPARE: f64 = 8.0;

/// All that must be known of a column to tell the numbers at some ranks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segments {
    /// How many numbers there are, held or not.
    pub count: u64,
    /// Ascending, without overlap.
    pub list: Vec<Segment>,
}

/// The numbers from `low` to `high`, both included.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Segment {
    pub low: f64,
    pub high: f64,
    /// How many numbers of the column are less than `low`.
    pub below: u64,
    pub inside: Inside,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inside {
    /// In any order.
    Numbers(Vec<f64>),
    /// So many that equal `low` and `high`.
    Equal(u64),
}

/// Ranks to be held, both included.
struct RankRange {
    first: u64,
    last: u64,
}

impl Segments {
    /// Of all these numbers.
    pub fn of(numbers: Vec<f64>) -> Segments {
        let count = numbers.len() as u64;
        let all = Segment {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            below: 0,
            inside: Inside::Numbers(numbers),
        };
        Segments { count, list: vec![all] }
    }

    /// Of no numbers, cut as these.
    pub fn emptied(&self) -> Segments {
        let emptied = |segment: &Segment| Segment {
            low: segment.low,
            high: segment.high,
            below: 0,
            inside: match segment.inside {
                Inside::Numbers(_) => Inside::Numbers(Vec::new()),
                Inside::Equal(_) => Inside::Equal(0),
            },
        };
        Segments { count: 0, list: self.list.iter().map(emptied).collect() }
    }

    /// The numbers at the ranks that the percents lie between; none if one of them was not held.
    pub fn order_statistics(&mut self, percents: &[f64]) -> Option<OrderStatistics> {
        let wanted = ranks(percents, self.count);
        let mut numbers = Vec::with_capacity(wanted.len());
        for segment in &mut self.list {
            let range = segment.below..segment.below + segment.len();
            let inside: Vec<u64> = wanted.iter().copied().filter(|rank| range.contains(rank)).collect();
            segment.numbers_at(&inside, &mut numbers);
        }
        (numbers.len() == wanted.len()).then_some(OrderStatistics { count: self.count, numbers })
    }

    /// Lets go of what lies more than so many standard deviations from the percentiles of these percents, as they are
    /// now. The deviation is that of the rank of a percentile among as many independent numbers.
    pub fn narrow(&mut self, percents: &[f64], deviations: f64) {
        if self.count == 0 {
            return;
        }
        let wanted = rank_ranges(percents, self.count, deviations);
        let narrowed = std::mem::take(&mut self.list).into_iter().flat_map(|segment| segment.cut(&wanted));
        self.list = narrowed.collect();
    }

    /// What is held of both columns together.
    pub fn merge(self, other: &Segments) -> Segments {
        let mut list = Vec::new();
        let (mut left, mut right) = (self.list.into_iter().peekable(), other.list.iter().peekable());
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            let bounds = (one.low.max(two.low), one.high.min(two.high));
            let has_common = bounds.0 <= bounds.1;
            if one.high <= two.high {
                list.extend(left.next().filter(|_| has_common).map(|one| one.common(two, bounds)));
            } else {
                list.extend(has_common.then(|| one.part(bounds.0, bounds.1).common(two, bounds)));
                right.next();
            }
        }
        Segments { count: self.count + other.count, list }
    }
}

impl Segment {
    pub fn len(&self) -> u64 {
        match &self.inside {
            Inside::Numbers(numbers) => numbers.len() as u64,
            Inside::Equal(count) => *count,
        }
    }

    /// Adds the numbers at ranks in here, ascending, to `found`.
    fn numbers_at(&mut self, ranks: &[u64], found: &mut Vec<(u64, f64)>) {
        match &mut self.inside {
            Inside::Equal(_) => found.extend(ranks.iter().map(|rank| (*rank, self.low))),
            Inside::Numbers(numbers) => select(numbers, self.below, ranks, found),
        }
    }

    /// The parts of the segment that hold the wanted ranks.
    fn cut(mut self, wanted: &[RankRange]) -> Vec<Segment> {
        let (first, end) = (self.below, self.below + self.len());
        let wanted: Vec<&RankRange> =
            wanted.iter().filter(|range| range.first < end && first <= range.last).collect();
        let Inside::Numbers(_) = self.inside else {
            return if wanted.is_empty() { Vec::new() } else { vec![self] };
        };
        let mut ends: Vec<u64> = wanted.iter().flat_map(|range| [range.first, range.last]).collect();
        ends.retain(|rank| (first..end).contains(rank));
        ends.dedup();
        let mut found = Vec::new();
        self.numbers_at(&ends, &mut found);
        let number_at = |rank: u64| found.iter().find(|(found, _)| *found == rank).map(|(_, number)| *number);
        let mut bounds: Vec<(f64, f64)> = Vec::new();
        for range in wanted {
            // What lies beyond the numbers so far belongs to the first and the last rank.
            let low =
                if range.first <= first { self.low } else { number_at(range.first).unwrap_or(self.low) };
            let high =
                if range.last >= end - 1 { self.high } else { number_at(range.last).unwrap_or(self.high) };
            match bounds.last_mut().filter(|(_, before)| low <= *before) {
                Some((_, before)) => *before = high,
                None => bounds.push((low, high)),
            }
        }
        bounds.into_iter().flat_map(|(low, high)| self.part(low, high).split_at_crowds()).collect()
    }

    /// The numbers of the segment from `low` to `high`, which lie in it.
    fn part(&self, low: f64, high: f64) -> Segment {
        let Inside::Numbers(numbers) = &self.inside else {
            return self.clone();
        };
        let below = self.below + numbers.iter().filter(|number| **number < low).count() as u64;
        let inside = numbers.iter().copied().filter(|number| low <= *number && *number <= high);
        let inside = if low == high {
            Inside::Equal(inside.count() as u64)
        } else {
            Inside::Numbers(inside.collect())
        };
        Segment { low, high, below, inside }
    }

    /// The segment with numbers that come again and again in segments of their own.
    fn split_at_crowds(self) -> Vec<Segment> {
        let Inside::Numbers(numbers) = &self.inside else {
            return vec![self];
        };
        let mut some: Vec<f64> = numbers.iter().copied().step_by(numbers.len() / LOOKED_AT + 1).collect();
        some.sort_unstable_by(f64::total_cmp);
        let crowds = some.chunk_by(|left, right| left == right).filter(|equal| equal.len() >= OFTEN);
        let mut parts = Vec::new();
        let mut low = self.low;
        for crowd in crowds.map(|equal| equal[0]) {
            if low < crowd {
                parts.push(self.part(low, crowd.next_down()));
            }
            parts.push(self.part(crowd, crowd));
            low = crowd.next_up();
        }
        if parts.is_empty() {
            return vec![self];
        }
        if low <= self.high {
            parts.push(self.part(low, self.high));
        }
        parts
    }

    /// What this and another hold between bounds that lie in both.
    fn common(self, other: &Segment, (low, high): (f64, f64)) -> Segment {
        let is_inside = |number: &f64| low <= *number && *number <= high;
        let below = |numbers: &[f64]| numbers.iter().filter(|number| **number < low).count() as u64;
        match (self.inside, &other.inside) {
            // In place: memory is slow to come by.
            (Inside::Numbers(mut numbers), Inside::Numbers(more)) if low < high => {
                let below = self.below + below(&numbers) + other.below + below(more);
                numbers.retain(is_inside);
                numbers.extend(more.iter().copied().filter(is_inside));
                Segment { low, high, below, inside: Inside::Numbers(numbers) }
            }
            (inside, _) => {
                let (one, two) = (Segment { inside, ..self }.part(low, high), other.part(low, high));
                let inside = Inside::Equal(one.len() + two.len());
                Segment { low, high, below: one.below + two.below, inside }
            }
        }
    }
}

/// Adds the numbers at some ranks, ascending, among these, which begin at a rank. The middle one comes first: it parts the
/// numbers in two, among which the others are looked for.
pub(super) fn select(numbers: &mut [f64], first: u64, ranks: &[u64], found: &mut Vec<(u64, f64)>) {
    let (lower, [middle, upper @ ..]) = ranks.split_at(ranks.len() / 2) else { return };
    let (below, number, above) = numbers.select_nth_unstable_by((middle - first) as usize, f64::total_cmp);
    select(below, first, lower, found);
    found.push((*middle, *number));
    select(above, middle + 1, upper, found);
}

/// The ranks about each percentile, ascending, without overlap.
fn rank_ranges(percents: &[f64], count: u64, deviations: f64) -> Vec<RankRange> {
    let mut ranges: Vec<RankRange> = Vec::new();
    let mut percents = percents.to_vec();
    percents.sort_by(f64::total_cmp);
    for percent in percents {
        let place = place(percent, count);
        let share = percent.clamp(0.0, 100.0) / 100.0;
        let margin = (deviations * (count as f64 * share * (1.0 - share)).sqrt() + SPARE).ceil() as u64;
        let (first, last) = (place.low.saturating_sub(margin), (place.high + margin).min(count - 1));
        match ranges.last_mut().filter(|before| first <= before.last + 1) {
            Some(before) => before.last = before.last.max(last),
            None => ranges.push(RankRange { first, last }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::super::percentile::by_sorting;
    use super::*;
    use proptest::prelude::*;

    const PERCENTS: [f64; 4] = [1.0, 30.0, 50.0, 100.0];

    fn narrowed(numbers: &[f64], deviations: f64) -> Segments {
        let mut segments = Segments::of(numbers.to_vec());
        segments.narrow(&PERCENTS, deviations);
        segments
    }

    /// Scattered over 0..1009, the lowest third of them 0.
    fn numbers(count: u64) -> Vec<f64> {
        (0..count)
            .map(|trial| (trial * 7919 % 1009) as f64)
            .map(|x| if x < 336.0 { 0.0 } else { x })
            .collect()
    }

    #[test]
    fn what_is_far_from_the_percentiles_is_let_go() {
        let mut segments = narrowed(&numbers(100_000), 3.0);
        let held = |segment: &Segment| match &segment.inside {
            Inside::Numbers(numbers) => numbers.len(),
            Inside::Equal(_) => 0,
        };
        assert!(segments.list.iter().map(held).sum::<usize>() < 5000);
        let found = segments.order_statistics(&PERCENTS).unwrap();
        let expected = by_sorting(&numbers(100_000), &PERCENTS);
        assert_eq!((found.count, found.numbers), (100_000, expected.numbers));
        assert!(segments.order_statistics(&[40.0]).is_none());
    }

    #[test]
    fn no_numbers_narrow_to_nothing_and_merge_without_a_trace() {
        let nothing = narrowed(&[], 3.0);
        assert_eq!(nothing, Segments::of(Vec::new()));
        let some = narrowed(&numbers(5000), 3.0);
        let merged = nothing.merge(&some);
        assert_eq!(merged, some);
    }

    proptest! {
        #[test]
        fn a_rank_that_is_told_is_the_one_of_a_sort(
            numbers in prop::collection::vec(prop_oneof![-2.0..2.0f64, Just(0.0), Just(1.5)], 1..600),
            cut: prop::sample::Index,
            deviations in 0.0..6.0f64,
        ) {
            let (left, right) = numbers.split_at(cut.index(numbers.len()));
            let mut merged = narrowed(left, deviations).merge(&narrowed(right, deviations));
            merged.narrow(&PERCENTS, deviations);
            prop_assert_eq!(merged.count, numbers.len() as u64);
            for percent in PERCENTS {
                if let Some(found) = merged.order_statistics(&[percent]) {
                    prop_assert_eq!(found.numbers, by_sorting(&numbers, &[percent]).numbers);
                }
            }
        }

        #[test]
        fn few_numbers_are_all_told(numbers in prop::collection::vec(-2.0..2.0f64, 1..15)) {
            let found = narrowed(&numbers, 0.0).order_statistics(&PERCENTS).unwrap();
            prop_assert_eq!(found.numbers, by_sorting(&numbers, &PERCENTS).numbers);
        }
    }
}
