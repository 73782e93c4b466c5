//! The formulas of a sheet: normal, shared, array and data table.

use std::collections::HashMap;

use super::error::{ReadError, excerpt};
use super::escapes::unescape;
use super::limits::Limits;
use super::plain_cell::PlainFormula;
use super::xml::Events;
use super::{ArrayFormula, Content};
use crate::cell::{Area, Position};
use crate::formula::{FormulaId, Formulas};

/// The formulas of the workbook, bounded in their bytes.
#[derive(Debug)]
pub(super) struct BoundedFormulas<'w> {
    formulas: &'w mut Formulas,
    /// Ids are given out in order, so a greater one is a new one.
    greatest: Option<FormulaId>,
    bytes: u64,
    bytes_limit: u64,
    characters_limit: u64,
}

impl<'w> BoundedFormulas<'w> {
    /// Adds to `formulas`.
    pub fn new(formulas: &'w mut Formulas, limits: &Limits) -> BoundedFormulas<'w> {
        BoundedFormulas {
            formulas,
            greatest: None,
            bytes: 0,
            bytes_limit: limits.distinct_formula_bytes,
            characters_limit: limits.formula_characters,
        }
    }

    fn intern(&mut self, text: &str, cell: CellName<'_>) -> Result<FormulaId, ReadError> {
        let text = unescape(text);
        let text = text.strip_prefix('=').unwrap_or(&text);
        // There are at least as many bytes as characters.
        if text.len() as u64 > self.characters_limit && text.chars().count() as u64 > self.characters_limit {
            return Err(cell.too_large("characters in a formula", self.characters_limit));
        }
        let id = self.formulas.intern(text, cell.position);
        if self.greatest.is_none_or(|greatest| greatest < id) {
            self.greatest = Some(id);
            self.bytes += text.len() as u64;
        }
        match self.bytes <= self.bytes_limit {
            true => Ok(id),
            false => Err(cell.too_large("bytes of different formulas", self.bytes_limit)),
        }
    }
}

/// A cell as messages name it.
#[derive(Debug, Clone, Copy)]
pub(super) struct CellName<'a> {
    /// Its sheet.
    pub sheet: &'a str,
    /// Where in the sheet.
    pub position: Position,
}

impl CellName<'_> {
    /// The cell is broken.
    pub fn damaged(self, reason: impl Into<String>) -> ReadError {
        ReadError::damaged(self.to_string(), reason)
    }

    /// The cell is one too many, or holds too much.
    pub fn too_large(self, what: &'static str, limit: u64) -> ReadError {
        ReadError::TooLarge { place: self.to_string(), what, limit }
    }
}

impl std::fmt::Display for CellName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}!{}", self.sheet, self.position)
    }
}

/// An area whose cells get their values from its first cell's formula.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    /// The cells; the first is the anchor.
    pub area: Area,
    /// What each of them holds.
    pub content: Content,
}

/// What spans cells of one sheet.
#[derive(Debug, Default)]
pub(super) struct SheetFormulas {
    shared: HashMap<u32, FormulaId>,
    /// Array formulas, in the order of their anchors.
    pub arrays: Vec<ArrayFormula>,
    /// Areas of several cells, in the order of their anchors.
    pub regions: Vec<Region>,
}

/// The attributes of `<f>`.
#[derive(Debug, Default)]
struct Tag {
    kind: TagKind,
    area: Option<String>,
    shared: Option<u32>,
}

#[derive(Debug, Default, PartialEq)]
enum TagKind {
    #[default]
    Normal,
    Shared,
    Array,
    DataTable,
}

impl SheetFormulas {
    /// Reads the `<f>` that just opened, of `cell`; `text` is room for its text. `None` where it says nothing.
    pub fn read(
        &mut self,
        events: &mut Events<'_>,
        formulas: &mut BoundedFormulas<'_>,
        text: &mut String,
        cell: CellName<'_>,
    ) -> Result<Option<Content>, ReadError> {
        let tag = match events.has_attributes() {
            true => Tag::read(cell, |take| events.attributes(take))?,
            false => Tag::default(),
        };
        text.clear();
        events.text_into(text)?;
        self.take(&tag, text, formulas, cell)
    }

