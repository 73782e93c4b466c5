//! How many trials of a column ended in an error, by kind.

use fermiac_model::value::{ErrorKind, Value};

/// Counts of errors by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorCounts([u64; ErrorKind::ALL.len()]);

impl ErrorCounts {
    /// The errors among packed values. A boolean, a text or an empty, which no engine stores in a column, is
    /// counted as `#VALUE!`: it is no number.
    pub fn of(samples: &[f64]) -> ErrorCounts {
        let mut counts = ErrorCounts::default();
        for sample in samples.iter().filter(|sample| !sample.is_finite()) {
            let kind = Value::unpack(*sample).error().unwrap_or(ErrorKind::Value);
            counts.0[place(kind)] += 1;
        }
        counts
    }

    /// With these counts, in the order of [`ErrorKind::ALL`].
    pub(crate) fn from_counts(counts: [u64; ErrorKind::ALL.len()]) -> ErrorCounts {
        ErrorCounts(counts)
    }

    /// The counts, in the order of [`ErrorKind::ALL`].
    pub(crate) fn counts(&self) -> [u64; ErrorKind::ALL.len()] {
        self.0
    }

    /// Adds the counts of another run of trials.
    pub fn merge(&mut self, other: &ErrorCounts) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// How many trials ended in `kind`.
    pub fn get(&self, kind: ErrorKind) -> u64 {
        self.0[place(kind)]
    }

    /// How many trials ended in any error.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds that occurred, with their counts, in the order of [`ErrorKind::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (ErrorKind, u64)> {
        ErrorKind::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

fn place(kind: ErrorKind) -> usize {
    kind as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_by_kind() {
        let div0 = Value::Error(ErrorKind::Div0).pack();
        let samples = [1.0, div0, Value::Error(ErrorKind::Calc).pack(), f64::INFINITY, div0, -0.0];
        let mut counts = ErrorCounts::of(&samples);
        counts.merge(&ErrorCounts::of(&[div0]));
        let found: Vec<_> = counts.iter().collect();
        assert_eq!(found, [(ErrorKind::Div0, 3), (ErrorKind::Num, 1), (ErrorKind::Calc, 1)]);
        assert_eq!((counts.total(), counts.get(ErrorKind::Div0), counts.get(ErrorKind::Ref)), (5, 3, 0));
    }

    #[test]
    fn what_is_neither_number_nor_error_is_a_value_error() {
        assert_eq!(
            ErrorCounts::of(&[Value::Bool(true).pack(), Value::Empty.pack()]).get(ErrorKind::Value),
            2
        );
    }
}
