//! Which inputs drive an output: Spearman's rank correlation and the share of variance it suggests.
//!
//! Computed over the first trials of a run ([`ranked_trials`]): at 65,536 trials the standard error of a
//! correlation of 0 is already 0.004. All sums are sums of integers far below 2^53, so they are exact and no
//! order of summation can change them.

use super::order::{MOST, Order, Place, Ranks, in_order};
use rayon::prelude::*;
use std::borrow::Cow;

/// At most so many trials are ranked: 16 blocks.
pub const RANKED: u64 = MOST as u64;
/// At most so many values are kept for ranking.
const RANKED_VALUES: u64 = 1 << 25;
/// Terms whose products of ranks add up to less than 2^53 in any order, far more than there are.
const _: () = assert!(RANKED * RANKED * RANKED < 1 << 53);

/// How many of a run's first trials are ranked in a plan of so many inputs and outputs: 65,536, or as many whole
/// blocks as keep 2^25 values in all, at least one.
pub fn ranked_trials(columns: usize) -> u64 {
    let block = super::moments::BLOCK as u64;
    let affordable = RANKED_VALUES / (columns.max(1) as u64);
    (affordable / block * block).clamp(block, RANKED)
}

/// What one input does to one output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensitivity {
    /// The input, by its place in the plan.
    pub input: usize,
    /// Spearman's rank correlation with average ranks for ties; none where a side never varies.
    pub rank_correlation: Option<f64>,
    /// Its square as a share of the squares of all inputs (Crystal Ball's convention); none where
    /// the correlation is, or where all are 0. A share of the variance only so far as inputs are
    /// independent and act monotonically.
    pub contribution_to_variance: Option<f64>,
}

/// The sensitivities of one output to every input.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sensitivities {
    /// In how many trials this output was a number, of those that were ranked. The standard error of a rank
    /// correlation of 0 is 1 / sqrt(trials - 1).
    pub trials: u64,
    /// One for each input, in order.
    pub inputs: Vec<Sensitivity>,
}

/// The sensitivities of each output. All columns hold the packed values of the same trials; a trial in which
/// one side is an error is left out for that pair.
///
/// Panics at more than [`RANKED`] trials.
pub fn sensitivities(inputs: &[&[f64]], outputs: &[&[f64]]) -> Vec<Sensitivities> {
    let has_errors = |columns: &[&[f64]]| {
        columns.par_iter().any(|samples| samples.iter().any(|sample| !sample.is_finite()))
    };
    let errors = if has_errors(inputs) || has_errors(outputs) { Errors::Some } else { Errors::None };
    let rank_all = |columns: &[&[f64]]| -> Vec<Ranking> {
        columns.par_iter().map(|samples| Ranking::of(samples, errors)).collect()
    };
    // Beside the outputs, of which there may be but one, some inputs: all of them would take too much memory.
    let (few, many) = inputs.split_at(inputs.len().min(rayon::current_num_threads()));
    let (groups, few) = rayon::join(|| group_by_members(rank_all(outputs)), || rank_all(few));
    let few = few.into_par_iter();
    let rankings = few.chain(many.par_iter().map(|samples| Ranking::of(samples, errors)));
    let correlations: Vec<Vec<Option<f64>>> =
        rankings.map(|ranking| correlations_with_all(&ranking, outputs.len(), &groups)).collect();
    let mut found = vec![Sensitivities::default(); outputs.len()];
    for (place, output) in groups.iter().flatten() {
        found[*place] = Sensitivities {
            trials: output.ranks.count as u64,
            inputs: shares(correlations.iter().map(|outputs| outputs[*place])),
        };
    }
    found
}

/// Whether any of the columns that are ranked together holds an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errors {
    None,
    Some,
}

/// What is known of a column.
struct Ranking {
    /// Of all its numbers.
    ranks: Ranks,
    /// None where all columns are numbers in all trials.
    numbers: Option<Numbers>,
}

/// What it takes to rank a column once more, beside one that is no number in other trials.
struct Numbers {
    /// By trial, whether it is one.
    members: Vec<bool>,
    /// In their order.
    places: Vec<Place>,
}

impl Ranking {
    fn of(samples: &[f64], errors: Errors) -> Ranking {
        in_order(samples, |order| Ranking {
            ranks: order.ranks(),
            numbers: (errors == Errors::Some)
                .then(|| Numbers { members: order.members(), places: order.places.to_vec() }),
        })
    }

    fn members(&self) -> Option<&[bool]> {
        self.numbers.as_ref().map(|numbers| numbers.members.as_slice())
    }

