//! The functions of formulas. Each stands in one table: its names, how many arguments it takes, and its meaning.
//!
//! A meaning is written once, as operations on terms: where all terms are known they fold to a value, else they
//! become instructions. To add a function, add a line to the table of its group, its meaning below, and its
//! vectors to the test at the foot of the file.

mod aggregate;
mod conditional;
mod criterion;
mod financial;
mod index;
mod information;
mod logical;
mod lookup;
mod mathematical;
mod normal;
mod searched;
mod statistical;

use super::address::Address;
use super::argument::{Argument, Array};
use super::bind::Obstacle;
use super::graph::Graph;
use super::sheets::Sheets;
use super::term::{KindMask, Kinds, Term};
use crate::plan::Opcode;
use crate::value::{ErrorKind, Value};
use std::rc::Rc;

/// A function of formulas.
#[derive(Debug)]
pub struct Function {
    /// The names it goes by, upper case; the first is today's.
    pub names: &'static [&'static str],
    /// The least number of arguments.
    pub least: u32,
    /// The greatest number of arguments.
    pub most: u32,
    /// Whether its arguments are evaluated for every cell of a range, as SUMPRODUCT's are.
    pub takes_arrays: bool,
    /// What it means.
    pub semantics: Semantics,
}

/// What a function means.
#[derive(Clone, Copy)]
pub enum Semantics {
    /// A function of single values; in array context it is applied to each place of its arrays.
    Values(fn(&mut Graph, &[Term]) -> Term),
    /// A function that sees ranges.
    Arguments(fn(&mut Call<'_, '_>) -> Argument),
}

impl std::fmt::Debug for Semantics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Semantics::Values(_) => "Values",
            Semantics::Arguments(_) => "Arguments",
        })
    }
}

/// The most arguments that a call may have.
const MANY: u32 = 255;

impl Function {
    const fn values(
        names: &'static [&'static str],
        least: u32,
        most: u32,
        lower: fn(&mut Graph, &[Term]) -> Term,
    ) -> Self {
        Function { names, least, most, takes_arrays: false, semantics: Semantics::Values(lower) }
    }

    const fn arguments(
        names: &'static [&'static str],
        least: u32,
        most: u32,
        lower: fn(&mut Call<'_, '_>) -> Argument,
    ) -> Self {
        Function { names, least, most, takes_arrays: false, semantics: Semantics::Arguments(lower) }
    }

    const fn arrays(
        names: &'static [&'static str],
        least: u32,
        most: u32,
        lower: fn(&mut Call<'_, '_>) -> Argument,
    ) -> Self {
        Function { names, least, most, takes_arrays: true, semantics: Semantics::Arguments(lower) }
    }

    /// How many arguments it takes, as a message says it.
    pub fn arity_in_words(&self) -> String {
        match (self.least, self.most) {
            (least, most) if least == most => format!("it takes {least}"),
            (least, MANY) => format!("it takes at least {least}"),
            (least, most) => format!("it takes {least} to {most}"),
        }
    }
}

/// The groups, in the order in which they are looked through.
const GROUPS: [&[Function]; 9] = [
    mathematical::FUNCTIONS,
    aggregate::FUNCTIONS,
    logical::FUNCTIONS,
    information::FUNCTIONS,
    lookup::FUNCTIONS,
    conditional::FUNCTIONS,
    financial::FUNCTIONS,
    statistical::FUNCTIONS,
    normal::FUNCTIONS,
];

/// The function called `name` (upper case, without prefixes).
pub fn find(name: &str) -> Option<&'static Function> {
    GROUPS.iter().flat_map(|group| group.iter()).find(|function| function.names.contains(&name))
}

/// Every name that [`find`] knows, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> =
        GROUPS.iter().flat_map(|group| group.iter()).flat_map(|function| function.names).copied().collect();
    names.sort_unstable();
    names
}

/// A call of a function that sees ranges.
pub struct Call<'e, 'w> {
    /// The cells.
    pub sheets: &'e mut Sheets<'w>,
    /// The arguments, as written.
    pub arguments: &'e [Argument],
    /// The cell in which the formula stands.
    pub at: Address,
    /// Whether it is evaluated for every cell of its ranges.
    pub array: bool,
}

impl Call<'_, '_> {
    fn graph(&mut self) -> &mut Graph {
        &mut self.sheets.graph
    }

    fn count(&self) -> usize {
        self.arguments.len()
    }

    /// Whether argument `index` is given and not left out.
    fn is_given(&self, index: usize) -> bool {
        self.arguments.get(index).is_some_and(|argument| *argument != Argument::Missing)
    }

    /// Argument `index` as one value; empty where it is left out. An array is refused: a function for which arrays
    /// mean something there takes the argument through [`Call::over`].
    fn term(&mut self, index: usize) -> Term {
        match self.arguments.get(index) {
            None => Term::Known(Value::Empty),
            Some(argument @ Argument::Array(_)) if argument.is_many() => {
                self.obstacle("an array where one value is taken")
            }
            Some(argument @ Argument::Place(_)) if argument.is_many() && self.array => {
                self.obstacle("a range where one value is taken, in an array formula")
            }
            Some(argument) => self.sheets.scalar(argument, self.at),
        }
    }

    /// Applies `operation` to argument `index`, to each of its values where it is an array.
    fn over(&mut self, index: usize, mut operation: impl FnMut(&mut Call<'_, '_>, Term) -> Term) -> Argument {
        let (arguments, at, array) = (self.arguments, self.at, self.array);
        self.sheets.map(&[&arguments[index]], at, array, |sheets, terms| {
            operation(&mut Call { sheets, arguments, at, array }, terms[0])
        })
    }

