//! Texts as values: how they read as numbers, how they compare, how numbers are written.

use std::cmp::Ordering;

/// The text without case, as comparisons and lookups see it.
pub fn fold_case(text: &str) -> String {
    text.to_lowercase()
}

/// The order of two texts, case ignored.
pub fn compare(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let lower = |text: &'_ str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
        return lower(a).cmp(&lower(b));
    }
    fold_case(a).cmp(&fold_case(b))
}

/// The number that a text reads as where arithmetic wants one: digits with an optional sign, thousands
/// separators, fraction, exponent, percent signs or a leading currency sign. Dates are not read.
pub fn parse_number(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    let mut scale = 1.0;
    while let Some(before) = rest.strip_suffix('%') {
        rest = before.trim_end();
        scale /= 100.0;
    }
    let mut negative = false;
    if let Some(inside) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        negative = true;
        rest = inside.trim();
    } else if let Some(after) = rest.strip_prefix('-') {
        negative = true;
        rest = after.trim_start();
    } else if let Some(after) = rest.strip_prefix('+') {
        rest = after.trim_start();
    }
    let rest = rest.strip_prefix('$').unwrap_or(rest);
    let magnitude = parse_digits(rest)? * scale;
    Some(if negative { -magnitude } else { magnitude })
}

fn parse_digits(text: &str) -> Option<f64> {
    if !text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let mantissa_end = text.find(['e', 'E']).unwrap_or(text.len());
    let (mantissa, exponent) = text.split_at(mantissa_end);
    let whole_end = mantissa.find('.').unwrap_or(mantissa.len());
    let (whole, fraction) = mantissa.split_at(whole_end);
    let cleaned = if whole.contains(',') {
        let mut groups = whole.split(',');
        let first = groups.next().unwrap_or("");
        if first.is_empty() || groups.any(|group| group.len() != 3) {
            return None;
        }
        format!("{}{fraction}{exponent}", whole.replace(',', ""))
    } else {
        text.to_owned()
    };
    if !cleaned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    cleaned.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The condition that a text reads as: TRUE or FALSE in any case.
pub fn parse_condition(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A number as `&` writes it: up to 15 significant digits, in the General format of a wide cell.
pub fn write_number(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{number:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("the format writes an exponent");
    let exponent: i32 = exponent.parse().expect("the format writes a decimal exponent");
    if (-10..=20).contains(&exponent) {
        let decimals = usize::try_from(14 - exponent).unwrap_or(0);
        let rounded: f64 = scientific.parse().expect("the format writes a number");
        return trim_zeros(&format!("{rounded:.decimals$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}E{sign}{:02}", trim_zeros(mantissa), exponent.abs())
}

fn trim_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

/// Whether `text` holds a wildcard that [`matches_pattern`] acts on.
pub fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '~'])
}

/// Whether `text` matches `pattern`, case ignored: `*` any run, `?` one character, `~` takes the next as it is.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = fold_case(pattern).chars().collect();
    let text: Vec<char> = fold_case(text).chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to resume after a `*`: its place in the pattern, and how much text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        let (wanted, width) = match pattern.get(p) {
            Some('~') if matches!(pattern.get(p + 1), Some('*' | '?' | '~')) => (Some(pattern[p + 1]), 2),
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => (Some(text[t]), 1),
            Some(literal) => (Some(*literal), 1),
            None => (None, 0),
        };
        if wanted == Some(text[t]) {
            p += width;
            t += 1;
        } else if let Some((after, taken)) = star {
            star = Some((after, taken + 1));
            p = after;
            t = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_as_numbers() {
        let cases = [
            ("12", Some(12.0)),
            (" -1.5 ", Some(-1.5)),
            ("1,234.5", Some(1234.5)),
            ("50%", Some(0.5)),
            ("(3)", Some(-3.0)),
            ("$7", Some(7.0)),
            ("1e3", Some(1000.0)),
            ("", None),
            ("abc", None),
            ("1,23", None),
            ("inf", None),
            ("1e999", None),
            ("1 2", None),
        ];
        for (text, number) in cases {
            assert_eq!(parse_number(text), number, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_a_cell_shows_them() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (1.0 / 3.0, "0.333333333333333"),
            (1e20, "100000000000000000000"),
            (1e21, "1E+21"),
            (-2.5, "-2.5"),
            (1.5e-11, "1.5E-11"),
            (123_456.0, "123456"),
        ];
        for (number, text) in cases {
            assert_eq!(write_number(number), text);
        }
    }

    #[test]
    fn wildcards_match_as_in_countif() {
        for (pattern, text, matches) in [
            ("a*", "Apple", true),
            ("*le", "apple", true),
            ("a?ple", "apple", true),
            ("a?le", "apple", false),
            ("a~*", "a*", true),
            ("a~*", "ab", false),
            ("*", "", true),
            ("?", "", false),
            ("*a*b", "xaxxab", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), matches, "{pattern} {text}");
        }
    }
}
