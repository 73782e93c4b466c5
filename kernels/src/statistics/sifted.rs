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

    /// Reads the numbers among packed values, one after the other: what others who read faster have to come to.
    pub(crate) fn sift(&self, values: &[f64]) -> Sifted {
        let segments = self.bounds.len();
        let mut sifted = Sifted {
            counts: vec![0; BINS + CROWDS],
            between: vec![0; segments + 1],
            equal: vec![0; segments],
            integers: true,
            picked: Vec::new(),
        };
        for number in values.iter().copied().filter(|value| value.is_finite()) {
            sifted.integers &= number.fract() == 0.0;
            if let Some(crowd) = self.crowds.iter().position(|crowd| *crowd == number) {
                sifted.counts[BINS + crowd] += 1;
                continue;
            }
            let place = self.place(number);
            sifted.counts[place] += 1;
            let Some(mut segment) = self.looked_at[place].map(|below| below as usize) else { continue };
            while self.bounds.get(segment).is_some_and(|(_, high)| *high < number) {
                segment += 1;
            }
            let inside = self.bounds.get(segment).filter(|(low, _)| *low <= number);
            if place == 0 || place == BINS - 1 || inside.is_some_and(|(low, high)| low < high) {
                sifted.picked.push(number);
            } else if inside.is_some() {
                sifted.equal[segment] += 1;
            } else {
                sifted.between[segment] += 1;
            }
        }
        sifted
    }

    fn place(&self, number: f64) -> usize {
        let below = if number < 0.0 { -f64::MIN_POSITIVE } else { 0.0 };
        let bin = number.mul_add(self.bins_per_unit, below).floor();
        (bin - self.first).clamp(0.0, self.last) as usize
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

    /// Whether as much was found, in whatever order, and where there is a place for more segments than there are.
    pub(crate) fn is_same(&self, other: &Sifted) -> bool {
        let counted = |counts: &[u64]| counts.iter().rposition(|count| *count > 0).map_or(0, |last| last + 1);
        let is_same = |ours: &[u64], theirs: &[u64]| ours[..counted(ours)] == theirs[..counted(theirs)];
        let sorted = |sifted: &Sifted| {
            let mut bits: Vec<u64> = sifted.picked.iter().map(|number| number.to_bits()).collect();
            bits.sort_unstable();
            bits
        };
        is_same(&self.counts, &other.counts)
            && is_same(&self.between, &other.between)
            && is_same(&self.equal, &other.equal)
            && self.integers == other.integers
            && sorted(self) == sorted(other)
    }

    /// How many numbers were read.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}
