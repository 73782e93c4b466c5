//! The families by name, with their parameters in the documented order.

use std::fmt;

/// How a family is written.
#[derive(Debug, PartialEq)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Its own parameters, in order; those of [`COMMON`] follow by name only.
    pub parameters: &'static [Parameter],
}

/// A parameter of a family.
#[derive(Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value where none is given.
    pub default: Option<f64>,
    /// Whether it is one number or a list of them.
    pub kind: ParameterKind,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// One number.
    Number,
    /// Numbers in braces or brackets.
    List,
}

const fn number(name: &'static str) -> Parameter {
    Parameter { name, default: None, kind: ParameterKind::Number }
}

const fn optional(name: &'static str, default: f64) -> Parameter {
    Parameter { name, default: Some(default), kind: ParameterKind::Number }
}

const fn list(name: &'static str) -> Parameter {
    Parameter { name, default: None, kind: ParameterKind::List }
}

/// Every family, in the order of [`super::Family`].
pub static SIGNATURES: [Signature; 11] = [
    Signature { name: "normal", parameters: &[number("mean"), number("std_dev")] },
    Signature { name: "lognormal", parameters: &[number("mean"), number("std_dev")] },
    Signature { name: "uniform", parameters: &[number("min"), number("max")] },
    Signature { name: "triangular", parameters: &[number("min"), number("mode"), number("max")] },
    Signature {
        name: "pert",
        parameters: &[number("min"), number("mode"), number("max"), optional("lambda", 4.0)],
    },
    Signature {
        name: "beta",
        parameters: &[number("alpha"), number("beta"), optional("min", 0.0), optional("max", 1.0)],
    },
    Signature { name: "exponential", parameters: &[number("mean")] },
    Signature { name: "discrete", parameters: &[list("values"), list("weights")] },
    Signature { name: "bernoulli", parameters: &[number("p")] },
    Signature { name: "integer_uniform", parameters: &[number("min"), number("max")] },
    Signature { name: "constant", parameters: &[number("value")] },
];

/// What every family takes after its own parameters, by name.
pub const COMMON: [&str; 3] = ["truncate_min", "truncate_max", "shift"];

impl Signature {
    /// The family called `name`, in either case.
    pub fn find(name: &str) -> Option<&'static Signature> {
        SIGNATURES.iter().find(|signature| signature.name.eq_ignore_ascii_case(name))
    }

    /// The known name with the fewest edits from `name`, if they are few: two, or a third of the longer name.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        let distance = |signature: &&Signature| edit_distance(name.as_bytes(), signature.name.as_bytes());
        let nearest = SIGNATURES.iter().min_by_key(distance)?;
        let few = (nearest.name.len().max(name.len()) / 3).max(2);
        (distance(&nearest) <= few).then_some(nearest.name)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (place, parameter) in self.parameters.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            let name = parameter.name;
            match (parameter.kind, parameter.default) {
                (ParameterKind::List, _) => write!(f, "{separator}{{{name}}}"),
                (ParameterKind::Number, Some(default)) => write!(f, "{separator}{name}={default}"),
                (ParameterKind::Number, None) => write!(f, "{separator}{name}"),
            }?;
        }
        f.write_str(")")
    }
}

/// How many bytes must be put in, taken out or replaced (Levenshtein, 1965). Names longer than any known one by far
/// are cut, so that a hostile text costs little.
fn edit_distance(a: &[u8], b: &[u8]) -> usize {
    let a = &a[..a.len().min(64)];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_one_meant() {
        for (written, meant) in
            [("nromal", "normal"), ("Log-Normal", "lognormal"), ("triangle", "triangular")]
        {
            assert_eq!(Signature::nearest(written), Some(meant));
        }
        assert_eq!(Signature::nearest("PERTT"), Some("pert"));
        assert_eq!(Signature::nearest("weibull"), None);
    }

    #[test]
    fn a_signature_shows_how_it_is_written() {
        assert_eq!(SIGNATURES[4].to_string(), "pert(min, mode, max, lambda=4)");
        assert_eq!(SIGNATURES[7].to_string(), "discrete({values}, {weights})");
    }
}
