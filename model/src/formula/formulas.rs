//! Every distinct formula of a model, once.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;

use super::{Syntax, SyntaxError, parser, template};
use crate::cell::Position;

/// The longest formula that Excel takes, in characters.
pub const MAX_FORMULA_CHARACTERS: usize = 8_192;

/// Marks the template of a refused formula, of which only the beginning is kept.
const TOO_LONG: u8 = 0xFF;
/// How much of it is kept, in characters.
const KEPT_OF_TOO_LONG: usize = 100;

/// A distinct formula of a workbook, relative to its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaId(pub u32);

/// What an identifier such as `x1` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// A workbook: `x1` is the cell in column X, row 1.
    #[default]
    Cells,
    /// A JSON model: `x1` is the cell named so. There are no A1 references.
    Names,
}

/// Every distinct formula, once.
///
/// Two cells get the same id where the one's formula is the other's copied there.
#[derive(Debug, Default)]
pub struct Formulas {
    dialect: Dialect,
    entries: Vec<Entry>,
    /// The templates of all entries, one behind the other.
    templates: Vec<u8>,
    /// Ids by the hash of their templates.
    ids: HashTable<FormulaId>,
    /// Keyed at random, so that no file can be made whose formulas all collide. Ids do not depend on it.
    hasher: RandomState,
    /// The template being looked up.
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    /// Where its template ends; it begins where the one before ends.
    template_end: usize,
    /// The cell it was first met in.
    first_met: Position,
}

impl Formulas {
    /// No formulas yet, to be read in `dialect`.
    pub fn with_dialect(dialect: Dialect) -> Formulas {
        Formulas { dialect, ..Formulas::default() }
    }

    /// The id of the formula `text` in the cell `at`. A leading `=` is not needed. Any text gets an id; what is
    /// no formula is told by [`Formulas::syntax`].
    pub fn intern(&mut self, text: &str, at: Position) -> FormulaId {
        let text = text.strip_prefix('=').unwrap_or(text);
        self.scratch.clear();
        if is_too_long(text) {
            self.scratch.push(TOO_LONG);
            let kept = text.char_indices().nth(KEPT_OF_TOO_LONG).map_or(text.len(), |(at, _)| at);
            self.scratch.extend_from_slice(&text.as_bytes()[..kept]);
            self.scratch.extend_from_slice("…".as_bytes());
        } else {
            template::write(text, at, self.dialect, &mut self.scratch);
        }
        let hash = self.hasher.hash_one(self.scratch.as_slice());
        match self.ids.find(hash, |id| self.template(*id) == self.scratch) {
            Some(id) => *id,
            None => self.add(hash, at),
        }
    }

    /// The formula parsed, or why it is none. It is parsed each time: a million syntax trees would fill the memory,
    /// and whoever asks keeps what it makes of one.
    pub fn syntax(&self, id: FormulaId) -> Result<Syntax, SyntaxError> {
        self.parse(id, self.entries[id.0 as usize].first_met)
    }

    /// The formula as it reads in the cell `at`, with its `=`.
    pub fn text(&self, id: FormulaId, at: Position) -> String {
        let template = self.template(id);
        let shown = template.strip_prefix(&[TOO_LONG]).unwrap_or(template);
        format!("={}", template::text(shown, at))
    }

    /// How many distinct formulas there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, hash: u64, at: Position) -> FormulaId {
        let id =
            FormulaId(u32::try_from(self.entries.len()).expect("the reader bounds cells far below 2^32"));
        self.templates.extend_from_slice(&self.scratch);
        let template_end = self.templates.len();
        self.entries.push(Entry { template_end, first_met: at });
        let Formulas { entries, templates, ids, hasher, .. } = self;
        ids.insert_unique(hash, id, |id| hasher.hash_one(template_of(entries, templates, *id)));
        id
    }

    fn template(&self, id: FormulaId) -> &[u8] {
        template_of(&self.entries, &self.templates, id)
    }

    fn parse(&self, id: FormulaId, first_met: Position) -> Result<Syntax, SyntaxError> {
        let template = self.template(id);
        if template.first() == Some(&TOO_LONG) {
            let message =
                format!("a formula may have {MAX_FORMULA_CHARACTERS} characters and this one has more");
            return Err(SyntaxError::new(0, message));
        }
        parser::parse(template).map_err(|error| {
            // The parser counts in the template; people count in the text.
            let offset = template::text(&template[..error.offset], first_met).len();
            SyntaxError { offset, ..error }
        })
    }
}

fn template_of<'a>(entries: &[Entry], templates: &'a [u8], id: FormulaId) -> &'a [u8] {
    let index = id.0 as usize;
    let start = if index == 0 { 0 } else { entries[index - 1].template_end };
    &templates[start..entries[index].template_end]
}