    /// The term of something that cannot be computed, in words.
    fn obstacle(&mut self, what: &str) -> Term {
        let obstacle = Obstacle { what: what.to_owned(), sees_unnamed_cells: false };
        self.sheets.obstacle(&obstacle, self.at)
    }

    /// Argument `index` as one value, or `default` where it is not there.
    fn term_or(&mut self, index: usize, default: f64) -> Term {
        if index < self.count() { self.term(index) } else { Term::number(default) }
    }

    /// The value of a cell chosen in each trial. To a function that sees ranges it is still a cell, whose text SUM skips.
    fn referred(&self, term: Term) -> Argument {
        Argument::Array(Rc::new(Array::single(term)))
    }

    /// Argument `index` as a rectangle of values.
    fn array(&mut self, index: usize) -> Rc<Array> {
        self.array_past(index, |value| value == Value::Empty)
    }

    /// The same for a function that passes over such values past the rectangle.
    fn array_past(&mut self, index: usize, passes_over: fn(Value) -> bool) -> Rc<Array> {
        let array = self.sheets.dense(&self.arguments[index]);
        self.sheets.see_rest(&array, passes_over);
        array
    }

    /// The values of an argument, of a range those of cells that hold something; past them such values are passed over.
    fn cells_of(&mut self, argument: &Argument, passes_over: fn(Value) -> bool) -> Vec<Term> {
        if let Argument::Array(array) = argument {
            self.sheets.see_rest(array, passes_over);
        }
        self.sheets.cells_of(argument)
    }

    /// The numbers in the rests of the arrays seen so far, which are then taken for counted, each with how often it is
    /// there.
    fn rest_numbers(&mut self) -> Vec<(Item, u64)> {
        let rests = std::mem::take(&mut self.sheets.rests).into_iter();
        let numbers = rests.filter_map(|rest| Some((ranged_number(self.graph(), rest.term)?, rest.count)));
        numbers.collect()
    }

    /// The numbers of all arguments from `from` on.
    fn numbers(&mut self, from: usize) -> Vec<Item> {
        let mut items = Vec::new();
        for index in from..self.count() {
            self.numbers_of(index, &mut items);
        }
        items
    }

    /// The numbers of argument `index`: a range or array gives those of its values that are numbers, a single value
    /// is taken as a number.
    fn numbers_of(&mut self, index: usize, items: &mut Vec<Item>) {
        match &self.arguments[index] {
            Argument::Place(_) | Argument::Union(_) | Argument::Array(_) => {
                let is_no_number = |value| !matches!(value, Value::Number(_) | Value::Error(_));
                for term in self.cells_of(&self.arguments[index], is_no_number) {
                    items.extend(ranged_number(self.graph(), term));
                }
            }
            Argument::Term(_) | Argument::Missing => {
                let term = self.term(index);
                items.push(Item::always(self.graph().number(term)));
            }
        }
    }
}

/// A number among others: itself, and whether it is there, which may differ from trial to trial.
#[derive(Debug, Clone, Copy)]
struct Item {
    /// The number; 0 where it is not there; an error where the value is an error.
    value: Term,
    /// A condition that is never an error, or `None` for always.
    present: Option<Term>,
}

impl Item {
    fn always(value: Term) -> Item {
        Item { value, present: None }
    }
}

/// What a value in a range adds to a SUM or AVERAGE: texts, booleans and empty cells are not numbers there.
fn ranged_number(graph: &mut Graph, term: Term) -> Option<Item> {
    match term {
        Term::Known(Value::Number(_) | Value::Error(_)) | Term::Unsupported(_) => Some(Item::always(term)),
        Term::Known(_) => None,
        Term::Computed(_) => {
            let kinds = graph.kinds(term);
            if kinds.within(Kinds::NUMBER) {
                return Some(Item::always(term));
            }
            let number_or_error = KindMask(KindMask::NUMBER.0 | KindMask::ERROR.0);
            let counts = graph.has_kind(term, number_or_error);
            let value = graph.select(counts, term, Term::number(0.0));
            let value = graph.number(value);
            let present = graph.has_kind(term, KindMask::NUMBER);
            Some(Item { value, present: Some(present) })
        }
    }
}

/// The sum of `items`, first to last.
fn sum(graph: &mut Graph, items: &[Item]) -> Term {
    let mut items = items.iter();
    let Some(first) = items.next() else { return Term::number(0.0) };
    let start = graph.number(first.value);
    items.fold(start, |sum, item| graph.binary(Opcode::Add, sum, item.value))
}

/// How many of `items` are there.
fn count(graph: &mut Graph, items: &[Item]) -> Term {
    let always = items.iter().filter(|item| item.present.is_none()).count();
    let sometimes = items.iter().filter_map(|item| item.present);
    sometimes.fold(Term::number(always as f64), |count, present| graph.binary(Opcode::Add, count, present))
}

/// `value` where `valid` holds, else the error.
fn valid_or(graph: &mut Graph, valid: Term, value: Term, kind: ErrorKind) -> Term {
    graph.select(valid, value, Term::error(kind))
}

/// The number `first`, or the first error among it and `rest`: arguments are read, left to right, before any is found
/// to be outside a function's domain.
fn read_with(graph: &mut Graph, first: Term, rest: &[Term]) -> Term {
    let first = graph.number(first);
    rest.iter().fold(first, |read, term| {
        let number = graph.number(*term);
        if matches!(number, Term::Known(Value::Number(_))) {
            return read;
        }
        // 0 of a number is nothing to add; 0 of an error is the error.
        let nothing = graph.binary(Opcode::Multiply, number, Term::number(0.0));
        graph.binary(Opcode::Add, read, nothing)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_once() {
        let names = names();
        let mut distinct = names.clone();
        distinct.dedup();
        assert_eq!(names, distinct);
        assert!(names.iter().all(|name| find(name).is_some()));
    }
}
