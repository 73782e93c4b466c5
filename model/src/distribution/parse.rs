//! From text to a [`Distribution`].

use super::bind::bind;
use super::check::check;
use super::signature::{SIGNATURES, Signature};
use super::{Distribution, DistributionError};

/// Longer texts are refused: 10,000 values and weights of a discrete distribution fit.
const GREATEST_LENGTH: usize = 1 << 20;

impl Distribution {
    /// Reads `name(arguments, key=value)`.
    ///
    /// Names are case-blind. Arguments come in the documented order or by name; numbers may end in `%`; lists stand in
    /// braces or brackets. What comes out can be drawn from: parameters out of range are refused.
    pub fn parse(text: &str) -> Result<Distribution, DistributionError> {
        let (signature, arguments) = split(text)?;
        let distribution = bind(signature, &arguments)?.build(signature)?;
        check(&distribution)?;
        Ok(distribution)
    }
}

/// An argument as written.
pub(super) struct Argument<'a> {
    /// The name before `=`, where there is one.
    pub(super) key: Option<&'a str>,
    /// What follows.
    pub(super) value: ArgumentValue,
}

/// A number or a list of them.
#[derive(Clone)]
pub(super) enum ArgumentValue {
    Number(f64),
    List(Vec<f64>),
}

/// The family of a text and its arguments.
fn split(text: &str) -> Result<(&'static Signature, Vec<Argument<'_>>), DistributionError> {
    let fail = |reason: &str| {
        let shown: String = text.chars().take(100).collect();
        DistributionError::Syntax { text: shown, reason: reason.to_owned() }
    };
    if text.len() > GREATEST_LENGTH {
        return Err(fail("it is longer than 1 MiB"));
    }
    let (name, rest) = text.trim().split_once('(').ok_or_else(|| fail("there is no opening parenthesis"))?;
    let inside = rest.strip_suffix(')').ok_or_else(|| fail("it does not end in a closing parenthesis"))?;
    let name = name.trim();
    if name.is_empty() {
        return Err(fail("the name is missing"));
    }
    let signature = Signature::find(name).ok_or_else(|| unknown_family(name))?;
    let mut arguments = Vec::new();
    for piece in pieces(inside).map_err(fail)? {
        arguments.push(argument(piece).map_err(|reason| fail(&reason))?);
    }
    Ok((signature, arguments))
}

fn unknown_family(name: &str) -> DistributionError {
    let known: Vec<&str> = SIGNATURES.iter().map(|signature| signature.name).collect();
    let shown: String = name.chars().take(40).collect();
    DistributionError::UnknownFamily {
        name: shown,
        nearest: Signature::nearest(name),
        known: known.join(", "),
    }
}

