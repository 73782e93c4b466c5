//! What may name an input or a cell of a JSON model.

/// The most characters of a name, as in a workbook.
const MAX_CHARACTERS: usize = 255;

/// Whether a formula can refer to `name`; if not, why.
pub(super) fn check(name: &str) -> Result<(), &'static str> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    if !starts || !characters.all(|c| c.is_alphanumeric() || c == '_' || c == '.') {
        return Err("a name is made of letters, digits, _ and . and starts with a letter or _");
    }
    if name.chars().count() > MAX_CHARACTERS {
        return Err("a name has at most 255 characters");
    }
    if name.eq_ignore_ascii_case("true") || name.eq_ignore_ascii_case("false") {
        return Err("TRUE and FALSE are values, not names; choose another name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        for name in ["z", "S0", "net_cost", "année.1", "_x", "B1"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["", "1a", "a b", "a-b", "a!b", "$A", ".a", "true", "FALSE", "a\u{0}"] {
            assert!(check(name).is_err(), "{name}");
        }
        assert!(check(&"a".repeat(255)).is_ok() && check(&"a".repeat(256)).is_err());
    }
}
