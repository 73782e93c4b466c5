//! The correlation matrix nearest to one that is none (Higham, 2002): alternating projections, with Dykstra's
//! correction, onto the positive semidefinite matrices and those with a diagonal of ones.

const MOST_STEPS: usize = 200;
const CLOSE_ENOUGH: f64 = 1e-7;
const MOST_SWEEPS: usize = 30;

type Matrix = Vec<Vec<f64>>;

/// The nearest correlation matrix to a symmetric `matrix`, to about six digits.
pub(super) fn nearest(matrix: &Matrix) -> Matrix {
    let mut current = matrix.clone();
    let mut correction = vec![vec![0.0; matrix.len()]; matrix.len()];
    for _ in 0..MOST_STEPS {
        let corrected = combined(&current, &correction, |a, b| a - b);
        let semidefinite = without_negative(&corrected);
        correction = combined(&semidefinite, &corrected, |a, b| a - b);
        let mut next = semidefinite;
        next.iter_mut().enumerate().for_each(|(place, row)| row[place] = 1.0);
        let moved = combined(&next, &current, |a, b| (a - b).abs()).concat().into_iter().fold(0.0, f64::max);
        current = next;
        if moved < CLOSE_ENOUGH {
            break;
        }
    }
    current
}

fn combined(left: &Matrix, right: &Matrix, of: impl Fn(f64, f64) -> f64) -> Matrix {
    let row = |(left, right): (&Vec<f64>, &Vec<f64>)| {
        left.iter().zip(right).map(|(a, b)| of(*a, *b)).collect::<Vec<f64>>()
    };
    left.iter().zip(right).map(row).collect()
}

/// The nearest positive semidefinite matrix: that of the eigenvalues above 0.
fn without_negative(matrix: &Matrix) -> Matrix {
    let (values, vectors) = eigen(matrix);
    let count = matrix.len();
    let entry = |row: usize, column: usize| {
        (0..count).map(|k| values[k].max(0.0) * vectors[row][k] * vectors[column][k]).sum()
    };
    (0..count).map(|row| (0..count).map(|column| entry(row, column)).collect()).collect()
}

/// Eigenvalues and, in columns, eigenvectors of a symmetric matrix, by Jacobi's rotations.
fn eigen(matrix: &Matrix) -> (Vec<f64>, Matrix) {
    let count = matrix.len();
    let mut rest = matrix.clone();
    let mut vectors: Matrix =
        (0..count).map(|row| (0..count).map(|column| f64::from(u8::from(row == column))).collect()).collect();
    for _ in 0..MOST_SWEEPS {
        for p in 0..count {
            for q in p + 1..count {
                rotate(&mut rest, &mut vectors, p, q);
            }
        }
    }
    ((0..count).map(|place| rest[place][place]).collect(), vectors)
}

/// Turns the plane of `p` and `q` so that their entry becomes 0.
fn rotate(rest: &mut Matrix, vectors: &mut Matrix, p: usize, q: usize) {
    if rest[p][q].abs() < 1e-300 {
        return;
    }
    let theta = (rest[q][q] - rest[p][p]) / (2.0 * rest[p][q]);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    let turned = |a: f64, b: f64| (cosine * a - sine * b, sine * a + cosine * b);
    for row in rest.iter_mut().chain(vectors.iter_mut()) {
        (row[p], row[q]) = turned(row[p], row[q]);
    }
    let (above, below) = rest.split_at_mut(q);
    for (a, b) in above[p].iter_mut().zip(&mut below[0]) {
        (*a, *b) = turned(*a, *b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_higham_is_met() {
        // Higham (2002), section 4.
        let matrix = vec![vec![1.0, 1.0, 0.0], vec![1.0, 1.0, 1.0], vec![0.0, 1.0, 1.0]];
        let found = nearest(&matrix);
        let expected = [[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]];
        for (row, expected) in found.iter().zip(expected) {
            assert!(row.iter().zip(expected).all(|(a, b)| (a - b).abs() < 5e-5), "{found:?}");
        }
    }

    #[test]
    fn a_correlation_matrix_is_its_own_nearest() {
        let matrix = vec![vec![1.0, 0.5], vec![0.5, 1.0]];
        assert!(
            nearest(&matrix).concat().iter().zip([1.0, 0.5, 0.5, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12)
        );
    }
}
