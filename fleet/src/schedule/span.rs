//! Spans of time as people write them in a timetable: `90s`, `15m`, `6h`, `7d`.

use chrono::TimeDelta;

/// No span of a timetable is longer.
const LONGEST: TimeDelta = TimeDelta::days(366);
/// Each unit in seconds, the longest first.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Reads a span. The error completes `"..." ...`.
pub fn parse_span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "is no span of time, such as 90s, 15m, 6h or 7d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    let number = &text[..text.len() - 1];
    let number: i64 = number.parse::<u32>().map_err(|_| wrong())?.into();
    TimeDelta::try_seconds(number * seconds)
        .filter(|span| *span <= LONGEST)
        .ok_or_else(|| format!("is longer than {}", show_span(LONGEST)))
}

/// Writes one, in the longest unit that leaves no rest.
#[must_use]
pub fn show_span(span: TimeDelta) -> String {
    let all = span.num_seconds();
    let (unit, seconds) =
        UNITS.into_iter().find(|(_, seconds)| all % seconds == 0 && all != 0).unwrap_or(('s', 1));
    format!("{}{unit}", all / seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        assert_eq!(parse_span("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(parse_span("7d"), Ok(TimeDelta::days(7)));
        assert_eq!(parse_span("0s"), Ok(TimeDelta::zero()));
        for wrong in ["", "m", "5", "-5m", "1.5h", "5 m", "5w", "5é", "99999999999s"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
        assert!(parse_span("367d").unwrap_err().contains("366d"));
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(seconds in 0..=LONGEST.num_seconds()) {
            let span = TimeDelta::seconds(seconds);
            prop_assert_eq!(parse_span(&show_span(span)), Ok(span));
        }
    }
}
