//! Cholesky's factor of a correlation matrix.

/// What rounding may take from a pivot that is 0.
const ZERO: f64 = 1e-12;
/// What is then left of its column: the root of it.
const ZERO_COLUMN: f64 = 1e-6;

/// The lower triangle whose product with its transpose is `matrix`, row by row; none if there is none.
///
/// A pivot of 0, where an input follows from those before it, gives a column of zeros.
pub(super) fn factor(matrix: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
    for (place, given) in matrix.iter().enumerate() {
        let mut row = Vec::with_capacity(place + 1);
        for (column, value) in given.iter().copied().enumerate().take(place) {
            let rest = value - product(&row, &rows[column], column);
            let pivot = rows[column][column];
            if pivot == 0.0 && rest.abs() > ZERO_COLUMN {
                return None;
            }
            row.push(if pivot == 0.0 { 0.0 } else { rest / pivot });
        }
        let square = given[place] - product(&row, &row, place);
        if square < -ZERO {
            return None;
        }
        row.push(if square < ZERO { 0.0 } else { square.sqrt() });
        rows.push(row);
    }
    Some(rows.concat())
}

fn product(left: &[f64], right: &[f64], count: usize) -> f64 {
    left.iter().zip(right).take(count).map(|(a, b)| a * b).sum()
}
