//! Structured references: what stands in the brackets behind the name of a table.

use super::TableRows;
use super::characters::bracket_end;

/// Which columns of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TableColumns {
    All,
    One(String),
    Span(String, String),
}

/// Parses what stands between the outer brackets: nothing, `Col`, `@Col`, `#Totals`, `[#Totals],[A]:[B]`, ...
/// The error is a message.
pub(super) fn parse_structured(inner: &str) -> Result<(TableRows, TableColumns), String> {
    let trimmed = inner.trim();
    if trimmed.is_empty() {
        return Ok((TableRows::Data, TableColumns::All));
    }
    if let Some(rest) = trimmed.strip_prefix('@') {
        let columns = match rest.trim_start() {
            "" => TableColumns::All,
            listed if listed.starts_with('[') => only_columns(listed)?,
            column => TableColumns::One(plain_name(column)?),
        };
        return Ok((TableRows::ThisRow, columns));
    }
    if trimmed.starts_with('#') {
        return Ok((rows(&[Rows::parse(trimmed)?])?, TableColumns::All));
    }
    if trimmed.starts_with('[') {
        let (specifiers, columns) = list(trimmed)?;
        return Ok((rows(&specifiers)?, columns));
    }
    Ok((TableRows::Data, TableColumns::One(plain_name(inner)?)))
}

/// One specifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    Headers,
    Data,
    Totals,
    ThisRow,
}

impl Rows {
    fn parse(text: &str) -> Result<Rows, String> {
        let known = [
            ("#All", Rows::All),
            ("#Headers", Rows::Headers),
            ("#Data", Rows::Data),
            ("#Totals", Rows::Totals),
            ("#This Row", Rows::ThisRow),
        ];
        let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim_end()));
        let unknown = "a table has the parts #All, #Headers, #Data, #Totals and #This Row";
        found.map(|(_, rows)| *rows).ok_or_else(|| unknown.to_owned())
    }
}

fn rows(specifiers: &[Rows]) -> Result<TableRows, String> {
    match specifiers {
        [] | [Rows::Data] => Ok(TableRows::Data),
        [Rows::All] => Ok(TableRows::All),
        [Rows::Headers] => Ok(TableRows::Headers),
        [Rows::Totals] => Ok(TableRows::Totals),
        [Rows::ThisRow] => Ok(TableRows::ThisRow),
        [Rows::Headers, Rows::Data] | [Rows::Data, Rows::Headers] => Ok(TableRows::HeadersAndData),
        [Rows::Data, Rows::Totals] | [Rows::Totals, Rows::Data] => Ok(TableRows::DataAndTotals),
        _ => Err("these parts of a table do not go together".to_owned()),
    }
}

fn only_columns(text: &str) -> Result<TableColumns, String> {
    match list(text)? {
        (specifiers, columns) if specifiers.is_empty() => Ok(columns),
        _ => Err("behind @ stand columns only".to_owned()),
    }
}

/// `[#Headers],[#Data],[A]:[B]`
fn list(text: &str) -> Result<(Vec<Rows>, TableColumns), String> {
    let mut specifiers = Vec::new();
    let mut columns = TableColumns::All;
    let mut rest = text;
    loop {
        let (item, behind) = item(rest)?;
        if columns != TableColumns::All {
            return Err("a table reference names its columns once, as [A] or [A]:[B]".to_owned());
        }
        rest = behind;
        if item.starts_with('#') {
            specifiers.push(Rows::parse(item)?);
        } else if let Some(behind) = rest.strip_prefix(':') {
            let (last, behind) = self::item(behind.trim_start())?;
            columns = TableColumns::Span(unescape(item), unescape(last));
            rest = behind;
        } else {
            columns = TableColumns::One(unescape(item));
        }
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind.trim_start(),
            None if rest.is_empty() => return Ok((specifiers, columns)),
            None => return Err("a comma is missing between brackets".to_owned()),
        }
    }
}

/// The item in the brackets that `text` begins with, and what stands behind them and white space.
fn item(text: &str) -> Result<(&str, &str), String> {
    let missing = || "a [ is missing inside the brackets".to_owned();
    if !text.starts_with('[') {
        return Err(missing());
    }
    let end = bracket_end(text.as_bytes(), 0).ok_or_else(missing)?;
    Ok((&text[1..end - 1], text[end..].trim_start()))
}

/// A column's name that stands without brackets of its own.
fn plain_name(text: &str) -> Result<String, String> {
    let mut escaped = false;
    for c in text.chars() {
        if !escaped && matches!(c, '[' | ']') {
            return Err("a bracket inside the name of a column needs a ' before it".to_owned());
        }
        escaped = !escaped && c == '\'';
    }
    Ok(unescape(text))
}

/// `'` makes the next character plain.
fn unescape(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => name.extend(characters.next()),
            _ => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> TableColumns {
        TableColumns::One(name.to_owned())
    }

    #[test]
    fn every_form_of_excel_is_read() {
        let span = || TableColumns::Span("A".to_owned(), "B c".to_owned());
        for (inner, rows, columns) in [
            ("", TableRows::Data, TableColumns::All),
            ("Col", TableRows::Data, one("Col")),
            ("My Col", TableRows::Data, one("My Col")),
            ("#All", TableRows::All, TableColumns::All),
            ("#this row", TableRows::ThisRow, TableColumns::All),
            ("@", TableRows::ThisRow, TableColumns::All),
            ("@Col", TableRows::ThisRow, one("Col")),
            ("@[My Col]", TableRows::ThisRow, one("My Col")),
            ("@[A]:[B c]", TableRows::ThisRow, span()),
            ("[A]:[B c]", TableRows::Data, span()),
            ("[#Totals],[Net]", TableRows::Totals, one("Net")),
            ("[#This Row], [A]:[B c]", TableRows::ThisRow, span()),
            ("[#Headers],[#Data],[Net]", TableRows::HeadersAndData, one("Net")),
            ("[#Data],[#Totals]", TableRows::DataAndTotals, TableColumns::All),
            ("'[a'] '#1 it''s", TableRows::Data, one("[a] #1 it's")),
            ("[#All],['#'[x]", TableRows::All, one("#[x")),
        ] {
            assert_eq!(parse_structured(inner), Ok((rows, columns)), "{inner}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for inner in [
            "#Some",
            "[#All],[#Data]",
            "[A],[B]",
            "[A]x",
            "[A],",
            "[A]:",
            "@[#Totals]",
            "a[b]",
            "[A]:[B]:[C]",
            "[",
        ] {
            assert!(parse_structured(inner).is_err(), "{inner}");
        }
    }
}
