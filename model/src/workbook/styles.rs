//! Which cell formats show percentages and dates.

use std::collections::HashMap;

use super::NumberFormat;
use super::error::ReadError;
use super::limits::Limits;
use super::xml::Events;

/// Reads `xl/styles.xml`: the number format of each cell format, by the index that cells use.
pub(super) fn read(events: &mut Events<'_>, limits: &Limits) -> Result<Vec<NumberFormat>, ReadError> {
    let mut custom: HashMap<u32, NumberFormat> = HashMap::new();
    let mut formats = Vec::new();
    events.expect_root("styleSheet")?;
    while events.next_child()? {
        match events.name() {
            "numFmts" => {
                while events.next_child()? {
                    if let (Some(id), Some(code)) = (number(events)?, events.attribute("formatCode")?) {
                        custom.insert(id, of_code(&code));
                    }
                    if custom.len() as u64 > limits.formats {
                        return Err(events.too_large("number formats", limits.formats));
                    }
                    events.skip()?;
                }
            }
            "cellXfs" => {
                while events.next_child()? {
                    if formats.len() as u64 >= limits.formats {
                        return Err(events.too_large("cell formats", limits.formats));
                    }
                    let id = number(events)?.unwrap_or(0);
                    formats.push(custom.get(&id).copied().unwrap_or_else(|| built_in(id)));
                    events.skip()?;
                }
            }
            _ => events.skip()?,
        }
    }
    Ok(formats)
}

fn number(events: &Events<'_>) -> Result<Option<u32>, ReadError> {
    Ok(events.attribute("numFmtId")?.and_then(|id| id.parse().ok()))
}

/// The formats that files refer to without defining them (ECMA-376 part 1, 18.8.30).
fn built_in(id: u32) -> NumberFormat {
    match id {
        9 | 10 => NumberFormat::Percent,
        14..=22 | 27..=36 | 45..=47 | 50..=58 => NumberFormat::Date,
        _ => NumberFormat::General,
    }
}

/// The kind of a format code, by its section for positive numbers.
fn of_code(code: &str) -> NumberFormat {
    let mut characters = code.chars();
    let mut kind = NumberFormat::General;
    while let Some(character) = characters.next() {
        match character {
            ';' => break,
            '"' => while !matches!(characters.next(), None | Some('"')) {},
            // One literal character, one character's width, one character repeated.
            '\\' | '_' | '*' => {
                characters.next();
            }
            '[' => {
                let inside: String = characters.by_ref().take_while(|character| *character != ']').collect();
                if is_elapsed_time(&inside) {
                    return NumberFormat::Date;
                }
            }
            '%' => kind = NumberFormat::Percent,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return NumberFormat::Date,
            _ => {}
        }
    }
    kind
}

/// `[h]`, `[mm]` and `[ss]` are times; `[Red]`, `[$-409]` and `[<1]` are not.
fn is_elapsed_time(inside: &str) -> bool {
    let mut letters = inside.bytes().map(|byte| byte.to_ascii_lowercase());
    let first = letters.next();
    matches!(first, Some(b'h' | b'm' | b's')) && letters.all(|letter| Some(letter) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_tell_percentages_and_dates() {
        for (code, kind) in [
            ("0.00%", NumberFormat::Percent),
            ("0%;[Red]-0%", NumberFormat::Percent),
            ("yyyy\\-mm\\-dd", NumberFormat::Date),
            ("[h]:mm:ss", NumberFormat::Date),
            ("[$-409]d mmm", NumberFormat::Date),
            ("[SS]", NumberFormat::Date),
            ("General", NumberFormat::General),
            ("#,##0.00\\ \"days %\"", NumberFormat::General),
            ("[Red]0.0", NumberFormat::General),
            ("0_d*y", NumberFormat::General),
            ("0;yyyy", NumberFormat::General),
            ("0.00E+00", NumberFormat::General),
            ("\"unclosed", NumberFormat::General),
        ] {
            assert_eq!(of_code(code), kind, "{code}");
        }
    }
}
