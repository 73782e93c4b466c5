//! Dates written out (`t="d"`), as the serial numbers that formulas count with.

/// The serial of an ISO 8601 date, time or both; `None` where `text` is none of them.
pub(super) fn serial(text: &str, from_1904: bool) -> Option<f64> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None if text.contains(':') => ("", Some(text)),
        None => (text, None),
    };
    let day = match date {
        "" => 0.0,
        date => day_serial(date, from_1904)? as f64,
    };
    match time {
        None if date.is_empty() => None,
        None => Some(day),
        Some(time) => Some(day + day_fraction(time)?),
    }
}

fn day_serial(date: &str, from_1904: bool) -> Option<i64> {
    let mut fields = date.splitn(3, '-').map(|field| field.parse::<u32>().ok());
    let (year, month, day) = (fields.next()??, fields.next()??, fields.next()??);
    if !(1899..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_from_civil(i64::from(year), i64::from(month), i64::from(day));
    if from_1904 {
        return Some(days - days_from_civil(1904, 1, 1));
    }
    let serial = days - days_from_civil(1899, 12, 30);
    // Spreadsheets count a 29 February 1900 that never was.
    Some(if serial < 61 { serial - 1 } else { serial })
}

fn day_fraction(time: &str) -> Option<f64> {
    let mut fields = time.splitn(3, ':');
    let hours: f64 = fields.next()?.parse::<u32>().ok()?.into();
    let minutes: f64 = fields.next()?.parse::<u32>().ok()?.into();
    let seconds: f64 = match fields.next() {
        Some(seconds) if seconds.starts_with(|first: char| first.is_ascii_digit()) => seconds.parse().ok()?,
        Some(_) => return None,
        None => 0.0,
    };
    (hours <= 24.0 && minutes < 60.0 && seconds < 61.0)
        .then_some((hours * 3600.0 + minutes * 60.0 + seconds) / 86_400.0)
}

/// Days from 1970-01-01 in the Gregorian calendar (Hinnant, 2013).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_of_known_dates() {
        for (text, from_1904, expected) in [
            ("1900-01-01", false, Some(1.0)),
            ("1900-02-28", false, Some(59.0)),
            ("1900-03-01", false, Some(61.0)),
            ("2024-02-29", false, Some(45_351.0)),
            ("2024-02-29T12:00:00", false, Some(45_351.5)),
            ("2024-02-29T06:00:00.000Z", false, Some(45_351.25)),
            ("12:00", false, Some(0.5)),
            ("T18:00:00", false, Some(0.75)),
            ("1904-01-02", true, Some(1.0)),
            ("2024-02-29", true, Some(43_889.0)),
            ("", false, None),
            ("2024-13-01", false, None),
            ("2024-01", false, None),
            ("25:00:00", false, None),
            ("2024-01-01Tnan:0", false, None),
            ("0:0:nan", false, None),
        ] {
            assert_eq!(serial(text, from_1904), expected, "{text}");
        }
    }
}
