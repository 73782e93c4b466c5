//! A number of trials as people write it: `1000000`, `1_000_000`, `1e6`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most trials of one run, which bounds its time and, where every trial is kept, its memory.
pub const MAX_TRIALS: u64 = 1_000_000_000;

/// A number of trials, 1..=[`MAX_TRIALS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trials(u64);

impl Trials {
    /// The number.
    pub fn count(self) -> u64 {
        self.0
    }
}

/// So many where none is said.
impl Default for Trials {
    fn default() -> Trials {
        Trials(10_000)
    }
}

impl fmt::Display for Trials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no number of trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrialsError {
    /// Not a number at all.
    #[error("not a number of trials; write it as 1000000, 1_000_000 or 1e6")]
    NotANumber,
    /// 0.5, or 1e-3, or 1.25e1.
    #[error("trials are whole: this number has a fraction")]
    Fraction,
    /// Zero or below.
    #[error("at least 1 trial is needed")]
    TooFew,
    /// Above [`MAX_TRIALS`].
    #[error("too many: one run has at most {MAX_TRIALS} trials")]
    TooMany,
}

impl FromStr for Trials {
    type Err = TrialsError;

    fn from_str(text: &str) -> Result<Trials, TrialsError> {
        let text = text.trim();
        if text.starts_with('-') && text[1..].starts_with(|c: char| c.is_ascii_digit()) {
            return Err(TrialsError::TooFew);
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i32 =
            exponent.strip_prefix('+').unwrap_or(exponent).parse().map_err(|_| TrialsError::NotANumber)?;
        if !is_grouped(whole) || !(fraction.is_empty() || is_grouped(fraction)) {
            return Err(TrialsError::NotANumber);
        }
        let digits = |part: &str| part.replace('_', "");
        scale(&digits(whole), &digits(fraction), exponent)
    }
}

/// A number, or a text as it is typed.
impl<'de> Deserialize<'de> for Trials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TrialsVisitor)
    }
}

impl Serialize for Trials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

struct TrialsVisitor;

impl Visitor<'_> for TrialsVisitor {
    type Value = Trials;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of trials such as 1000000 or \"1e6\"")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Trials, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Trials, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Trials, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Trials, E> {
        text.parse().map_err(E::custom)
    }
}

/// Digits with single underscores between them.
fn is_grouped(text: &str) -> bool {
    text.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The whole number `whole.fraction x 10^exponent`, reckoned on the digits so that nothing is rounded.
fn scale(whole: &str, fraction: &str, exponent: i32) -> Result<Trials, TrialsError> {
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return Err(TrialsError::TooFew);
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let zeros = i64::from(exponent) - fraction.len() as i64 + trailing as i64;
    if zeros < 0 {
        return Err(TrialsError::Fraction);
    }
    let too_long = significant.len() as i64 + zeros > 19;
    let count = if too_long { None } else { significant.parse::<u64>().ok() };
    match count.and_then(|count| count.checked_mul(10u64.checked_pow(zeros as u32)?)) {
        Some(count) if count <= MAX_TRIALS => Ok(Trials(count)),
        _ => Err(TrialsError::TooMany),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_way_to_write_a_million_is_a_million() {
        for text in ["1000000", "1_000_000", "1e6", "1E6", "1e+6", "0.001e9", "1.0e6", "10_000.00e2"] {
            assert_eq!(text.parse(), Ok(Trials(1_000_000)), "{text}");
        }
        assert_eq!("2.5e3".parse(), Ok(Trials(2_500)));
        assert_eq!("1".parse(), Ok(Trials(1)));
    }

    #[test]
    fn what_is_no_count_is_told_why() {
        for (text, error) in [
            ("0", TrialsError::TooFew),
            ("0e9", TrialsError::TooFew),
            ("-5", TrialsError::TooFew),
            ("0.5", TrialsError::Fraction),
            ("1e-3", TrialsError::Fraction),
            ("1.25e1", TrialsError::Fraction),
            ("1000000001", TrialsError::TooMany),
            ("1e400", TrialsError::TooMany),
            ("99999999999999999999999999", TrialsError::TooMany),
        ] {
            assert_eq!(text.parse::<Trials>(), Err(error), "{text}");
        }
        for text in ["", "many", "1,000", "_1", "1_", "1__0", "1e", "e6", ".5", "1e6e6", "0x10", "inf", "-"] {
            assert_eq!(text.parse::<Trials>(), Err(TrialsError::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_document_may_hold_a_number_or_a_text() {
        for text in ["1000000", "1e6", "1000000.0", "\"1_000_000\"", "\"1e6\""] {
            assert_eq!(serde_json::from_str::<Trials>(text).unwrap(), Trials(1_000_000), "{text}");
        }
        assert_eq!(serde_json::to_string(&Trials(5)).unwrap(), "5");
        for (text, expected) in
            [("-1", "at least 1"), ("0.5", "a fraction"), ("1e300", "too many"), ("[]", "expected a number")]
        {
            let message = serde_json::from_str::<Trials>(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,30}") {
            let _ = text.parse::<Trials>();
        }

        #[test]
        fn a_count_survives_printing(count in 1..=MAX_TRIALS) {
            prop_assert_eq!(Trials(count).to_string().parse(), Ok(Trials(count)));
        }
    }
}
