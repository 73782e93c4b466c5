//! Texts that a spreadsheet takes for a date, a time or an amount of money where a number is wanted.
//!
//! Which number such a text names depends on the settings of the machine (is 1/2 in January or in February? is € its
//! currency?), so none is read here; those who find one refuse it.

use super::text::parse_number;

/// Signs of money, of which each machine knows its own.
const CURRENCIES: [char; 4] = ['€', '£', '¥', '$'];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether some machine reads `text` as a number, and others do not, or as another.
pub fn reads_locally(text: &str) -> bool {
    reads_as_date(text) || reads_as_amount(text)
}

/// `€100`, `-£1.50`, `100 €`.
fn reads_as_amount(text: &str) -> bool {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text).trim_start();
    let number = unsigned.strip_prefix(CURRENCIES).or_else(|| unsigned.strip_suffix(CURRENCIES));
    number.is_some_and(|number| parse_number(number).is_some())
}

/// Whether `text` reads as a date, a time or both on some machine: `2026-11-21`, `1/2`, `5 Jan 2026`, `12:30 PM`.
fn reads_as_date(text: &str) -> bool {
    let mut words = text.split_whitespace().peekable();
    let mut found = false;
    let mut day_and_month = Words::default();
    while let Some(word) = words.next() {
        let before_half = words.peek().is_some_and(|next| is_half_of_day(next));
        if is_time(word, before_half) {
            found = true;
            if before_half {
                words.next();
            }
        } else if is_numeric_date(word) {
            found = true;
        } else if !day_and_month.take(word) {
            return false;
        }
    }
    found && day_and_month.is_empty() || day_and_month.is_date()
}

/// A date whose month is a word: its parts, in any order.
#[derive(Default)]
struct Words {
    months: usize,
    numbers: usize,
}

impl Words {
    /// Takes `Jan`, `5`, `5,` or `5-Jan-2026`; false if it is none of these.
    fn take(&mut self, word: &str) -> bool {
        word.trim_end_matches(',').split(['-', '/']).all(|part| {
            let is_month = is_month(part);
            let is_number = is_day(part) || is_year(part);
            self.months += usize::from(is_month);
            self.numbers += usize::from(is_number);
            is_month || is_number
        })
    }

    fn is_empty(&self) -> bool {
        self.months == 0 && self.numbers == 0
    }

    fn is_date(&self) -> bool {
        self.months == 1 && (1..=2).contains(&self.numbers)
    }
}

/// `1/2`, `1-2-26`, `2026/11/21`, `21.11.2026`.
fn is_numeric_date(word: &str) -> bool {
    ['-', '/', '.'].iter().any(|separator| {
        let parts: Vec<&str> = word.split(*separator).collect();
        let years = parts.iter().filter(|part| is_year(part) && !is_day(part)).count();
        // With points, two parts are a number.
        let fewest = if *separator == '.' { 3 } else { 2 };
        (fewest..=3).contains(&parts.len())
            && years <= 1
            && parts.iter().all(|part| is_day(part) || is_year(part))
    })
}

fn is_time(word: &str, before_half: bool) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let fewest = if before_half { 1 } else { 2 };
    let is_part = |part: &&str| {
        let whole = part.split_once('.').map_or(*part, |(whole, _)| whole);
        (1..=2).contains(&whole.len()) && whole.bytes().all(|byte| byte.is_ascii_digit())
    };
    (fewest..=3).contains(&parts.len()) && parts.iter().all(is_part)
}

fn is_half_of_day(word: &str) -> bool {
    ["am", "pm", "a", "p"].iter().any(|half| word.eq_ignore_ascii_case(half))
}

fn is_month(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    part.len() >= 3 && MONTHS.iter().any(|month| *month == part || month[..3] == part)
}

fn is_day(part: &str) -> bool {
    part.len() <= 2 && part.parse::<u32>().is_ok_and(|number| (1..=31).contains(&number))
}

/// Of two digits or four.
fn is_year(part: &str) -> bool {
    let digits = part.bytes().all(|byte| byte.is_ascii_digit());
    digits && (part.len() == 2 || part.len() == 4 && part.parse::<u32>().is_ok_and(|year| year >= 1900))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_seen() {
        for text in [
            "2026-11-21",
            "2026/1/2",
            "1/2",
            "1-2",
            "1/2/26",
            "11/21/2026",
            "21.11.2026",
            "5-Jan",
            "Jan 2026",
            "5 Jan 2026",
            "January 5, 2026",
            "5-jan-26",
            "12:30",
            "12:30:15",
            "3 PM",
            "12:30 pm",
            "2026-11-21 12:30",
            "1/2/2026 3:00 PM",
            "Jan-26",
            "12:30:15.5",
        ] {
            assert!(reads_as_date(text), "{text}");
        }
    }

    #[test]
    fn amounts_are_seen() {
        for (text, is_amount) in
            [("€100", true), (" 100€ ", true), ("-£1.50", true), ("€", false), ("100", false), ("€a", false)]
        {
            assert_eq!(reads_as_amount(text), is_amount, "{text}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "east",
            "5",
            "2026",
            "1.5",
            "1.2",
            "may",
            "Jan",
            "12-345",
            "a-1",
            "1-2-3-4",
            "40/50",
            "1/2/x",
            "12:345",
            "PM",
            "5 apples",
            "marching 5",
            "32-33-34",
            "A1:B2",
            "-",
            "/",
            "north 5 Jan",
        ] {
            assert!(!reads_as_date(text), "{text}");
        }
    }
}