/// Counts characters as Excel shows them, and only where the bytes leave a doubt.
fn is_too_long(text: &str) -> bool {
    text.len() > MAX_FORMULA_CHARACTERS
        && text.chars().count() - template::hidden_characters(text) > MAX_FORMULA_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(cell: &str) -> Position {
        Position::parse(cell).unwrap()
    }

    #[test]
    fn copies_share_an_id_and_anything_else_does_not() {
        let mut formulas = Formulas::default();
        let id = formulas.intern("C17*(1+Inputs!$B$1)", at("D17"));
        assert_eq!(formulas.intern("=C18*(1+Inputs!$B$1)", at("D18")), id);
        assert_eq!(formulas.intern("A1*(1+Inputs!$B$1)", at("B1")), id);
        for (text, cell) in [
            ("C17*(1+Inputs!$B$1)", "D18"),
            ("C18*(1+Inputs!$B$2)", "D18"),
            ("C18*(1+Inputs!B$1)", "D18"),
            ("$C18*(1+Inputs!$B$1)", "D18"),
            ("C18*(1+Input!$B$1)", "D18"),
            ("C18*(2+Inputs!$B$1)", "D18"),
        ] {
            assert_ne!(formulas.intern(text, at(cell)), id, "{text} in {cell}");
        }
        assert_eq!(formulas.len(), 7);
        assert_eq!(formulas.text(id, at("E20")), "=D20*(1+Inputs!$B$1)");
    }

    #[test]
    fn texts_that_look_like_references_do_not_move() {
        let mut formulas = Formulas::default();
        for text in ["\"A1\"", "Table1[A1]", "'A1'!$A$1", "1+2", "LOG10(7)", "tax_A1"] {
            let id = formulas.intern(text, at("B1"));
            assert_eq!(formulas.intern(text, at("B2")), id, "{text}");
        }
    }

    #[test]
    fn in_a_json_model_every_identifier_is_a_name() {
        let mut formulas = Formulas::with_dialect(Dialect::Names);
        let id = formulas.intern("=x1*MAX(a1:a3, 1)", at("A1"));
        assert_eq!(formulas.intern("=x1*MAX(a1:a3, 1)", at("C9")), id);
        let outline = super::super::outline::outline(&formulas.syntax(id).unwrap());
        assert_eq!(outline, "(* x1 MAX((: a1 a3),1))");
    }

    #[test]
    fn the_length_is_bounded_in_characters() {
        let mut formulas = Formulas::default();
        let longest = format!("\"{}\"", "é".repeat(MAX_FORMULA_CHARACTERS - 2));
        let id = formulas.intern(&longest, at("A1"));
        assert!(formulas.syntax(id).is_ok());
        let id = formulas.intern(&format!("{longest} "), at("A1"));
        assert!(formulas.syntax(id).unwrap_err().message.contains("8192 characters"));
        assert!(formulas.text(id, at("A1")).len() < 300);
        // What Excel hides does not count.
        let hidden = format!("_xlfn.STDEV.S({})", "1".repeat(MAX_FORMULA_CHARACTERS - 9).replace("11", "1,"));
        let id = formulas.intern(&hidden, at("A1"));
        assert!(formulas.syntax(id).is_ok());
    }

    #[test]
    fn an_error_is_placed_in_the_text_and_not_in_the_template() {
        let mut formulas = Formulas::default();
        let id = formulas.intern("=$A$1000000+B2+)", at("B2"));
        assert_eq!(formulas.syntax(id).unwrap_err().offset, "$A$1000000+B2+".len());
        let id = formulas.intern("", at("B2"));
        assert_eq!(formulas.syntax(id).unwrap_err().offset, 0);
    }

    /// `cargo test --release -p fermiac-model interning_speed -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement, not a test"]
    fn interning_speed() {
        let mut texts = Vec::new();
        for row in 2..28_002u32 {
            let here = row + 1;
            for (column, text) in [
                format!("A{row}+1"),
                format!("B{row}*(1+Inputs!$B$1)"),
                format!("C{here}*(1-Inputs!$B$2)"),
                format!("IF(D{here}>0,D{here}*0.25,0)"),
                format!("D{here}-E{here}"),
                format!("F{here}/(1+Inputs!$B$3)^(A{here}/12)"),
                format!("SUM(B{here}:G{here})"),
                format!("MAX(H{here},I{row})"),
            ]
            .into_iter()
            .enumerate()
            {
                texts.push((text, Position { row, column: column as u32 }));
            }
        }
        let mut best = std::time::Duration::MAX;
        for _ in 0..50 {
            let start = std::time::Instant::now();
            let mut formulas = Formulas::default();
            for (text, position) in &texts {
                std::hint::black_box(formulas.intern(text, *position));
            }
            best = best.min(start.elapsed());
        }
        let each = best.as_nanos() as f64 / texts.len() as f64;
        println!("{} formulas in {best:?} at best of 50, {each:.1} ns each", texts.len());
    }
}
