//! Numbers as people read them: `12,345.6`, not `12345.600000000001`.

/// A way to write numbers that belong together, so that they align and compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// This many decimals, thousands separated.
    Decimals(usize),
    /// `1.2346e-9`.
    Scientific,
}

impl Style {
    /// For values around which `spread` is what varies: four digits of the spread can be told apart, and no
    /// more than six digits in all unless the spread asks for them.
    pub fn for_values(values: &[f64], spread: f64) -> Style {
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0f64, |a, b| a.max(b.abs()));
        let scale = if spread.is_finite() && spread > 0.0 { spread } else { largest };
        if scale == 0.0 {
            return Style::Decimals(0);
        }
        if largest >= 1e15 {
            return Style::Scientific;
        }
        let digits = if scale == largest { 5 } else { 3 };
        match digits - scale.log10().floor() as i32 {
            decimals if decimals > 9 => Style::Scientific,
            decimals => Style::Decimals(decimals.max(0) as usize),
        }
    }

    /// `value` in this style.
    pub fn write(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "–".to_owned(),
            Style::Scientific => scientific(value),
            Style::Decimals(decimals) => grouped(&format!("{value:.decimals$}")),
        }
    }

    /// `value` in this style, or a dash where there is none.
    pub fn write_option(self, value: Option<f64>) -> String {
        self.write(value.unwrap_or(f64::NAN))
    }
}

/// A lone number with up to six significant digits.
pub fn lone(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs();
    if !value.is_finite() || !(1e-5..1e15).contains(&magnitude) {
        return Style::Scientific.write(value);
    }
    let decimals = (5 - magnitude.log10().floor() as i32).max(0) as usize;
    trimmed(&Style::Decimals(decimals).write(value)).to_owned()
}

/// A lone number, or a dash where there is none.
pub fn lone_option(value: Option<f64>) -> String {
    lone(value.unwrap_or(f64::NAN))
}

/// A count with thousands separated.
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

/// A part of a whole in percent, with as many digits as it takes not to read as nothing.
pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent.abs() {
        0.0 => "0 %".to_owned(),
        value if value < 0.01 => "< 0.01 %".to_owned(),
        value if value < 1.0 => format!("{percent:.2} %"),
        _ => format!("{percent:.1} %"),
    }
}

/// Milliseconds as a duration that reads well.
pub fn duration(milliseconds: f64) -> String {
    match milliseconds {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{ms:.0} ms"),
        ms if ms < 60_000.0 => format!("{:.2} s", ms / 1_000.0),
        ms => format!("{:.0} min {:.0} s", (ms / 60_000.0).floor(), (ms % 60_000.0) / 1_000.0),
    }
}

/// `count` things: `1 input`, `2 inputs`.
pub fn plural(count: u64, thing: &str) -> String {
    format!("{} {thing}{}", self::count(count), if count == 1 { "" } else { "s" })
}

fn scientific(value: f64) -> String {
    let text = format!("{value:.4e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)).replace('-', "−"),
        None => text,
    }
}

/// Without the zeros that say nothing.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Digits before the point in groups of three; a true minus sign; no minus before zero.
fn grouped(text: &str) -> String {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(digits) => (digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)), digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::from(if minus { "−" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lone_numbers_have_six_digits_at_most() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (9.413403383853016, "9.4134"),
            (-0.125, "−0.125"),
            (1234.5678, "1,234.57"),
            (1e6, "1,000,000"),
            (-123456789.0, "−123,456,789"),
            (1.0 / 3.0, "0.333333"),
            (2.5e-9, "2.5e−9"),
            (6.02214076e23, "6.0221e23"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(lone(value), text);
        }
    }

    #[test]
    fn numbers_that_belong_together_align() {
        let values = [1_234_567.891, -12.3];
        assert_eq!(Style::for_values(&values, 45.678), Style::Decimals(2));
        assert_eq!(Style::Decimals(2).write(values[0]), "1,234,567.89");
        assert_eq!(Style::Decimals(0).write(-0.4), "0");
        assert_eq!(Style::for_values(&[5.0, 5.0], 0.0), Style::Decimals(5));
        assert_eq!(Style::for_values(&[0.0], 0.0), Style::Decimals(0));
        assert_eq!(Style::for_values(&[1e-12], 1e-12), Style::Scientific);
        assert_eq!(Style::for_values(&[1e30], 1.0), Style::Scientific);
    }

    #[test]
    fn parts_and_durations_read_well() {
        assert_eq!(percent(0.123), "12.3 %");
        assert_eq!(percent(0.00123), "0.12 %");
        assert_eq!(percent(0.0000001), "< 0.01 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(duration(1.25), "1.2 ms");
        assert_eq!(duration(320.0), "320 ms");
        assert_eq!(duration(2_345.0), "2.35 s");
        assert_eq!(duration(125_000.0), "2 min 5 s");
        assert_eq!(plural(1, "input"), "1 input");
        assert_eq!(plural(2_000, "trial"), "2,000 trials");
    }

    proptest! {
        #[test]
        fn grouping_changes_no_digit(value in -1e14f64..1e14, decimals in 0usize..6) {
            let plain = Style::Decimals(decimals).write(value).replace(',', "").replace('−', "-");
            let expected = format!("{value:.decimals$}");
            prop_assert_eq!(plain.parse::<f64>().unwrap(), expected.parse::<f64>().unwrap());
        }
    }
}
