//! What a formula cell comes to, once all it needs is done.

use std::rc::Rc;

use super::address::Address;
use super::bind::{Bound, Obstacle};
use super::sheets::{CellIndex, Sheets};
use super::term::{KindMask, Kinds, Term};
use crate::cell::Position;
use crate::value::{TextId, Value};
use crate::workbook::Content;

impl Sheets<'_> {
    /// What a formula cell comes to, once all it needs is done.
    pub fn settle(&mut self, cell: CellIndex) -> Term {
        let sheet = &self.workbook.sheets[cell.sheet as usize];
        let held = sheet.cells.as_slice()[cell.index as usize];
        let address = Address { sheet: cell.sheet, position: held.position };
        let Some((bound, at)) = self.formula(cell) else {
            let what = "data table (what-if analysis)".to_owned();
            return self.obstacle(&Obstacle { what, sees_unnamed_cells: true }, address);
        };
        self.graph.begin_cell(held.position);
        self.work.begin_cell();
        let term = match held.content {
            Content::Array(index) => self.array_term(cell.sheet, index, &bound, at, held.position),
            _ => {
                let result = self.evaluate(&bound, at);
                self.scalar(&result, at)
            }
        };
        if let Some(text) = self.graph.taken_local_text() {
            self.note_local_text(text, address);
        }
        match term {
            Term::Known(Value::Empty) => Term::number(0.0),
            Term::Unsupported(index) if self.may_use_stored(index, (&bound, at), held.value) => {
                self.stored.push(address);
                Term::Known(held.value)
            }
            Term::Computed(_) => self.without_empty(term),
            other => other,
        }
    }

    fn note_local_text(&mut self, text: TextId, at: Address) {
        let text = self.graph.texts.get(text);
        let what =
            format!("the text {text:?} taken for a number, which each machine reads by its own settings");
        let source = self.note_obstacle(&Obstacle { what, sees_unnamed_cells: false }, at);
        self.graph.source_of_local_texts(source);
    }

    fn array_term(&mut self, sheet: u32, index: u32, bound: &Bound, at: Address, position: Position) -> Term {
        let array = match self.arrays.get(&(sheet, index)) {
            Some(array) => Rc::clone(array),
            None => {
                let result = self.evaluate(bound, at);
                let area = self.workbook.sheets[sheet as usize].arrays[index as usize].area;
                let array = Rc::new(self.dense(&result).within(area.rows(), area.columns()));
                if self.is_complete() {
                    self.arrays.insert((sheet, index), Rc::clone(&array));
                }
                array
            }
        };
        array.broadcast(position.row - at.position.row, position.column - at.position.column)
    }

    /// Whether the stored value of a cell may stand in: there is one, as there is not in a file that no spreadsheet
    /// program has calculated, and nothing that the cell needs is uncertain or itself unknown.
    fn may_use_stored(&self, unsupported: u32, (bound, at): (&Bound, Address), stored: Value) -> bool {
        if self.keep_going {
            return true;
        }
        stored != Value::Empty
            && !self.graph.sees_unnamed_cells(unsupported)
            && !bound.is_dynamic()
            && bound.targets.iter().all(|target| {
                let Some(place) = target.place(at) else { return true };
                let mut certain = true;
                self.each_cell(place, |_, term| certain &= matches!(term, Term::Known(_)));
                certain
            })
    }

    /// A formula that comes to nothing shows 0.
    fn without_empty(&mut self, term: Term) -> Term {
        if !self.graph.kinds(term).meets(Kinds::EMPTY) {
            return term;
        }
        let empty = self.graph.has_kind(term, KindMask::EMPTY);
        self.graph.select(empty, Term::number(0.0), term)
    }
}