    /// The ranks among the trials in which both are numbers.
    fn ranks_beside(&self, other: &Ranking) -> Cow<'_, Ranks> {
        match (&self.numbers, &other.numbers) {
            (Some(numbers), Some(others))
                if other.ranks.count < others.members.len() && others.members != numbers.members =>
            {
                let order = Order { places: &numbers.places, trials: numbers.members.len() };
                Cow::Owned(order.ranks_among(&others.members))
            }
            _ => Cow::Borrowed(&self.ranks),
        }
    }
}

/// Outputs by their places that are numbers in the same trials, commonly all of them in all: an input's ranks serve
/// all alike.
type Group = Vec<(usize, Ranking)>;

fn group_by_members(rankings: Vec<Ranking>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, ranking) in rankings.into_iter().enumerate() {
        match groups.iter_mut().find(|group| group[0].1.members() == ranking.members()) {
            Some(group) => group.push((place, ranking)),
            None => groups.push(vec![(place, ranking)]),
        }
    }
    groups
}

/// One input's rank correlation with each output.
fn correlations_with_all(input: &Ranking, outputs: usize, groups: &[Group]) -> Vec<Option<f64>> {
    let mut found = vec![None; outputs];
    for group in groups {
        let ranks = input.ranks_beside(&group[0].1);
        for (place, output) in group {
            found[*place] = correlation(&ranks, &output.ranks_beside(input));
        }
    }
    found
}

/// Pearson's correlation of the ranks, which is Spearman's of the numbers.
fn correlation(left: &Ranks, right: &Ranks) -> Option<f64> {
    let squares = left.sum_of_squares * right.sum_of_squares;
    (squares > 0.0).then(|| sum_of_products(&left.by_trial, &right.by_trial) / squares.sqrt())
}

fn sum_of_products(left: &[f32], right: &[f32]) -> f64 {
    let mut lanes = [0.0; 16];
    let (left, left_rest) = left.as_chunks::<16>();
    let (right, right_rest) = right.as_chunks::<16>();
    for (left, right) in left.iter().zip(right) {
        for lane in 0..16 {
            lanes[lane] += f64::from(left[lane]) * f64::from(right[lane]);
        }
    }
    let rest = left_rest.iter().zip(right_rest).map(|(left, right)| f64::from(*left) * f64::from(*right));
    lanes.into_iter().chain(rest).sum()
}

