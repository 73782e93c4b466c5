//! Why a model is refused, in words that say what, where and what to do.

use std::fmt;

/// Why a model is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// Nothing was asked for.
    #[error(
        "no outputs: say which cells matter with --output 'Sheet1!D9=Name', in a sheet named fermiac, or as \"outputs\" of a JSON model"
    )]
    NoOutputs,
    /// An input's cell is not there.
    #[error("input {cell}: {reason}")]
    InputCell {
        /// As given.
        cell: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An output's cell is not there.
    #[error("output {cell}: {reason}")]
    OutputCell {
        /// As given.
        cell: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A correlated cell is no input, or correlated twice.
    #[error("correlations: {cell}: {reason}")]
    Correlation {
        /// As given.
        cell: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The same cell twice.
    #[error("{cell} is named twice as {role}; name it once")]
    Twice {
        /// Canonical name.
        cell: String,
        /// `input` or `output`.
        role: &'static str,
    },
    /// Cells that need each other.
    #[error("{}", cycle_message(.cells, *.iterative))]
    Cycle {
        /// Canonical names; each needs the next, the last the first.
        cells: Vec<String>,
        /// Whether the file asks for iterative calculation.
        iterative: bool,
    },
    /// Constructs on the way from an input to an output that this program cannot compute.
    #[error("{}", unsupported_message(.0))]
    Unsupported(Vec<UnsupportedUse>),
    /// A range beyond the bound.
    #[error(
        "{cell}: its formula takes a range of more than {limit} cells, from {range} on, as an array; name the range that holds the data"
    )]
    RangeTooLarge {
        /// The cell.
        cell: String,
        /// The first cell of the range.
        range: String,
        /// The bound.
        limit: u64,
    },
    /// Arrays beyond the bound.
    #[error(
        "{cell}: its formula makes arrays of too many values; name the ranges that hold the data, or split the formula"
    )]
    ArraysTooLarge {
        /// The cell.
        cell: String,
    },
    /// Texts beyond the bound.
    #[error(
        "the formulas of the model make more text than is held (it was given up at {cell}); leave out what the outputs do not need"
    )]
    TextsTooLong {
        /// Where the bound was passed.
        cell: String,
    },
    /// More work than is done for one model.
    #[error(
        "the model takes too much work to compile (it was given up at {cell}): too many formulas look through long ranges; name the ranges that hold the data, or let formulas go on from each other as in =B1+A2"
    )]
    TooMuchWork {
        /// Where the bound was passed.
        cell: String,
    },
    /// More instructions than are held.
    #[error(
        "the model takes too many instructions in each trial (it was given up at {cell}): too many formulas look through long ranges of uncertain values; name the ranges that hold the data, or leave out what the outputs do not need"
    )]
    TooManyInstructions {
        /// Where the bound was passed.
        cell: String,
    },
    /// Two inputs whose names share a random stream.
    #[error(
        "inputs {first} and {second} would draw the same numbers (their names have one hash); rename one of them"
    )]
    StreamCollision {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
}

/// One use of something unsupported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedUse {
    /// Canonical name of the cell.
    pub cell: String,
    /// Its formula.
    pub formula: String,
    /// The function or construct.
    pub function: String,
}

impl fmt::Display for UnsupportedUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} in {}", self.cell, self.function, self.formula)
    }
}

/// The most cells of a cycle that a message names.
const NAMED_IN_CYCLE: usize = 12;

fn cycle_message(cells: &[String], iterative: bool) -> String {
    let mut path: Vec<&str> = cells.iter().take(NAMED_IN_CYCLE).map(String::as_str).collect();
    if cells.len() > NAMED_IN_CYCLE {
        path.push("...");
    }
    path.extend(cells.first().map(String::as_str));
    let advice = if iterative {
        "the workbook asks for iterative calculation, which is not supported; break the circle"
    } else {
        "break the circle"
    };
    format!("circular reference: {} ({advice})", path.join(" -> "))
}

fn unsupported_message(uses: &[UnsupportedUse]) -> String {
    let mut message = format!(
        "{} on the way from an input to an output cannot be computed; nothing was simulated:",
        if uses.len() == 1 { "1 formula".to_owned() } else { format!("{} formulas", uses.len()) }
    );
    for each in uses {
        message.push_str(&format!("\n  {each}"));
    }
    message.push_str("\nReplace them by supported functions (`fermiac inspect` lists what a workbook uses)");
    message
}
