//! The cells of a workbook while it is compiled: which are evaluated, and what each came to.

use std::cell::Cell as Shared;
use std::collections::HashMap;
use std::rc::Rc;

use super::address::{Address, Directory};
use super::argument::{Argument, Array, Place};
use super::bind::{Binder, Bound, Scope, Stores};
use super::graph::Graph;
use super::sighting::Sighting;
use super::term::Term;
use crate::cell::{Area, Position};
use crate::formula::{FormulaId, Formulas};
use crate::value::{ErrorKind, TextId, Value};
use crate::workbook::{Cell, Cells, Content, Workbook};

/// How far a cell has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum State {
    /// Nothing asked for it yet.
    Unvisited,
    /// What it needs is being evaluated.
    Waiting,
    /// It came to this.
    Done(Term),
}

/// A cell by its sheet and its index among the sheet's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellIndex {
    /// Index of the sheet.
    pub sheet: u32,
    /// Index in the sheet's cells.
    pub index: u32,
}

/// The state of a compilation.
pub struct Sheets<'a> {
    /// The workbook; its formulas and texts are held here meanwhile.
    pub workbook: &'a Workbook,
    /// Its sheets and names.
    pub directory: &'a Directory,
    /// The instructions made so far, and the texts.
    pub graph: Graph,
    /// The distinct formulas.
    pub formulas: Formulas,
    /// Everything met that cannot be computed.
    pub sightings: Vec<Sighting>,
    /// Cells whose stored value stands in for what cannot be computed.
    pub stored: Vec<Address>,
    /// A range that is larger than what is taken at once.
    pub too_large: Shared<Option<Place>>,
    /// Sums of columns from a first cell down, to be continued by the next running total.
    pub running_sums: HashMap<(u32, Position), (u32, Term)>,
    /// For terms of texts made from a sign and an uncertain number: both, which make a criterion.
    pub uncertain_criteria: HashMap<u32, (TextId, Term)>,
    /// Memory of evaluations, reused from formula to formula.
    pub spare: Vec<Vec<Argument>>,
    /// Whether the stored value stands in for whatever cannot be computed, as when a workbook is checked.
    pub keep_going: bool,
    states: Vec<Vec<State>>,
    /// The last row and column that each sheet uses.
    used: Vec<Position>,
    binder: Binder,
    /// What array formulas came to, by sheet and index.
    pub arrays: HashMap<(u32, u32), Rc<Array>>,
}

