//! Which inputs move together, and how closely.
//!
//! A matrix of rank correlations (Spearman's) is checked when it is read, and becomes the factor that a Gaussian copula
//! draws with. A rank correlation s of two normals is that of a linear correlation r = 2 sin(pi s / 6) (Pearson, 1907).

mod factor;
mod nearest;

use factor::factor;
use nearest::nearest;

/// The most inputs of one group: each of its draws costs as many products.
pub const MAX_INPUTS: usize = 500;
/// The most inputs for which a matrix that cannot be is answered with one that can.
const MAX_OFFERED: usize = 12;
/// How far numbers may be from what they must be, for want of written digits.
const WRITTEN: f64 = 1e-9;

/// Inputs that move together.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// Where, as a person writes it; in the order of the matrix.
    pub inputs: Vec<String>,
    /// The lower triangular factor of the linear correlations, row by row.
    pub factor: Vec<f64>,
}

/// Why correlations are refused, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CorrelationError {
    /// Fewer than two inputs, or too many.
    #[error("{0} inputs; name 2 to {MAX_INPUTS}")]
    Inputs(usize),
    /// The matrix is not of the size of the inputs.
    #[error("the matrix must have {inputs} rows of {inputs} numbers, as many as there are inputs")]
    Size {
        /// How many inputs there are.
        inputs: usize,
    },
    /// A number on the diagonal is not 1.
    #[error("row {row} of the matrix: an input's correlation with itself is 1, not {value}")]
    Diagonal {
        /// From 1.
        row: usize,
        /// What it is.
        value: f64,
    },
    /// A number is no correlation.
    #[error("row {row}, column {column} of the matrix: a correlation is -1 to 1, not {value}")]
    Range {
        /// From 1.
        row: usize,
        /// From 1.
        column: usize,
        /// What it is.
        value: f64,
    },
    /// Two numbers that must be equal are not.
    #[error(
        "the matrix must be symmetric, but row {row}, column {column} is {value} and its mirror {mirror}"
    )]
    Symmetry {
        /// From 1.
        row: usize,
        /// From 1.
        column: usize,
        /// What it is.
        value: f64,
        /// What is at the place with row and column exchanged.
        mirror: f64,
    },
    /// No inputs can have these correlations all at once.
    #[error("no inputs can be correlated so all at once (the matrix is not positive semidefinite){}", offer(.nearest))]
    Impossible {
        /// The nearest rank correlations that can be, where the matrix is small.
        nearest: Option<Vec<Vec<f64>>>,
    },
}

fn offer(nearest: &Option<Vec<Vec<f64>>>) -> String {
    match nearest {
        Some(matrix) => {
            let text = |row: &Vec<f64>| row.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
            let rows: Vec<String> = matrix.iter().map(|row| format!("[{}]", text(row))).collect();
            format!("; the nearest that can be is [{}]", rows.join(", "))
        }
        None => "; bring the correlations closer to 0".to_owned(),
    }
}

impl Correlation {
    /// Inputs with this matrix of rank correlations, if it can be.
    pub fn new(inputs: Vec<String>, matrix: &[Vec<f64>]) -> Result<Correlation, CorrelationError> {
        let count = inputs.len();
        if !(2..=MAX_INPUTS).contains(&count) {
            return Err(CorrelationError::Inputs(count));
        }
        check(matrix, count)?;
        match factor(&linear_of(matrix)) {
            Some(factor) => Ok(Correlation { inputs, factor }),
            None => Err(CorrelationError::Impossible { nearest: offered(matrix) }),
        }
    }
}

fn check(matrix: &[Vec<f64>], count: usize) -> Result<(), CorrelationError> {
    if matrix.len() != count || matrix.iter().any(|row| row.len() != count) {
        return Err(CorrelationError::Size { inputs: count });
    }
    for (row, values) in matrix.iter().enumerate() {
        for (column, value) in values.iter().copied().enumerate() {
            let (row, column, mirror) = (row + 1, column + 1, matrix[column][row]);
            if row == column && value != 1.0 {
                return Err(CorrelationError::Diagonal { row, value });
            }
            if !(-1.0..=1.0).contains(&value) {
                return Err(CorrelationError::Range { row, column, value });
            }
            if (value - mirror).abs() > WRITTEN {
                return Err(CorrelationError::Symmetry { row, column, value, mirror });
            }
        }
    }
    Ok(())
}

fn linear_of(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    matrix.iter().map(|row| row.iter().map(|rank| linear(*rank)).collect()).collect()
}

/// 2 sin(pi s / 6), by the series of the sine: to the last bit or so, and the same on every platform.
fn linear(rank: f64) -> f64 {
    if rank.abs() == 1.0 {
        return rank;
    }
    let x = rank * (std::f64::consts::PI / 6.0);
    let terms = (1..=8).rev().map(|k| f64::from(2 * k * (2 * k + 1)));
    2.0 * x * terms.fold(1.0, |sum, divisor| 1.0 - x * x / divisor * sum)
}