/// Squares of the correlations, divided by their sum (the rule that Oracle's "How does Crystal Ball calculate
/// sensitivity?" states).
fn shares(correlations: impl Iterator<Item = Option<f64>> + Clone) -> Vec<Sensitivity> {
    let total: f64 = correlations.clone().flatten().map(|correlation| correlation * correlation).sum();
    let share = |correlation: f64| (total > 0.0).then(|| correlation * correlation / total);
    let sensitivity = |(input, rank_correlation): (usize, Option<f64>)| Sensitivity {
        input,
        rank_correlation,
        contribution_to_variance: rank_correlation.and_then(share),
    };
    correlations.enumerate().map(sensitivity).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ERROR: f64 = f64::NAN;

    fn rank_correlation(input: &[f64], output: &[f64]) -> Option<f64> {
        sensitivities(&[input], &[output])[0].inputs[0].rank_correlation
    }

    #[test]
    fn monotone_pairs_correlate_perfectly() {
        let input: Vec<f64> = (0..1000).map(|trial| f64::from(trial * 7919 % 1009)).collect();
        let rising: Vec<f64> = input.iter().map(|x| x.powi(3) - 5.0).collect();
        let falling: Vec<f64> = input.iter().map(|x| -x).collect();
        assert_eq!(rank_correlation(&input, &rising), Some(1.0));
        assert_eq!(rank_correlation(&input, &falling), Some(-1.0));
    }

    #[test]
    fn as_many_trials_as_there_may_be_are_ranked() {
        // An odd factor has each trial once. The first numbers differ in the leading bits of their keys, the others in those
        // alone that make room for the trial.
        let shuffled = (0..RANKED).map(|trial| trial * 40_503 % RANKED);
        let far_apart: Vec<f64> = shuffled.clone().map(|place| place as f64).collect();
        let near: Vec<f64> = shuffled.map(|place| f64::from_bits(1f64.to_bits() + place)).collect();
        let falling: Vec<f64> = near.iter().map(|x| -x).collect();
        assert_eq!(rank_correlation(&far_apart, &near), Some(1.0));
        assert_eq!(rank_correlation(&falling, &far_apart), Some(-1.0));
    }

    #[test]
    #[should_panic(expected = "at most 65536 trials are ranked")]
    fn more_trials_are_not() {
        let samples = vec![0.0; RANKED as usize + 1];
        sensitivities(&[&samples], &[&samples]);
    }

    /// Known from the definition: ranks 1 2.5 2.5 4 and 2 1 3 4 give 3 / sqrt(4.5 * 5).
    #[test]
    fn ties_have_average_ranks() {
        let correlation = rank_correlation(&[1.0, 2.0, 2.0, 3.0], &[5.0, 4.0, 6.0, 7.0]).unwrap();
        assert!((correlation - 3.0 / 22.5f64.sqrt()).abs() < 1e-15);
        assert_eq!(rank_correlation(&[0.0, -0.0, 1.0], &[3.0, 3.0, 9.0]), Some(1.0));
    }

    #[test]
    fn trials_with_an_error_are_left_out_of_their_pair_alone() {
        let input = [1.0, 5.0, 2.0, 3.0, 9.0];
        let with_errors = [2.0, ERROR, 3.0, 4.0, ERROR];
        let clean = [1.0, 5.0, 2.0, 3.0, 9.0];
        let found = sensitivities(&[&input], &[&with_errors, &clean]);
        assert_eq!((found[0].trials, found[1].trials), (3, 5));
        assert_eq!(found[0].inputs[0].rank_correlation, Some(1.0));
        assert_eq!(found[1].inputs[0].rank_correlation, Some(1.0));
    }

    #[test]
    fn what_never_varies_has_no_correlation() {
        let constant = [4.0; 5];
        let varying = [1.0, 2.0, 5.0, 4.0, 3.0];
        let found = sensitivities(&[&varying, &constant], &[&varying, &constant, &[ERROR; 5]]);
        assert_eq!(found[0].inputs[0].contribution_to_variance, Some(1.0));
        assert_eq!(
            (found[0].inputs[1].rank_correlation, found[0].inputs[1].contribution_to_variance),
            (None, None)
        );
        assert!(found[1].inputs.iter().all(|input| input.contribution_to_variance.is_none()));
        assert!(found[2].inputs.iter().all(|input| input.rank_correlation.is_none()));
    }

    #[test]
    fn contributions_of_uncorrelated_inputs_are_undefined_rather_than_a_division_by_zero() {
        let found = sensitivities(&[&[1.0, 2.0, 3.0, 4.0]], &[&[2.0, 1.0, 1.0, 2.0]]);
        assert_eq!(found[0].inputs[0].rank_correlation, Some(0.0));
        assert_eq!(found[0].inputs[0].contribution_to_variance, None);
    }

    #[test]
    fn many_columns_rank_fewer_trials() {
        assert_eq!([ranked_trials(2), ranked_trials(512), ranked_trials(1000)], [65_536, 65_536, 32_768]);
        assert_eq!(ranked_trials(1_000_000), 4096);
    }

    /// Average rank by counting, for each of the pairs in which both are numbers, then Pearson's formula.
    fn by_definition(input: &[f64], output: &[f64]) -> Option<f64> {
        let pairs = input.iter().zip(output).filter(|(x, y)| x.is_finite() && y.is_finite());
        let (xs, ys): (Vec<f64>, Vec<f64>) = pairs.map(|(x, y)| (*x, *y)).unzip();
        let rank = |all: &[f64], x: f64| {
            let below = all.iter().filter(|y| **y < x).count();
            let equal = all.iter().filter(|y| **y == x).count();
            below as f64 + (equal as f64 + 1.0) / 2.0 - (all.len() as f64 + 1.0) / 2.0
        };
        let xs: Vec<f64> = xs.iter().map(|x| rank(&xs, *x)).collect();
        let ys: Vec<f64> = ys.iter().map(|y| rank(&ys, *y)).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let squares = dot(&xs, &xs) * dot(&ys, &ys);
        (squares > 0.0).then(|| dot(&xs, &ys) / squares.sqrt())
    }

    proptest! {
        #[test]
        fn correlations_are_those_of_the_definition(
            pairs in prop::collection::vec(
                (prop_oneof![-2.0..2.0f64, Just(0.5), Just(ERROR)], prop_oneof![-2.0..2.0f64, Just(1.0), Just(ERROR)]),
                0..150,
            ),
        ) {
            let (input, output): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let (found, expected) = (rank_correlation(&input, &output), by_definition(&input, &output));
            prop_assert_eq!(found.is_some(), expected.is_some());
            prop_assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        }

        #[test]
        fn contributions_add_up_to_one(
            columns in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 40), 2..6),
        ) {
            let (output, inputs) = columns.split_first().unwrap();
            let inputs: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
            let found = sensitivities(&inputs, &[output]);
            let sum: f64 = found[0].inputs.iter().filter_map(|input| input.contribution_to_variance).sum();
            let driven = found[0].inputs.iter().any(|input| input.rank_correlation.is_some_and(|r| r != 0.0));
            prop_assert!((sum - f64::from(u8::from(driven))).abs() < 1e-12);
        }
    }
}