impl<'a> Sheets<'a> {
    /// The cells of `workbook`, none evaluated. `inputs` are the cells that are drawn, in the order of draws.
    pub fn new(
        workbook: &'a Workbook,
        directory: &'a Directory,
        formulas: Formulas,
        mut graph: Graph,
        inputs: &[Address],
    ) -> Sheets<'a> {
        let mut states: Vec<Vec<State>> = workbook
            .sheets
            .iter()
            .map(|sheet| {
                let state = |cell: &Cell| match cell.content {
                    Content::Constant => State::Done(Term::Known(cell.value)),
                    Content::Formula(_) | Content::Array(_) | Content::DataTable => State::Unvisited,
                };
                sheet.cells.as_slice().iter().map(state).collect()
            })
            .collect();
        let formulas_held = states.iter().flatten().filter(|state| **state == State::Unvisited).count();
        graph.reserve(formulas_held);
        for (draw, address) in inputs.iter().enumerate() {
            let index = workbook.sheets[address.sheet as usize].cells.find(address.position);
            let index = index.expect("inputs on empty cells are added to the sheet before");
            states[address.sheet as usize][index] = State::Done(graph.draw(draw as u32));
        }
        Sheets {
            workbook,
            directory,
            graph,
            formulas,
            sightings: Vec::new(),
            stored: Vec::new(),
            too_large: Shared::new(None),
            running_sums: HashMap::new(),
            uncertain_criteria: HashMap::new(),
            spare: Vec::new(),
            keep_going: false,
            states,
            used: workbook.sheets.iter().map(|sheet| last_used(&sheet.cells)).collect(),
            binder: Binder::default(),
            arrays: HashMap::new(),
        }
    }

    /// The state of a cell.
    pub fn state(&self, cell: CellIndex) -> State {
        self.states[cell.sheet as usize][cell.index as usize]
    }

    /// Changes the state of a cell.
    pub fn set_state(&mut self, cell: CellIndex, state: State) {
        self.states[cell.sheet as usize][cell.index as usize] = state;
    }

    /// The states of a sheet's cells.
    pub fn states(&self, sheet: u32) -> &[State] {
        &self.states[sheet as usize]
    }

    /// Where a cell is.
    pub fn address(&self, cell: CellIndex) -> Address {
        let sheet = &self.workbook.sheets[cell.sheet as usize];
        Address { sheet: cell.sheet, position: sheet.cells.as_slice()[cell.index as usize].position }
    }

    /// The cell at `address`, if it holds something.
    pub fn find(&self, address: Address) -> Option<CellIndex> {
        let index = self.workbook.sheets[address.sheet as usize].cells.find(address.position)?;
        Some(CellIndex { sheet: address.sheet, index: index as u32 })
    }

    /// What the cell at `address` came to; empty where it holds nothing.
    pub fn term(&self, address: Address) -> Term {
        match self.find(address).map(|cell| self.state(cell)) {
            None => Term::Known(Value::Empty),
            Some(State::Done(term)) => term,
            // Only a cell that waits for itself is asked for before it is done, and cycles are refused.
            Some(State::Unvisited | State::Waiting) => Term::error(ErrorKind::Ref),
        }
    }

    /// Visits the cells of `place` that hold something, in reading order.
    pub fn each_cell(&self, place: Place, mut visit: impl FnMut(Position, Term)) {
        let cells = &self.workbook.sheets[place.sheet as usize].cells;
        let states = &self.states[place.sheet as usize];
        for index in cells.within(place.area) {
            let term = match states[index] {
                State::Done(term) => term,
                State::Unvisited | State::Waiting => Term::error(ErrorKind::Ref),
            };
            visit(cells.as_slice()[index].position, term);
        }
    }

    /// `place` without the rows and columns behind the last that its sheet uses; at least one cell.
    pub fn clipped(&self, place: Place) -> Place {
        let last = self.used[place.sheet as usize];
        let Area { first, last: end } = place.area;
        let last = Position {
            row: end.row.min(last.row.max(first.row)),
            column: end.column.min(last.column.max(first.column)),
        };
        Place { sheet: place.sheet, area: Area { first, last } }
    }

    /// The formula that makes a cell, bound, with the address it is relative to; `None` for what has no formula.
    pub fn formula(&mut self, cell: CellIndex) -> Option<(Rc<Bound>, Address)> {
        let sheet = &self.workbook.sheets[cell.sheet as usize];
        let held = &sheet.cells.as_slice()[cell.index as usize];
        let (formula, position, array) = match held.content {
            Content::Formula(formula) => (formula, held.position, false),
            Content::Array(index) => {
                let array = &sheet.arrays[index as usize];
                (array.formula, array.area.first, true)
            }
            Content::Constant | Content::DataTable => return None,
        };
        let at = Address { sheet: cell.sheet, position };
        Some((self.bind(formula, at, array), at))
    }

    fn bind(&mut self, formula: FormulaId, at: Address, array: bool) -> Rc<Bound> {
        let scope = Scope { workbook: self.workbook, directory: self.directory };
        let mut stores = Stores { formulas: &mut self.formulas, texts: &mut self.graph.texts };
        self.binder.bind(&scope, &mut stores, formula, at, array)
    }

    /// A whole range as terms of cells that hold something.
    pub fn cells_of(&self, argument: &Argument) -> Vec<Term> {
        match argument {
            Argument::Term(term) => vec![*term],
            Argument::Missing => vec![Term::Known(Value::Empty)],
            Argument::Array(array) => array.terms.clone(),
            Argument::Place(_) | Argument::Union(_) => {
                let mut terms = Vec::new();
                for place in argument.places() {
                    self.each_cell(*place, |_, term| terms.push(term));
                }
                terms
            }
        }
    }
}

fn last_used(cells: &Cells) -> Position {
    cells.used_area().map_or(Position { row: 0, column: 0 }, |area| area.last)
}