/// Rank correlations of four digits that [`Correlation::new`] takes, as near to `matrix` as can be.
fn offered(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    if matrix.len() > MAX_OFFERED {
        return None;
    }
    let nearest = nearest(&linear_of(matrix));
    // Rounding may lead out again; then a little closer to independence.
    (0..200).map(|step| 1.0 - 0.0005 * f64::from(step)).find_map(|shrink| {
        let rank = |linear: f64| 6.0 / std::f64::consts::PI * (linear * shrink / 2.0).asin();
        let rounded = |value: f64| (value * 1e4).round() / 1e4 + 0.0;
        let mut ranks: Vec<Vec<f64>> =
            nearest.iter().map(|row| row.iter().map(|value| rounded(rank(*value))).collect()).collect();
        ranks.iter_mut().enumerate().for_each(|(place, row)| row[place] = 1.0);
        factor(&linear_of(&ranks)).is_some().then_some(ranks)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn correlation(matrix: &[Vec<f64>]) -> Result<Correlation, CorrelationError> {
        Correlation::new((0..matrix.len()).map(|index| format!("i{index}")).collect(), matrix)
    }

    fn symmetric(values: &[f64], count: usize) -> Vec<Vec<f64>> {
        let at = |row: usize, column: usize| match row.max(column) {
            _ if row == column => 1.0,
            lower => values[lower * (lower - 1) / 2 + row.min(column)],
        };
        (0..count).map(|row| (0..count).map(|column| at(row, column)).collect()).collect()
    }

    #[test]
    fn a_mistake_in_the_matrix_is_told_with_its_place() {
        for (matrix, message) in [
            (vec![vec![1.0]], "1 inputs; name 2 to 500"),
            (vec![vec![1.0, 0.5], vec![0.5]], "2 rows of 2 numbers"),
            (vec![vec![1.0, 0.5], vec![0.5, 0.9]], "row 2 of the matrix: an input's correlation with itself"),
            (vec![vec![1.0, 1.5], vec![1.5, 1.0]], "row 1, column 2 of the matrix: a correlation is -1 to 1"),
            (vec![vec![1.0, f64::NAN], vec![0.0, 1.0]], "a correlation is -1 to 1"),
            (vec![vec![1.0, 0.5], vec![0.4, 1.0]], "row 1, column 2 is 0.5 and its mirror 0.4"),
        ] {
            let refusal = correlation(&matrix).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
    }

    #[test]
    fn what_cannot_be_is_answered_with_the_nearest_that_can() {
        let matrix = symmetric(&[0.9, 0.9, -0.9], 3);
        let refusal = correlation(&matrix).unwrap_err();
        let CorrelationError::Impossible { nearest: Some(nearest) } = &refusal else { panic!("{refusal}") };
        assert!(correlation(nearest).is_ok());
        assert!(
            refusal.to_string().contains("not positive semidefinite); the nearest that can be is [[1, 0.")
        );
    }

    #[test]
    fn a_factor_multiplies_to_linear_correlations() {
        let factor = correlation(&symmetric(&[0.5, -0.3, 0.2], 3)).unwrap().factor;
        let r = |rank: f64| 2.0 * (std::f64::consts::PI * rank / 6.0).sin();
        assert!((factor[1] - r(0.5)).abs() < 1e-15 && (factor[3] - r(-0.3)).abs() < 1e-15);
        assert!((factor[3] * factor[1] + factor[4] * factor[2] - r(0.2)).abs() < 1e-15);
    }

    #[test]
    fn inputs_may_move_as_one() {
        assert_eq!(correlation(&symmetric(&[1.0], 2)).unwrap().factor, [1.0, 1.0, 0.0]);
        assert_eq!(correlation(&symmetric(&[-1.0], 2)).unwrap().factor, [1.0, -1.0, 0.0]);
        assert_eq!(correlation(&symmetric(&[1.0, 0.0, 0.0], 3)).unwrap().factor[3..], [0.0, 0.0, 1.0]);
        assert!(correlation(&symmetric(&[1.0, 0.5, 0.4], 3)).is_err());
    }

    #[test]
    fn the_series_is_the_sine() {
        for step in -100..100 {
            let rank = f64::from(step) / 100.0;
            assert!((linear(rank) - 2.0 * (std::f64::consts::PI * rank / 6.0).sin()).abs() < 4e-16, "{rank}");
        }
    }

    proptest! {
        #[test]
        fn what_is_offered_is_accepted(
            (count, values) in (2..7usize).prop_flat_map(|n| (Just(n), prop::collection::vec(-1.0..1.0, 21)))
        ) {
            match correlation(&symmetric(&values, count)) {
                Ok(correlation) => prop_assert!(correlation.factor.iter().all(|value| value.is_finite())),
                Err(CorrelationError::Impossible { nearest }) => {
                    prop_assert!(correlation(&nearest.unwrap()).is_ok());
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
