//! Which inputs drive an output: Spearman's rank correlation and the share of variance it suggests.
//!
//! Computed over the first trials of a run ([`ranked_trials`]): at 65,536 trials the standard error of a
//! correlation of 0 is already 0.004. All sums are sums of integers far below 2^53, so they are exact and no
//! order of summation can change them.

use super::key::order_key;
use rayon::prelude::*;

/// At most so many trials are ranked: 16 blocks.
pub const RANKED: u64 = 1 << 16;
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
    let rank_all = |columns: &[&[f64]]| columns.par_iter().map(|samples| Ranking::of(samples)).collect();
    // Beside the outputs, of which there may be but one, some inputs: all of them would take too much memory.
    let (few, many) = inputs.split_at(inputs.len().min(rayon::current_num_threads()));
    let (groups, few) = rayon::join(|| group_by_members(rank_all(outputs)), || -> Vec<_> { rank_all(few) });
    let few = few.into_par_iter();
    let rankings = few.chain(many.par_iter().map(|samples| Ranking::of(samples)));
    let correlations: Vec<Vec<Option<f64>>> =
        rankings.map(|ranking| correlations_with_all(&ranking, outputs.len(), &groups)).collect();
    let mut found = vec![Sensitivities::default(); outputs.len()];
    for (place, output) in groups.iter().flatten() {
        found[*place] = Sensitivities {
            trials: output.order.len() as u64,
            inputs: shares(correlations.iter().map(|outputs| outputs[*place])),
        };
    }
    found
}

/// What is known of a column.
struct Ranking {
    order: Order,
    /// By trial, whether it is a number.
    members: Vec<bool>,
    /// Of all its numbers.
    ranks: Ranks,
}

impl Ranking {
    fn of(samples: &[f64]) -> Ranking {
        let order = Order::of(samples);
        let members = order.members();
        let ranks = order.ranks(&members);
        Ranking { order, members, ranks }
    }

    fn has_errors(&self) -> bool {
        self.order.len() < self.members.len()
    }
}

/// Outputs by their places that are numbers in the same trials, commonly all of them in all: an input's ranks serve
/// all alike.
type Group = Vec<(usize, Ranking)>;

fn group_by_members(rankings: Vec<Ranking>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, ranking) in rankings.into_iter().enumerate() {
        match groups.iter_mut().find(|group| group[0].1.members == ranking.members) {
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
        let members = &group[0].1.members;
        let is_alike = input.members == *members;
        let of_some = (!is_alike).then(|| input.order.ranks(members));
        let ranks = of_some.as_ref().unwrap_or(&input.ranks);
        for (place, output) in group {
            found[*place] = if is_alike || !input.has_errors() {
                correlation(ranks, &output.ranks)
            } else {
                correlation(ranks, &output.order.ranks(&input.members))
            };
        }
    }
    found
}

/// The trials whose value is a number, the values ascending.
struct Order {
    ascending: Vec<Ranked>,
    /// How many trials there are, errors too.
    trials: usize,
}

/// A trial in the low 16 bits. Above them, while trials are sorted, the leading bits of its number's key; in an order,
/// whether its number equals the one before.
#[derive(Clone, Copy)]
struct Ranked(u64);

const TRIAL_BITS: u32 = 16;
const _: () = assert!(RANKED <= 1 << TRIAL_BITS);

impl Ranked {
    fn trial(self) -> usize {
        (self.0 % (1 << TRIAL_BITS)) as usize
    }

    fn is_tie(self) -> bool {
        self.0 >> TRIAL_BITS != 0
    }
}

impl Order {
    fn of(samples: &[f64]) -> Order {
        let mut ascending = sorted(samples);
        let mut before: Option<Ranked> = None;
        for ranked in &mut ascending {
            // Most differ in the leading bits of their keys, so that the numbers, scattered in memory, need not be looked at.
            let is_tie = before.is_some_and(|before| {
                before.0 >> TRIAL_BITS == ranked.0 >> TRIAL_BITS
                    && samples[before.trial()] == samples[ranked.trial()]
            });
            before = Some(*ranked);
            ranked.0 = ranked.trial() as u64 | u64::from(is_tie) << TRIAL_BITS;
        }
        Order { ascending, trials: samples.len() }
    }

    fn len(&self) -> usize {
        self.ascending.len()
    }

    /// By trial, whether it is among these.
    fn members(&self) -> Vec<bool> {
        if self.len() == self.trials {
            return vec![true; self.trials];
        }
        let mut members = vec![false; self.trials];
        self.ascending.iter().for_each(|ranked| members[ranked.trial()] = true);
        members
    }