/// The text between commas that stand in no list. Semicolons go with decimal commas, which would be misread.
fn pieces(inside: &str) -> Result<Vec<&str>, &'static str> {
    if inside.trim().is_empty() {
        return Ok(Vec::new());
    }
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut closing = None;
    for (at, character) in inside.char_indices() {
        match (character, closing) {
            ('{', None) => closing = Some('}'),
            ('[', None) => closing = Some(']'),
            ('{' | '[', Some(_)) => return Err("a list stands within a list"),
            ('}' | ']', open) if open != Some(character) => {
                return Err("a list is closed that was not opened");
            }
            ('}' | ']', _) => closing = None,
            ('(' | ')', _) => return Err("there is a second parenthesis"),
            (';', _) => return Err("separate arguments with commas and write decimals with a point: 3.5"),
            (',', None) => {
                pieces.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if closing.is_some() {
        return Err("a list is not closed");
    }
    pieces.push(&inside[start..]);
    Ok(pieces)
}

fn argument(piece: &str) -> Result<Argument<'_>, String> {
    let (key, value) = match piece.split_once('=') {
        Some((key, value)) => (Some(key.trim()), value.trim()),
        None => (None, piece.trim()),
    };
    let list = value.strip_prefix(['{', '[']).and_then(|inner| inner.strip_suffix(['}', ']']));
    let value = match list {
        Some(inner) => ArgumentValue::List(inner.split(',').map(number).collect::<Result<_, _>>()?),
        None => ArgumentValue::Number(number(value)?),
    };
    Ok(Argument { key, value })
}

/// A number such as `10`, `-1.5e3`, `.5`, `5%`.
fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let shown = || text.chars().take(40).collect::<String>();
    let (digits, divisor) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    if text.is_empty() {
        return Err("an argument is empty".to_owned());
    }
    // Rust would also read "inf", "nan" and "infinity".
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match digits.parse::<f64>() {
        Ok(value) if plain && value.is_finite() => Ok(value / divisor),
        Ok(_) if plain => Err(format!("{} is too large", shown())),
        _ => Err(format!("{:?} is not a number", shown())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Family;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_family_is_read_and_shown_alike() {
        let texts = [
            "normal(10, 2, truncate_min=0)",
            "lognormal(100, 25, shift=-3)",
            "uniform(-1, 1, truncate_min=0, truncate_max=0.5)",
            "triangular(0, 1, 4)",
            "pert(0, 1, 4, lambda=6)",
            "beta(2, 3, min=-1, max=1)",
            "exponential(0.25)",
            "discrete({1, 2, 3}, {0.2, 0, 5})",
            "bernoulli(0.3)",
            "integer_uniform(1, 6)",
            "constant(7)",
        ];
        for text in texts {
            let distribution = Distribution::parse(text).unwrap();
            assert_eq!(distribution.to_string(), text);
        }
    }

    #[test]
    fn forms_that_mean_the_same() {
        let same =
            |a: &str, b: &str| assert_eq!(Distribution::parse(a), Distribution::parse(b), "{a} and {b}");
        same(" NORMAL ( 10 , 2 ) ", "normal(10, 2)");
        same("normal(std_dev=2, Mean=10)", "normal(10, 2)");
        same("normal(10, STD_DEV=2)", "normal(10, 2)");
        same("bernoulli(5%)", "bernoulli(0.05)");
        same("normal(1e1, +2.)", "normal(10, 2)");
        same("discrete([1,2], {50%, .5})", "discrete({1,2},{0.5,0.5})");
        same("pert(0, 1, 4)", "pert(0, 1, 4, lambda=4)");
    }

    #[test]
    fn bad_parameters_are_refused_by_name_and_value() {
        let cases = [
            ("normal(0, -1)", "normal: std_dev must be > 0, got -1"),
            ("lognormal(0, 1)", "lognormal: mean must be > 0, got 0"),
            ("uniform(2, 2)", "uniform: max must be > min = 2, got 2"),
            ("triangular(0, 5, 4)", "triangular: mode must be between min = 0 and max = 4, got 5"),
            ("pert(0, 1, 4, lambda=0)", "pert: lambda must be > 0, got 0"),
            ("beta(2, 1e9)", "beta: beta must be between 0.001 and 1e6, got 1000000000"),
            ("bernoulli(30)", "bernoulli: p must be between 0 and 1, got 30"),
            ("integer_uniform(1, 6.5)", "integer_uniform: max must be an integer within 2^53, got 6.5"),
            ("integer_uniform(7, 6)", "integer_uniform: max must be >= min = 7, got 6"),
            ("discrete({1, 2}, {1})", "discrete: weights must be as many as the 2 values, got 1"),
            ("discrete({1, 2}, {1, -3})", "discrete: weights must be >= 0, got -3"),
            ("discrete({1, 2}, {0, 0})", "discrete: weights must be of a sum > 0 and up to 1e300, got 0"),
            ("discrete(1, {1})", "discrete: values must be a list such as {1, 2}, got 1"),
            ("normal({1}, 2)", "normal: mean must be one number, got a list"),
            ("normal(1, 2, truncate_min=3, truncate_max=2)", "normal: truncation to 3..2 leaves nothing"),
            ("uniform(0, 1, truncate_min=2)", "uniform: truncation to 2..inf leaves nothing"),
            ("normal(0, 1, truncate_min=60)", "normal: truncation to 60..inf leaves nothing"),
            ("constant(3, truncate_max=2)", "constant: truncation to -inf..2 leaves nothing"),
            (
                "integer_uniform(1, 6, truncate_min=2.2, truncate_max=2.8)",
                "truncation to 2.2..2.8 leaves nothing",
            ),
            ("normal(1, 2, 3)", "normal: 3 arguments are too many; it is normal(mean, std_dev)"),
            ("normal(1)", "normal: std_dev is missing; it is normal(mean, std_dev)"),
            ("normal(1, mean=2)", "normal: mean is given twice"),
            ("normal(1, 2, shift=1, shift=2)", "normal: shift is given twice"),
            ("normal(1, 2, sd=3)", "normal: unknown parameter \"sd\""),
            ("nromal(1, 2)", "unknown distribution \"nromal\"; did you mean normal?"),
        ];
        for (text, expected) in cases {
            let message = Distribution::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn semicolons_are_refused_and_never_misread() {
        for text in ["pert(1;2;3,5)", "uniform(0; 1)", "discrete({1;2}, {1, 1})", "normal(0, 1;)"] {
            let message = Distribution::parse(text).unwrap_err().to_string();
            assert!(message.contains("write decimals with a point: 3.5"), "{text}: {message}");
        }
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        let texts = [
            "",
            "normal",
            "normal(",
            "normal(1, 2",
            "(1, 2)",
            "normal(1, 2))",
            "normal(1, 2) x",
            "normal(1,, 2)",
            "normal(1, 2,)",
            "normal(nan, 1)",
            "normal(inf, 1)",
            "normal(1e999, 1)",
            "normal(1 2)",
            "normal(0x1, 2)",
            "normal(mean=1, 2)",
            "normal(=1, 2)",
            "discrete({1, {2}}, {1})",
            "discrete({1, 2], {1, 1})",
            "discrete({}, {})",
            "discrete({1, 2}, {1, 1)",
            "normal(1e300, 1e301)",
            "normal(-, 1)",
            "normal(%, 1)",
        ];
        for text in texts {
            assert!(Distribution::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}", name in 0usize..11) {
            let _ = Distribution::parse(&text);
            let _ = Distribution::parse(&format!("{}({text})", SIGNATURES[name].name));
        }

        #[test]
        fn what_is_shown_is_read_back(mean in -1e9f64..1e9, std_dev in 1e-9f64..1e9, shift in -5.0f64..5.0) {
            let distribution = Distribution {
                family: Family::Normal { mean, std_dev },
                truncate_min: Some(mean),
                truncate_max: None,
                shift,
            };
            prop_assert_eq!(Distribution::parse(&distribution.to_string()), Ok(distribution));
        }
    }
}
