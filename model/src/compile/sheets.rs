//! The cells of a workbook while it is compiled: which are evaluated, and what each came to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::address::{Address, Directory};
use super::argument::{Argument, Array, Place, Rest};
use super::bind::{Binder, Bound, Scope, Stores};
use super::graph::Graph;
use super::keys::RememberedKeys;
use super::sighting::Sighting;
use super::term::Term;
use super::work::Work;
use crate::cell::{Area, MAX_COLUMNS, MAX_ROWS, Position};
use crate::formula::{FormulaId, Formulas};
use crate::value::{ErrorKind, TextId, Value};
use crate::workbook::{Cell, Content, Workbook};

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

/// Arrays of fewer values are made afresh.
const KEPT_ARRAY: usize = 64;
/// How many arrays are kept.
const KEPT_ARRAYS: usize = 64;

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
    /// What was done so far, held to its bounds.
    pub work: Work,
    /// The keys that lookups searched.
    pub keys: RememberedKeys,
    /// Sums of columns from a first cell down, to be continued by the next running total.
    pub running_sums: HashMap<(u32, Position), (u32, Term)>,
    /// For terms of texts made from a sign and an uncertain number: both, which make a criterion.
    pub uncertain_criteria: HashMap<u32, (TextId, Term)>,
    /// Memory of evaluations, reused from formula to formula.
    pub spare: Vec<Vec<Argument>>,
    /// The last obstacle that a formula was written with, and its term.
    pub last_obstacle: Option<(Address, String, Term)>,
    /// Of the arrays that a function has seen, the rests that it has not counted.
    pub rests: Vec<Rest>,
    /// Whether the stored value stands in for whatever cannot be computed, as when a workbook is checked.
    pub keep_going: bool,
    states: Vec<Vec<State>>,
    /// The last row and the last column that any sheet uses.
    used: Position,
    /// Large ranges as arrays, made once.
    dense: HashMap<Place, Rc<Array>>,
    /// Cells that an evaluation asked for before they were done, as references that it computes can.
    missing: RefCell<Vec<CellIndex>>,
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
            work: Work::default(),
            keys: RememberedKeys::default(),
            running_sums: HashMap::new(),
            uncertain_criteria: HashMap::new(),
            rests: Vec::new(),
            spare: Vec::new(),
            last_obstacle: None,
            keep_going: false,
            states,
            used: last_used(workbook),
            dense: HashMap::new(),
            missing: RefCell::new(Vec::new()),
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
        match self.find(address) {
            None => Term::Known(Value::Empty),
            Some(cell) => self.done_or_missing(cell),
        }
    }

    /// What a cell came to. One that is not done is noted: the walk does it and evaluates again.
    fn done_or_missing(&self, cell: CellIndex) -> Term {
        match self.state(cell) {
            State::Done(term) => term,
            State::Unvisited | State::Waiting => {
                self.missing.borrow_mut().push(cell);
                Term::error(ErrorKind::Ref)
            }
        }
    }

    /// Takes the cells that were asked for before they were done.
    pub fn take_missing(&self) -> Vec<CellIndex> {
        self.missing.take()
    }

    /// Whether all that was asked for since the last [`Sheets::take_missing`] was done.
    pub fn is_complete(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    /// A place as an array; one that is large is kept for the next formula that asks.
    pub fn dense_once(&mut self, place: Place, make: impl FnOnce(&Self) -> Array) -> Rc<Array> {
        if let Some(known) = self.dense.get(&place) {
            // Whoever asks looks through all of it.
            self.work.spend(known.terms.len() as u64);
            return Rc::clone(known);
        }
        let made = Rc::new(make(self));
        if made.terms.len() >= KEPT_ARRAY && self.is_complete() {
            if self.dense.len() >= KEPT_ARRAYS {
                self.dense.clear();
            }
            self.dense.insert(place, Rc::clone(&made));
        }
        made
    }

    /// Visits the cells of `place` that hold something, in reading order.
    pub fn each_cell(&self, place: Place, mut visit: impl FnMut(Position, Term)) {
        let cells = &self.workbook.sheets[place.sheet as usize].cells;
        let states = &self.states[place.sheet as usize];
        for index in cells.within(place.area) {
            if !self.work.spend(1) {
                return;
            }
            let term = match states[index] {
                State::Done(term) => term,
                State::Unvisited | State::Waiting => {
                    self.done_or_missing(CellIndex { sheet: place.sheet, index: index as u32 })
                }
            };
            visit(cells.as_slice()[index].position, term);
        }
    }

    /// `place`, of which whole columns and rows of the sheet are cut to what any sheet uses: those of one formula then
    /// still have one shape.
    pub fn clipped(&self, place: Place) -> Place {
        let Area { first, last } = place.area;
        let mut clipped = last;
        if first.row == 0 && last.row == MAX_ROWS - 1 {
            clipped.row = self.used.row;
        }
        if first.column == 0 && last.column == MAX_COLUMNS - 1 {
            clipped.column = self.used.column;
        }
        Place { sheet: place.sheet, area: Area { first, last: clipped } }
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

fn last_used(workbook: &Workbook) -> Position {
    let ends = workbook.sheets.iter().filter_map(|sheet| sheet.cells.used_area()).map(|area| area.last);
    ends.fold(Position { row: 0, column: 0 }, |all, end| Position {
        row: all.row.max(end.row),
        column: all.column.max(end.column),
    })
}
