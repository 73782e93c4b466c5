//! What was found of trials that were streamed: the statistics of their blocks, whichever thread made them.

use super::columns::BlockStatistics;
use crate::statistics::errors::ErrorCounts;
use crate::statistics::moments::Moments;

/// What was found of some trials.
pub(super) struct Streamed {
    /// How many were done, from the first one without a gap.
    pub done: usize,
    columns: usize,
    /// By each thread.
    made: Vec<Made>,
    /// Each block, in order, with the thread that made its statistics and its place among that one's blocks.
    places: Vec<(usize, usize, usize)>,
}

/// The statistics of blocks that a thread came to make.
pub(super) struct Made {
    blocks: Vec<usize>,
    /// Of each block, column after column.
    moments: Vec<Moments>,
    /// Of each column, over all blocks.
    errors: Vec<ErrorCounts>,
}

impl Made {
    pub fn new(columns: usize) -> Made {
        Made { blocks: Vec::new(), moments: Vec::new(), errors: vec![ErrorCounts::default(); columns] }
    }

    pub fn push(&mut self, block: usize, columns: impl IntoIterator<Item = BlockStatistics>) {
        self.blocks.push(block);
        let before = self.moments.len();
        for ((moments, errors), of_column) in columns.into_iter().zip(&mut self.errors) {
            self.moments.push(moments);
            of_column.merge(&errors);
        }
        debug_assert_eq!(self.moments.len() - before, self.errors.len(), "one of each column");
    }
}

impl Streamed {
    /// Of the blocks that all threads made.
    pub fn new(done: usize, made: Vec<Made>, columns: usize) -> Streamed {
        let blocks: usize = made.iter().map(|made| made.blocks.len()).sum();
        let mut places = Vec::with_capacity(blocks);
        for (thread, made) in made.iter().enumerate() {
            places.extend(made.blocks.iter().enumerate().map(|(place, block)| (*block, thread, place)));
        }
        places.sort();
        Streamed { done, columns, made, places }
    }

    /// The moments of a column's blocks, in order.
    pub fn moments(&self, column: usize) -> impl Iterator<Item = &Moments> {
        let moments = move |(_, thread, place): &(usize, usize, usize)| {
            &self.made[*thread].moments[place * self.columns + column]
        };
        self.places.iter().map(moments)
    }

    /// The errors of a column.
    pub fn errors(&self, column: usize) -> impl Iterator<Item = &ErrorCounts> {
        self.made.iter().map(move |made| &made.errors[column])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_in_order_and_errors_counted_whoever_made_them() {
        let error = f64::NAN;
        let of_column = |numbers: &[f64]| (Moments::of_block(numbers), ErrorCounts::of(numbers));
        let mut one = Made::new(2);
        one.push(1, [of_column(&[1.0]), of_column(&[10.0, error])]);
        one.push(3, [of_column(&[3.0]), of_column(&[30.0])]);
        let mut two = Made::new(2);
        two.push(0, [of_column(&[0.0]), of_column(&[error, 0.0])]);
        two.push(2, [of_column(&[2.0]), of_column(&[20.0])]);
        let streamed = Streamed::new(8, vec![one, two, Made::new(2)], 2);
        let means = |column| streamed.moments(column).map(|moments| moments.mean).collect::<Vec<_>>();
        assert_eq!((means(0), means(1)), (vec![0.0, 1.0, 2.0, 3.0], vec![0.0, 10.0, 20.0, 30.0]));
        let errors = |column| streamed.errors(column).map(ErrorCounts::total).sum::<u64>();
        assert_eq!((errors(0), errors(1)), (0, 2));
    }
}