    /// The ranks of the trials that are among these and `members`.
    fn ranks(&self, members: &[bool]) -> Ranks {
        // Commonly all are, and to look each up takes as long as to rank it.
        if self.len() == self.trials && members.iter().all(|is_member| *is_member) {
            self.ranks_where(|_| true)
        } else {
            self.ranks_where(|ranked| members[ranked.trial()])
        }
    }

    fn ranks_where(&self, is_member: impl Fn(Ranked) -> bool) -> Ranks {
        let is_member = |ranked: &&Ranked| is_member(**ranked);
        let count = self.ascending.iter().filter(is_member).count();
        let mut by_trial = vec![0.0; self.trials];
        let mut sum_of_squares = 0.0;
        let mut start = 0;
        for ties in self.ascending.chunk_by(|_, next| next.is_tie()) {
            let end = start + ties.iter().filter(is_member).count();
            // Places start + 1 to end, whose mean is (start + end + 1) / 2, less the mean of all, (count + 1) / 2.
            let rank = (start + end) as f32 - count as f32;
            ties.iter().filter(is_member).for_each(|ranked| by_trial[ranked.trial()] = rank);
            sum_of_squares += (end - start) as f64 * f64::from(rank) * f64::from(rank);
            start = end;
        }
        Ranks { by_trial, sum_of_squares }
    }
}

/// The trials whose samples are numbers, by these and then by trial. Three counting passes over the leading 33 bits of
/// the numbers' keys, each stable, leave few neighbours out of order: those that agree in these bits, which are then
/// sorted run by run.
fn sorted(samples: &[f64]) -> Vec<Ranked> {
    assert!(samples.len() as u64 <= RANKED, "at most {RANKED} trials are ranked");
    const DIGIT: u32 = 11;
    const SHIFTS: [u32; 3] = [u64::BITS - 3 * DIGIT, u64::BITS - 2 * DIGIT, u64::BITS - DIGIT];
    let digit = |ranked: Ranked, shift: u32| (ranked.0 >> shift) as usize % (1 << DIGIT);
    // Adding 0 makes -0 a 0: the two are ties.
    let key = |trial: usize| order_key(samples[trial] + 0.0);
    let mut places = [[0u32; 1 << DIGIT]; SHIFTS.len()];
    let mut ranked = Vec::with_capacity(samples.len());
    for trial in (0..samples.len()).filter(|trial| samples[*trial].is_finite()) {
        let next = Ranked(key(trial) >> TRIAL_BITS << TRIAL_BITS | trial as u64);
        SHIFTS.iter().zip(&mut places).for_each(|(shift, places)| places[digit(next, *shift)] += 1);
        ranked.push(next);
    }
    let mut other = vec![Ranked(0); ranked.len()];
    for (shift, places) in SHIFTS.into_iter().zip(&mut places) {
        let mut start = 0;
        places.iter_mut().for_each(|place| start += std::mem::replace(place, start));
        for next in &ranked {
            let place = &mut places[digit(*next, shift)];
            other[*place as usize] = *next;
            *place += 1;
        }
        std::mem::swap(&mut ranked, &mut other);
    }
    let agree = |left: &Ranked, right: &Ranked| left.0 >> SHIFTS[0] == right.0 >> SHIFTS[0];
    for run in ranked.chunk_by_mut(agree).filter(|run| run.len() > 1) {
        run.sort_unstable_by_key(|ranked| (key(ranked.trial()), ranked.trial()));
    }
    ranked
}

/// Ranks by trial, doubled and centred, so that average ranks of ties are integers and their sum is 0; 0 for a
/// trial left out. Integers below 2^24 are exact in an `f32`.
struct Ranks {
    by_trial: Vec<f32>,
    sum_of_squares: f64,
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
        fn counting_passes_sort(
            samples in prop::collection::vec(
                prop_oneof![
                    any::<f64>(),
                    Just(ERROR),
                    (0u64..9).prop_map(f64::from_bits),
                    (0u64..1 << 20).prop_map(|bits| -f64::from_bits(1f64.to_bits() + bits)),
                    prop_oneof![Just(0.0), Just(-0.0)],
                ],
                0..300,
            ),
        ) {
            let mut expected: Vec<usize> = (0..samples.len()).filter(|trial| samples[*trial].is_finite()).collect();
            expected.sort_by(|left, right| samples[*left].partial_cmp(&samples[*right]).unwrap());
            let found: Vec<usize> = sorted(&samples).into_iter().map(Ranked::trial).collect();
            prop_assert_eq!(found, expected);
        }

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