    /// The same for an `<f>` found by [`super::plain_cell`].
    pub fn read_plain(
        &mut self,
        events: &Events<'_>,
        formulas: &mut BoundedFormulas<'_>,
        plain: &PlainFormula<'_>,
        cell: CellName<'_>,
    ) -> Result<Option<Content>, ReadError> {
        let tag = match plain.attributes.is_empty() {
            true => Tag::default(),
            false => Tag::read(cell, |take| events.attributes_of(plain.attributes, 0, take))?,
        };
        self.take(&tag, plain.text, formulas, cell)
    }

    fn take(
        &mut self,
        tag: &Tag,
        text: &str,
        formulas: &mut BoundedFormulas<'_>,
        cell: CellName<'_>,
    ) -> Result<Option<Content>, ReadError> {
        let text = text.trim();
        match tag.kind {
            TagKind::Normal if text.is_empty() => Ok(None),
            TagKind::Normal => Ok(Some(Content::Formula(formulas.intern(text, cell)?))),
            TagKind::Shared => self.shared(tag, formulas, text, cell).map(Some),
            TagKind::Array => self.array(tag, formulas, text, cell).map(Some),
            TagKind::DataTable => self.region(tag, Content::DataTable, cell).map(Some),
        }
    }

    /// The anchor of a shared formula says its text, the others name it. Held relative to its cell, it is the
    /// same formula in all of them. A cell that says a text of its own has that formula.
    fn shared(
        &mut self,
        tag: &Tag,
        formulas: &mut BoundedFormulas<'_>,
        text: &str,
        cell: CellName<'_>,
    ) -> Result<Content, ReadError> {
        let index = tag.shared.ok_or_else(|| cell.damaged("its shared formula has no number"))?;
        if text.is_empty() {
            let known = self.shared.get(&index).copied();
            let known = known.ok_or_else(|| {
                cell.damaged(format!("it uses shared formula {index}, which no cell before it has"))
            })?;
            return Ok(Content::Formula(known));
        }
        let id = formulas.intern(text, cell)?;
        if tag.area.is_some() || !self.shared.contains_key(&index) {
            self.shared.insert(index, id);
        }
        Ok(Content::Formula(id))
    }

    fn array(
        &mut self,
        tag: &Tag,
        formulas: &mut BoundedFormulas<'_>,
        text: &str,
        cell: CellName<'_>,
    ) -> Result<Content, ReadError> {
        if text.is_empty() {
            return Err(cell.damaged("its array formula is empty"));
        }
        let formula = formulas.intern(text, cell)?;
        let content = self.region(tag, Content::Array(self.arrays.len() as u32), cell)?;
        let area = self.regions.last().filter(|region| region.content == content);
        let area = area.map_or(Area::single(cell.position), |region| region.area);
        self.arrays.push(ArrayFormula { area, formula });
        Ok(content)
    }

    fn region(&mut self, tag: &Tag, content: Content, cell: CellName<'_>) -> Result<Content, ReadError> {
        let area = match &tag.area {
            None => Area::single(cell.position),
            Some(area) => Area::parse(area).filter(|area| area.first == cell.position).ok_or_else(|| {
                cell.damaged(format!("its formula fills {:?}, which does not begin there", excerpt(area)))
            })?,
        };
        if area.first != area.last {
            self.regions.push(Region { area, content });
        }
        Ok(content)
    }
}

impl Tag {
    /// Reads the attributes that `each` hands over.
    fn read<'a>(
        cell: CellName<'_>,
        each: impl FnOnce(&mut dyn FnMut(&'a str, &'a str)) -> Result<(), ReadError>,
    ) -> Result<Tag, ReadError> {
        let mut tag = Tag::default();
        let (mut kind, mut shared) = ("normal", None);
        each(&mut |name, value| match name {
            "t" => kind = value,
            "ref" => tag.area = Some(value.to_owned()),
            "si" => shared = Some(value),
            _ => {}
        })?;
        tag.kind = match kind {
            "normal" => TagKind::Normal,
            "shared" => TagKind::Shared,
            "array" => TagKind::Array,
            "dataTable" => TagKind::DataTable,
            other => {
                return Err(cell.damaged(format!("its formula is of the unknown type {:?}", excerpt(other))));
            }
        };
        if let Some(index) = shared {
            let parsed = index.parse().ok();
            let unreadable = || cell.damaged(format!("its shared formula is {:?}", excerpt(index)));
            tag.shared = Some(parsed.ok_or_else(unreadable)?);
        }
        Ok(tag)
    }
}
