//! Templates: the text of a formula with its references made relative to its cell.
//!
//! A template is the text with every cell, column and row reference replaced by its [`super::mark`]. Texts,
//! quoted sheet names and brackets are copied as they are.

use std::fmt::Write;

use super::characters::{
    Class, FIRST_MARK, bracket_end, class_of, continues_name, name_end, number_end, quoted_end,
};
use super::mark::{self, read_reference};
use super::{Axis, Corner, Dialect};
use crate::cell::{MAX_COLUMNS, MAX_ROWS, Position, column_letters};

/// What Excel writes before the names of functions that older versions do not know, and of add-ins. People never
/// see them.
const FUNCTION_PREFIXES: [&str; 4] = ["_xlfn.", "_xlws.", "_xll.", "_xludf."];

/// Appends the template of `text`, which stands in the cell `at`.
pub(super) fn write(text: &str, at: Position, dialect: Dialect, template: &mut Vec<u8>) {
    let mut writer = Writer { text: text.as_bytes(), at, dialect, template, copied: 0 };
    let mut here = 0;
    while here < writer.text.len() {
        here = writer.step(here);
    }
    writer.copy_up_to(text.len());
}

/// How many characters of `text` are prefixes that people never see.
pub(super) fn hidden_characters(text: &str) -> usize {
    FUNCTION_PREFIXES.iter().map(|prefix| text.matches(prefix).count() * prefix.len()).sum()
}

struct Writer<'a> {
    text: &'a [u8],
    at: Position,
    dialect: Dialect,
    template: &'a mut Vec<u8>,
    /// How much of the text has gone to the template.
    copied: usize,
}

impl Writer<'_> {
    /// Handles what begins at `here` and returns where it ends.
    #[inline]
    fn step(&mut self, here: usize) -> usize {
        let end = self.text.len();
        match class_of(self.text[here]) {
            Class::Other => here + 1,
            Class::Letter | Class::Dollar => match self.reference(here) {
                Some(end) => end,
                None => self.name(here),
            },
            Class::Name => self.name(here),
            Class::Number => match self.rows(here) {
                Some(end) => end,
                None => number_end(self.text, here),
            },
            Class::Quote => quoted_end(self.text, here).unwrap_or(end),
            Class::Bracket => bracket_end(self.text, here).unwrap_or(end),
        }
    }

    #[inline]
    fn copy_up_to(&mut self, end: usize) {
        self.template.extend_from_slice(&self.text[self.copied..end]);
        self.copied = end;
    }

    /// A cell, columns or rows that begin with a letter or `$`.
    #[inline]
    fn reference(&mut self, start: usize) -> Option<usize> {
        if self.dialect == Dialect::Names {
            return None;
        }
        let Some((column, after)) = scan_column(self.text, start, self.at.column) else {
            return self.rows(start);
        };
        if let Some((row, end)) = scan_row(self.text, after, self.at.row) {
            return self.mark(start, end, &mark::cell(row, column));
        }
        let (last, end) = scan_column(self.text, self.behind_colon(after)?, self.at.column)?;
        self.mark(start, end, &mark::columns(column, last))
    }

    /// `1:3`
    fn rows(&mut self, start: usize) -> Option<usize> {
        if self.dialect == Dialect::Names {
            return None;
        }
        let (first, after) = scan_row(self.text, start, self.at.row)?;
        let (last, end) = scan_row(self.text, self.behind_colon(after)?, self.at.row)?;
        self.mark(start, end, &mark::rows(first, last))
    }

    fn behind_colon(&self, colon: usize) -> Option<usize> {
        (self.text.get(colon) == Some(&b':')).then_some(colon + 1)
    }

    /// Puts a mark in place of the text, unless the text goes on as something else.
    #[inline]
    fn mark(&mut self, start: usize, end: usize, mark: &[u8]) -> Option<usize> {
        if !ends_reference(self.text, end) {
            return None;
        }
        self.copy_up_to(start);
        self.template.extend_from_slice(mark);
        self.copied = end;
        Some(end)
    }

    /// A name, a sheet or a function; a function loses its hidden prefixes, so that old and new spellings meet.
    fn name(&mut self, start: usize) -> usize {
        let end = name_end(self.text, start);
        if self.text[start] == b'_' && self.text.get(end) == Some(&b'(') {
            let hidden = hidden_prefix(&self.text[start..end]);
            if hidden > 0 {
                self.copy_up_to(start);
                self.copied = start + hidden;
            }
        }
        end.max(start + 1)
    }
}

/// How many bytes of `name` are hidden prefixes; what remains is a name still.
fn hidden_prefix(name: &[u8]) -> usize {
    let mut hidden = 0;
    while let Some(prefix) = FUNCTION_PREFIXES.iter().find(|prefix| {
        let rest = &name[hidden..];
        rest.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
            && rest
                .get(prefix.len())
                .is_some_and(|next| matches!(class_of(*next), Class::Letter | Class::Name))
    }) {
        hidden += prefix.len();
    }
    hidden
}

