//! The XML of a part, event by event, bounded.
//!
//! [`Events::advance`] steps to the next event; what it holds is then asked of the `Events` itself, so that
//! nothing is allocated per event.

use std::borrow::Cow;
use std::io::BufRead;

use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesDecl, BytesRef, Event};
use quick_xml::reader::Reader;

use super::error::{ReadError, excerpt};
use super::limits::Limits;
use super::part::PartReader;

/// What [`Events::advance`] stepped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An element opens: ask for its name and attributes. Its `End` follows even where it is empty.
    Start,
    /// The innermost open element closes.
    End,
    /// A run of text: ask for it. Entities cut one text into several runs.
    Text,
    /// The part is over.
    Eof,
}

/// The events of one part.
pub(super) struct Events<'s> {
    reader: Reader<PartReader<'s>>,
    buffer: Vec<u8>,
    part: String,
    /// The tag that opened last, name and attributes.
    tag: String,
    name_length: usize,
    /// The last run of text, entities resolved.
    text: String,
    depth: u64,
    depth_limit: u64,
    events: u64,
    events_limit: u64,
    text_bytes: u64,
    end_is_due: bool,
}

impl<'s> Events<'s> {
    /// Reads the part called `part`; `events_before` were used by the parts before it.
    pub fn new(source: PartReader<'s>, part: &str, events_before: u64, limits: &Limits) -> Events<'s> {
        Events {
            reader: Reader::from_reader(source),
            buffer: Vec::new(),
            part: part.to_owned(),
            tag: String::new(),
            name_length: 0,
            text: String::new(),
            depth: 0,
            depth_limit: limits.depth,
            events: events_before,
            events_limit: limits.events,
            text_bytes: limits.text_bytes,
            end_is_due: false,
        }
    }

    /// Steps to the next event; comments and instructions are passed over.
    pub fn advance(&mut self) -> Result<Kind, ReadError> {
        if self.end_is_due {
            self.end_is_due = false;
            self.depth -= 1;
            return Ok(Kind::End);
        }
        loop {
            self.events += 1;
            if self.events > self.events_limit {
                return Err(self.too_large("elements and texts", self.events_limit));
            }
            self.buffer.clear();
            self.reader.get_mut().begin_token();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(failed(&self.part, self.reader.get_mut(), &error)),
            };
            match event {
                Event::Start(tag) => {
                    keep(&mut self.tag, &tag);
                    self.name_length = tag.name().as_ref().len();
                    return self.open();
                }
                Event::Empty(tag) => {
                    keep(&mut self.tag, &tag);
                    self.name_length = tag.name().as_ref().len();
                    self.end_is_due = true;
                    return self.open();
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Kind::End);
                }
                Event::Text(text) => {
                    // A carriage return is rare and is to become a line feed.
                    match text.contains('\r') {
                        true => keep(&mut self.text, &text.xml10_content()),
                        false => keep(&mut self.text, &text),
                    }
                    return Ok(Kind::Text);
                }
                Event::CData(text) => {
                    keep(&mut self.text, &text.xml10_content());
                    return Ok(Kind::Text);
                }
                Event::GeneralRef(entity) => {
                    let resolved = resolve(&entity, &self.part)?;
                    self.text.clear();
                    self.text.push(resolved);
                    return Ok(Kind::Text);
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Decl(declaration) => check_encoding(&declaration, &self.part)?,
                Event::DocType(_) => {
                    return Err(ReadError::hostile(format!("{} has a document type definition", self.part)));
                }
                Event::Eof if self.depth > 0 => return Err(self.damaged("it ends in the middle")),
                Event::Eof => return Ok(Kind::Eof),
            }
        }
    }

    /// The name of the part.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// The name of the element that just opened, without its prefix.
    pub fn name(&self) -> &str {
        let name = &self.tag[..self.name_length];
        name.split_once(':').map_or(name, |(_, local)| local)
    }

    /// Whether the element that just opened has attributes.
    pub fn has_attributes(&self) -> bool {
        self.tag.len() > self.name_length
    }

