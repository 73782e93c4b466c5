//! The shared string table, and texts of cells with or without runs.

use super::error::ReadError;
use super::escapes::unescape;
use super::limits::Limits;
use super::xml::Events;
use crate::value::{TextId, Texts};

/// What a `t="s"` cell's number is an index of.
#[derive(Debug, Default)]
pub(super) struct SharedStrings {
    ids: Vec<TextId>,
}

impl SharedStrings {
    /// The text with this index.
    pub fn get(&self, index: usize) -> Option<TextId> {
        self.ids.get(index).copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// The texts of the workbook, bounded in their bytes.
#[derive(Debug)]
pub(super) struct BoundedTexts<'w> {
    texts: &'w mut Texts,
    bytes: u64,
    limit: u64,
}

impl<'w> BoundedTexts<'w> {
    /// Adds to `texts`.
    pub fn new(texts: &'w mut Texts, limits: &Limits) -> BoundedTexts<'w> {
        BoundedTexts { texts, bytes: 0, limit: limits.string_bytes }
    }

    /// The id of the text that `escaped` stands for; `place` is named where there are too many.
    pub fn intern(&mut self, escaped: &str, place: impl Fn() -> String) -> Result<TextId, ReadError> {
        let known = self.texts.len();
        let id = self.texts.intern(&unescape(escaped));
        if self.texts.len() > known {
            self.bytes += escaped.len() as u64;
        }
        match self.bytes <= self.limit {
            true => Ok(id),
            false => Err(ReadError::TooLarge { place: place(), what: "bytes of text", limit: self.limit }),
        }
    }
}

/// Reads `xl/sharedStrings.xml`. Its `count` and `uniqueCount` are not looked at.
pub(super) fn read(
    events: &mut Events<'_>,
    texts: &mut BoundedTexts<'_>,
    limits: &Limits,
) -> Result<SharedStrings, ReadError> {
    let mut strings = SharedStrings::default();
    let mut text = String::new();
    events.expect_root("sst")?;
    while events.next_child()? {
        if events.name() != "si" {
            events.skip()?;
            continue;
        }
        read_runs(events, &mut text)?;
        if strings.ids.len() as u64 >= limits.strings {
            return Err(events.too_large("texts", limits.strings));
        }
        strings.ids.push(texts.intern(&text, || events.part().to_owned())?);
    }
    Ok(strings)
}

/// Reads the inside of `<si>` or `<is>` into `text`: plain text, or runs of formatted text one after another.
/// Phonetic hints (`<rPh>`) are no part of the text.
pub(super) fn read_runs(events: &mut Events<'_>, text: &mut String) -> Result<(), ReadError> {
    text.clear();
    while events.next_child()? {
        match events.name() {
            "t" => read_text(events, text)?,
            "r" => {
                while events.next_child()? {
                    match events.name() {
                        "t" => read_text(events, text)?,
                        _ => events.skip()?,
                    }
                }
            }
            _ => events.skip()?,
        }
    }
    Ok(())
}

/// Appends the text of the element that just opened. Blanks at its ends count where `xml:space` says so.
pub(super) fn read_text(events: &mut Events<'_>, text: &mut String) -> Result<(), ReadError> {
    let preserved = events.has_attributes() && events.attribute("space")?.as_deref() == Some("preserve");
    let start = text.len();
    events.text_into(text)?;
    if !preserved {
        trim_from(text, start);
    }
    Ok(())
}

/// What XML calls white space.
pub(super) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

/// Removes XML white space at both ends of what stands in `text` from `start` on.
fn trim_from(text: &mut String, start: usize) {
    let end = start + text[start..].trim_end_matches(is_blank).len();
    text.truncate(end);
    let leading = text[start..].len() - text[start..].trim_start_matches(is_blank).len();
    if leading > 0 {
        text.drain(start..start + leading);
    }
}
