//! Numbers that are read elsewhere: what a sieve asks for, and what it is given.

/// Bins, the outermost of which hold all that lies outside.
pub(crate) const BINS: usize = 2048;
/// At most so many numbers that come again and again have a place of their own.
pub(crate) const CROWDS: usize = 16;
/// A mesh has at most so many segments.
pub(crate) const SEGMENTS: usize = 160;

/// How to read the numbers of an output: each is counted at a place, and few are picked out.
///
/// A number that equals one of the crowds counts there and is done. The place of any other is
/// `floor(number * bins_per_unit) - first`, within `0..=last`, where a product that underflows is still below 0 if the number
/// is; if that is marked, the number is looked at: outside of all segments it counts between them, in a segment of one number it
/// counts there, in any other it is picked out, as it is wherever it lies if its place is the first or the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Mesh {
    pub(crate) bins_per_unit: f64,
    pub(crate) first: f64,
    pub(crate) last: f64,
    pub(crate) crowds: Vec<f64>,
    /// Of the segments, ascending.
    pub(crate) bounds: Vec<(f64, f64)>,
    /// Of each place, if its numbers are looked at, how many segments lie below it as a whole.
    pub(crate) looked_at: Vec<Option<u32>>,
}

/// What was found of some numbers of an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Sifted {
    /// By place, then by crowd.
    pub(crate) counts: Vec<u64>,
    /// Of each segment, how many numbers that were looked at lie below it but above the one before; then, above all.
    pub(crate) between: Vec<u64>,
    /// Of each segment, how many equal its bounds, where these are one.
    pub(crate) equal: Vec<u64>,
    /// Whether all are integers.
    pub(crate) integers: bool,
    /// In any order.
    pub(crate) picked: Vec<f64>,
}

impl Mesh {
    /// By which all numbers are picked out.
    pub(crate) fn of_everything() -> Mesh {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        let looked_at = vec![Some(0); BINS];
        Mesh { bins_per_unit: 0.0, first: 0.0, last: 0.0, crowds: Vec::new(), bounds: vec![all], looked_at }
    }
}

impl Sifted {
    /// Adds what was found of more numbers by the same mesh.
    pub(crate) fn append(&mut self, mut next: Sifted) {
        let counts = [
            (&mut self.counts, next.counts),
            (&mut self.between, next.between),
            (&mut self.equal, next.equal),
        ];
        for (counts, more) in counts {
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        self.integers &= next.integers;
        self.picked.append(&mut next.picked);
    }

    /// How many numbers were read.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}