    /// Hands every attribute of the element that just opened to `take`: its name without prefix, its raw value.
    #[inline]
    pub fn attributes<'a>(&'a self, take: impl FnMut(&'a str, &'a str)) -> Result<(), ReadError> {
        self.attributes_of(&self.tag, self.name_length, take)
    }

    /// Hands every attribute that stands in `tag` behind its name to `take`.
    pub fn attributes_of<'a>(
        &self,
        tag: &'a str,
        name_length: usize,
        mut take: impl FnMut(&'a str, &'a str),
    ) -> Result<(), ReadError> {
        let mut attributes = Attributes::new(tag, name_length);
        // The check for duplicates is quadratic; the last one wins.
        attributes.with_checks(false);
        for attribute in attributes {
            let attribute =
                attribute.map_err(|error| self.damaged(format!("a tag is malformed ({error})")))?;
            let Cow::Borrowed(value) = attribute.value else { continue };
            take(attribute.key.into_inner().rsplit(':').next().unwrap_or(""), value);
        }
        Ok(())
    }

    /// The value of one attribute of the element that just opened, entities resolved.
    pub fn attribute(&self, name: &str) -> Result<Option<String>, ReadError> {
        let mut found = None;
        self.attributes(|key, value| {
            if key == name {
                found = Some(value);
            }
        })?;
        found.map(|value| self.unescape(value)).transpose()
    }

    /// Whether one attribute of the element that just opened says yes.
    pub fn flag(&self, name: &str) -> Result<bool, ReadError> {
        Ok(matches!(self.attribute(name)?.as_deref(), Some("1" | "true" | "on")))
    }

    /// A raw attribute value with its entities resolved.
    pub fn unescape(&self, value: &str) -> Result<String, ReadError> {
        // A line break that is not written as an entity reads as a blank.
        let value = value.replace(['\r', '\n', '\t'], " ");
        unescape(&value)
            .map(Cow::into_owned)
            .map_err(|error| self.damaged(format!("an attribute is malformed ({error})")))
    }

    /// Steps to the next child of the open element, past texts between; `false` at its end.
    pub fn next_child(&mut self) -> Result<bool, ReadError> {
        loop {
            match self.advance()? {
                Kind::Start => return Ok(true),
                Kind::Text => {}
                Kind::End | Kind::Eof => return Ok(false),
            }
        }
    }

    /// Passes over the rest of the element that just opened.
    pub fn skip(&mut self) -> Result<(), ReadError> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.advance()?;
        }
        Ok(())
    }

    /// Appends the text of the element that just opened, and steps past its end. Elements inside are passed over.
    pub fn text_into(&mut self, text: &mut String) -> Result<(), ReadError> {
        loop {
            match self.advance()? {
                Kind::Text => {
                    text.push_str(&self.text);
                    if text.len() as u64 > self.text_bytes {
                        return Err(self.too_large("bytes in one text", self.text_bytes));
                    }
                }
                Kind::Start => self.skip()?,
                Kind::End | Kind::Eof => return Ok(()),
            }
        }
    }

    /// Steps into the root element, which must be called `root`.
    pub fn expect_root(&mut self, root: &str) -> Result<(), ReadError> {
        if !self.next_child()? {
            return Err(self.damaged("it is empty"));
        }
        match self.name() == root {
            true => Ok(()),
            false => {
                let found = excerpt(self.name());
                Err(self.damaged(format!("it holds a <{found}> where a <{root}> is expected")))
            }
        }
    }

    /// Reads what follows the root element, so that a part that is cut off or altered there is found out.
    pub fn finish(&mut self) -> Result<(), ReadError> {
        loop {
            match self.advance()? {
                Kind::Eof => return Ok(()),
                Kind::Text if self.text.trim().is_empty() => {}
                _ => return Err(self.damaged("something follows its root element")),
            }
        }
    }

    /// The bytes that come next, where the event before was a tag; for who can read them faster than by events.
    #[inline]
    pub fn ready(&self) -> &[u8] {
        match self.end_is_due {
            true => &[],
            false => self.reader.get_ref().ready(),
        }
    }

    /// Passes over `length` of the [`Events::ready`] bytes, which must be whole elements.
    #[inline]
    pub fn pass(&mut self, length: usize) {
        self.events += 1;
        self.reader.get_mut().consume(length);
    }

    /// How many events there were, those of the parts before included.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many bytes of this part were inflated.
    pub fn inflated(&mut self) -> u64 {
        self.reader.get_mut().inflated()
    }

    /// This part is broken.
    pub fn damaged(&self, reason: impl Into<String>) -> ReadError {
        ReadError::damaged(&self.part, reason)
    }

    /// This part holds too much.
    pub fn too_large(&self, what: &'static str, limit: u64) -> ReadError {
        ReadError::TooLarge { place: self.part.clone(), what, limit }
    }

    #[inline]
    fn open(&mut self) -> Result<Kind, ReadError> {
        self.depth += 1;
        if self.depth > self.depth_limit {
            return Err(ReadError::hostile(format!(
                "elements of {} are nested more than {} deep",
                self.part, self.depth_limit
            )));
        }
        Ok(Kind::Start)
    }
}

#[inline]
fn keep(into: &mut String, text: &str) {
    into.clear();
    into.push_str(text);
}

fn failed(part: &str, source: &mut PartReader<'_>, error: &quick_xml::Error) -> ReadError {
    if let Some(refusal) = source.take_refusal() {
        return refusal;
    }
    match error {
        quick_xml::Error::Io(error) => {
            ReadError::damaged(part, format!("its compressed bytes cannot be read ({error})"))
        }
        other => {
            ReadError::damaged(part, format!("it is not well-formed XML ({})", excerpt(&other.to_string())))
        }
    }
}

fn resolve(entity: &BytesRef<'_>, part: &str) -> Result<char, ReadError> {
    let resolved = match &**entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => entity.resolve_char_ref().ok().flatten(),
    };
    resolved
        .ok_or_else(|| ReadError::damaged(part, format!("it uses the unknown entity &{};", excerpt(entity))))
}

fn check_encoding(declaration: &BytesDecl<'_>, part: &str) -> Result<(), ReadError> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") => {
            Ok(())
        }
        Some(_) => Err(ReadError::damaged(part, "its text encoding is not UTF-8")),
    }
}
