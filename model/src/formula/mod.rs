//! Formulas: from the text of a cell to a syntax tree that is the same in every cell it was copied to.
//!
//! References are held relative to the cell, so that a column of a million copies is one template, parsed once.
//! The text is first rewritten to a template in one pass over its bytes (`template`); [`Formulas`] looks the
//! template up and hands out its id. What is parsed (`lexer`, `parser`) is the template, never the text, so
//! that two cells with one id cannot mean different things.

mod characters;
mod formulas;
mod lexer;
mod mark;
mod operand;
#[cfg(test)]
mod outline;
mod parser;
#[cfg(test)]
mod properties;
mod qualified;
mod structured;
mod syntax;
mod syntax_error;
mod template;
mod tree;

pub use formulas::{Dialect, FormulaId, Formulas, MAX_FORMULA_CHARACTERS};
pub use parser::MAX_NESTING;
pub use syntax::*;
pub use syntax_error::SyntaxError;
