//! A sheet of constants and formulas, before it is given to any engine.
//!
//! Columns A to C hold anything, D numbers in ascending order, E texts in ascending order; column F holds the
//! formulas, each of which may use those above it.

use super::choices::Choices;
use super::departures::SHARED_STEPS;
use super::formula::Scope;
use super::literals::{ERRORS, NUMBERS, TEXTS};

/// Rows of constants.
pub const ROWS: u32 = 6;
/// The columns of constants.
pub const COLUMNS: [char; 5] = ['A', 'B', 'C', 'D', 'E'];
/// The column of formulas.
pub const FORMULAS: char = 'F';

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    Number(f64),
    Text(&'static str),
    Bool(bool),
    Error(&'static str),
}

/// A sheet.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// The constants by name, in reading order; what is not there is empty.
    pub constants: Vec<(String, Constant)>,
    /// The formulas of F1, F2, ...
    pub formulas: Vec<String>,
}

impl Sheet {
    /// The name of formula `index`'s cell.
    pub fn formula_cell(index: usize) -> String {
        format!("{FORMULAS}{}", index + 1)
    }

    /// The constants of a sheet without formulas.
    pub fn constants(choices: &mut Choices<'_>, scope: Scope) -> Sheet {
        let mut ascending = ascending_numbers(choices, scope).into_iter();
        let mut keys = ascending_texts(choices).into_iter();
        let mut sheet = Sheet::default();
        for row in 1..=ROWS {
            for column in COLUMNS {
                let constant = match column {
                    'D' => ascending.next().map(Constant::Number),
                    'E' => keys.next().map(Constant::Text),
                    _ => constant(choices, scope, column),
                };
                sheet.constants.extend(constant.map(|constant| (format!("{column}{row}"), constant)));
            }
        }
        sheet
    }
}

/// Mostly numbers in A, mostly texts in B, all kinds alike in C.
fn constant(choices: &mut Choices<'_>, scope: Scope, column: char) -> Option<Constant> {
    let kind = match (column, choices.below(10)) {
        ('A', 0..7) => 0,
        ('B', 0..6) => 1,
        (_, other) => other % 5,
    };
    match kind {
        0 => Some(Constant::Number(number(choices, scope))),
        1 => Some(Constant::Text(choices.pick(&TEXTS[..scope.texts()]))),
        2 => Some(Constant::Bool(choices.one_in(2))),
        3 if choices.one_in(3) => Some(Constant::Error(choices.pick(&ERRORS))),
        _ => None,
    }
}

fn number(choices: &mut Choices<'_>, scope: Scope) -> f64 {
    choices.pick(&NUMBERS[..scope.numbers()]).parse().unwrap()
}

/// From one of the ascending numbers to the next.
const STEPS: [f64; 4] = [1.0, 0.5, 2.0, 0.0];

fn ascending_numbers(choices: &mut Choices<'_>, scope: Scope) -> Vec<f64> {
    let steps = if scope == Scope::Shared { SHARED_STEPS } else { STEPS.len() };
    // Six of them never sum to 0, where a rate of return is 0 but for rounding.
    let mut last = choices.below(6) as f64 - 2.625;
    (0..ROWS)
        .map(|_| {
            last += choices.pick(&STEPS[..steps]);
            last
        })
        .collect()
}

fn ascending_texts(choices: &mut Choices<'_>) -> Vec<&'static str> {
    const SORTED: [&str; 10] = ["a", "Apple", "b", "cherry", "Date", "fig", "grape", "lime", "pear", "plum"];
    let mut place = 0;
    (0..ROWS)
        .map(|_| {
            let text = SORTED[place.min(SORTED.len() - 1)];
            place += choices.pick(&[1, 0, 2]);
            text
        })
        .collect()
}
