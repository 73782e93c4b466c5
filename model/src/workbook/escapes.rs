//! The `_xHHHH_` escapes by which texts of a workbook hold what XML cannot (ECMA-376, ST_Xstring).

use std::borrow::Cow;

/// `text` with each `_xHHHH_` replaced by the UTF-16 unit it names.
pub(super) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let Some(unit) = unit_at(&rest[at..]) else {
            flush(&mut units, &mut plain);
            plain.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        if at > 0 {
            flush(&mut units, &mut plain);
            plain.push_str(&rest[..at]);
        }
        units.push(unit);
        rest = &rest[at + ESCAPE_BYTES..];
    }
    flush(&mut units, &mut plain);
    plain.push_str(rest);
    Cow::Owned(plain)
}

const ESCAPE_BYTES: usize = "_xHHHH_".len();

/// The unit that an escape at the very start of `text` names.
fn unit_at(text: &str) -> Option<u16> {
    let escape = text.as_bytes().get(..ESCAPE_BYTES)?;
    if escape[ESCAPE_BYTES - 1] != b'_' {
        return None;
    }
    escape[2..6].iter().try_fold(0u16, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | digit as u16)
    })
}

/// Neighbouring escapes may be the two halves of one character.
fn flush(units: &mut Vec<u16>, plain: &mut String) {
    plain.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_characters() {
        for (escaped, plain) in [
            ("no escape", "no escape"),
            ("a_x000D_b_x000a_", "a\rb\n"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_!", "😀!"),
            ("_xD83D_!", "\u{fffd}!"),
            ("_xlfn.SUM", "_xlfn.SUM"),
            ("_x00", "_x00"),
            ("_x00é0_", "_x00é0_"),
            ("__x0041_", "_A"),
            ("_x_x0041_", "_xA"),
        ] {
            assert_eq!(unescape(escaped), plain, "{escaped}");
        }
    }
}
