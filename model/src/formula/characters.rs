//! What a byte can begin, and where the pieces of a formula end.
//!
//! The template writer and the lexer share these, so that both cut a formula at the same places.

/// Bytes from here on never occur in UTF-8: a template uses them to mark references.
pub(super) const FIRST_MARK: u8 = 0xF8;

/// What a byte can begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Operators, punctuation, white space.
    Other,
    /// An ASCII letter: a name, a function, a sheet, or a reference.
    Letter,
    /// `$`: a reference.
    Dollar,
    /// `_`, `\` or beyond ASCII: a name, a function or a sheet, never a reference.
    Name,
    /// A digit or a decimal point.
    Number,
    /// `"` or `'`.
    Quote,
    /// `[`.
    Bracket,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' => Class::Letter,
            b'$' => Class::Dollar,
            b'_' | b'\\' | 0x80..FIRST_MARK => Class::Name,
            b'0'..=b'9' | b'.' => Class::Number,
            b'"' | b'\'' => Class::Quote,
            b'[' => Class::Bracket,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

const CONTINUES_NAME: [bool; 256] = {
    let mut continues = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        continues[byte] =
            byte as u8 == b'?' || matches!(CLASSES[byte], Class::Letter | Class::Name | Class::Number);
        byte += 1;
    }
    continues
};

/// What `byte` can begin.
#[inline]
pub(super) fn class_of(byte: u8) -> Class {
    CLASSES[usize::from(byte)]
}

/// Whether `byte` can stand inside a name.
#[inline]
pub(super) fn continues_name(byte: u8) -> bool {
    CONTINUES_NAME[usize::from(byte)]
}

/// The end of the name that begins at `start`.
#[inline]
pub(super) fn name_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && continues_name(bytes[end]) {
        end += 1;
    }
    end
}

/// The end of the number that begins at `start` with a digit or a point: `1`, `.5`, `1.`, `1e5`, `1E-5`.
pub(super) fn number_end(bytes: &[u8], start: usize) -> usize {
    let mut end = digits_end(bytes, start);
    if bytes.get(end) == Some(&b'.') {
        end = digits_end(bytes, end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits_end(bytes, end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// The end of the digits that begin at `start`, which may be none.
fn digits_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && bytes[end].is_ascii_digit() {
        end += 1;
    }
    end
}

/// The place after the quote that closes the one at `start`; inside, the quote is doubled.
pub(super) fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    loop {
        at += 1 + bytes.get(at..)?.iter().position(|byte| *byte == quote)?;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// The place after the `]` that closes the `[` at `start`; inside, `'` makes the next byte plain.
pub(super) fn bracket_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut open = 0usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'\'' => at += 1,
            b'[' => open += 1,
            b']' => open -= 1,
            _ => {}
        }
        at += 1;
        if open == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_they_stop_being_numbers() {
        for (text, end) in [
            ("1", 1),
            (".5+", 2),
            ("1.", 2),
            ("1e5", 3),
            ("1E-5*", 4),
            ("1e+", 1),
            ("1ex", 1),
            ("1.5.", 3),
            (".", 1),
        ] {
            assert_eq!(number_end(text.as_bytes(), 0), end, "{text}");
        }
    }

    #[test]
    fn quotes_and_brackets_end_at_their_partner() {
        assert_eq!(quoted_end(br#""a""b"+"#, 0), Some(6));
        assert_eq!(quoted_end(br#""""#, 0), Some(2));
        assert_eq!(quoted_end(br#"""""#, 0), None);
        assert_eq!(quoted_end(b"'It''s'!A1", 0), Some(7));
        assert_eq!(bracket_end(b"[[a],[b]]+", 0), Some(9));
        assert_eq!(bracket_end(b"[a']b]", 0), Some(6));
        assert_eq!(bracket_end(b"[a']", 0), None);
        assert_eq!(bracket_end(b"[a'", 0), None);
    }
}