/// `B` or `$B`, and where it ends.
#[inline]
fn scan_column(text: &[u8], start: usize, origin: u32) -> Option<(Axis, usize)> {
    let absolute = text.get(start) == Some(&b'$');
    let letters = start + usize::from(absolute);
    let mut at = letters;
    let mut column = 0u32;
    while let Some(letter) = text.get(at).filter(|byte| byte.is_ascii_alphabetic()) {
        if at == letters + 3 {
            return None;
        }
        column = column * 26 + u32::from(letter & 0x1F);
        at += 1;
    }
    (column > 0 && column <= MAX_COLUMNS).then(|| (axis(absolute, column - 1, origin), at))
}

/// `7` or `$7`, and where it ends.
#[inline]
fn scan_row(text: &[u8], start: usize, origin: u32) -> Option<(Axis, usize)> {
    let absolute = text.get(start) == Some(&b'$');
    let digits = start + usize::from(absolute);
    if text.get(digits) == Some(&b'0') {
        return None;
    }
    let mut at = digits;
    let mut row = 0u32;
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        if at == digits + 7 {
            return None;
        }
        row = row * 10 + u32::from(digit - b'0');
        at += 1;
    }
    (row > 0 && row <= MAX_ROWS).then(|| (axis(absolute, row - 1, origin), at))
}

#[inline]
fn axis(absolute: bool, index: u32, origin: u32) -> Axis {
    if absolute { Axis::Absolute(index) } else { Axis::Relative(index as i32 - origin as i32) }
}

/// Whether a reference may end here: `LOG10(` is a function, `FY24!` a sheet and `A1_old` a name.
#[inline]
fn ends_reference(text: &[u8], end: usize) -> bool {
    match text.get(end) {
        None => true,
        Some(byte) => !(continues_name(*byte) || matches!(byte, b'(' | b'!')),
    }
}

/// The text whose template this is, in the cell `at`. References that leave the sheet come in again at its other
/// side, as in Excel's shared formulas.
pub(super) fn text(template: &[u8], at: Position) -> String {
    let mut text = String::with_capacity(template.len());
    let mut here = 0;
    while here < template.len() {
        if let Some((reference, end)) = read_reference(template, here) {
            push_corner(&mut text, reference.first, at);
            if !reference.single {
                text.push(':');
                push_corner(&mut text, reference.last, at);
            }
            here = end;
        } else {
            let plain = &template[here..];
            let length = plain.iter().position(|byte| *byte >= FIRST_MARK).unwrap_or(plain.len()).max(1);
            text.push_str(&String::from_utf8_lossy(&plain[..length]));
            here += length;
        }
    }
    text
}

fn push_corner(text: &mut String, corner: Corner, at: Position) {
    if let Some((dollar, column)) = resolve(corner.column, at.column, MAX_COLUMNS) {
        text.push_str(dollar);
        text.push_str(&column_letters(column));
    }
    if let Some((dollar, row)) = resolve(corner.row, at.row, MAX_ROWS) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{dollar}{}", row + 1);
    }
}

fn resolve(axis: Axis, origin: u32, size: u32) -> Option<(&'static str, u32)> {
    match axis {
        Axis::Absolute(index) => Some(("$", index)),
        Axis::Relative(offset) => Some(("", (origin as i32 + offset).rem_euclid(size as i32) as u32)),
        Axis::Edge => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str, cell: &str) -> Vec<u8> {
        let mut template = Vec::new();
        write(text, Position::parse(cell).unwrap(), Dialect::Cells, &mut template);
        template
    }

    #[test]
    fn what_is_no_reference_is_copied_as_it_is() {
        let words = "'A1'! Table1[A1] LOG10( FY24! A1_old A1.b R1C1 XFE1 A1048577 A0 A01 1.5 1:2.5 Jan:Mar! \
                     A:IF( é1 ABCD1 #N/A a1? \\A1 \"A1\"&\"B\"\"2\"";
        for text in words.split(' ') {
            assert_eq!(template(text, "C3"), text.as_bytes(), "{text}");
        }
    }

    #[test]
    fn text_comes_back_in_any_cell() {
        for (original, copied) in [
            ("SUM(A1:$B$2)*\"A1\"", "SUM(B2:$B$2)*\"A1\""),
            ("$A1+A$1+xfd1048576", "$A2+B$1+A1"),
            ("A:C+$A:C+1:3+$1:3", "B:D+$A:D+2:4+$1:4"),
            ("Sheet1!A1&'A1 x'!A1&é", "Sheet1!B2&'A1 x'!B2&é"),
            ("_xlfn._xlws.SORT(A1)", "SORT(B2)"),
        ] {
            let shifted = text(&template(original, "A1"), Position::parse("B2").unwrap());
            assert_eq!(shifted, copied);
        }
    }

    #[test]
    fn hidden_prefixes_go_only_from_functions() {
        assert_eq!(template("_xlfn.STDEV.S(1)", "A1"), b"STDEV.S(1)");
        assert_eq!(template("_XLL.RiskNormal(1)", "A1"), b"RiskNormal(1)");
        for kept in ["_xlfn.A1", "_xlfn.(1)", "_xlpm.x", "_xlws..5_xlfn.SUM(1)", "_xlfn.1E5(1)"] {
            assert_eq!(template(kept, "A1"), kept.as_bytes());
        }
    }
}
