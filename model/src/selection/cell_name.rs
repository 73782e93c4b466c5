//! Whether two texts mean one cell: `'Inputs'!$B$1` and `inputs!b1` do.

/// The byte position of the first `wanted` that is not inside single quotes. A doubled quote inside quotes
/// stands for itself, which needs no care here: it closes and opens.
pub(super) fn find_outside_quotes(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        if c == '\'' {
            quoted = !quoted;
        } else if c == wanted && !quoted {
            return Some(at);
        }
    }
    None
}

/// Sheet and cell, each without quotes, `$` and case.
pub(super) type CellName = (String, String);

/// What two texts that mean one cell have in common. A defined name is only itself: that it means the same
/// cell as an address is found out when the model is compiled.
pub(super) fn plain(text: &str) -> CellName {
    let (sheet, cell) = match find_outside_quotes(text, '!') {
        Some(at) => (text[..at].trim(), &text[at + 1..]),
        None => ("", text),
    };
    let sheet = match sheet.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(quoted) => quoted.replace("''", "'"),
        None => sheet.to_owned(),
    };
    (sheet.to_lowercase(), cell.trim().replace('$', "").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cell_can_be_written_in_many_ways() {
        for (a, b) in [("A1", "$a$1"), ("Inputs!B1", "'inputs'!$B$1"), ("'it''s'!B1", "'IT''S'!b1")] {
            assert_eq!(plain(a), plain(b));
        }
        for (a, b) in [("A1", "A2"), ("One!A1", "Two!A1"), ("A1", "One!A1"), ("'a!b'!C1", "a!C1")] {
            assert_ne!(plain(a), plain(b));
        }
    }
}
