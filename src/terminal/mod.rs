//! How things look to a person at a terminal.

pub mod bars;

pub use fermiac_simulation::number;

use std::fmt::Display;
use std::io::IsTerminal;

use console::Term;

/// The width used where no terminal says its own.
const DEFAULT_WIDTH: usize = 80;
/// Lines longer than this are hard to read, however wide the terminal.
const MAX_WIDTH: usize = 100;
/// Below this nothing can be aligned.
const MIN_WIDTH: usize = 60;

/// A screen of some width, with or without colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns to fill.
    pub width: usize,
    /// Whether escape sequences are understood and wanted.
    pub color: bool,
}

impl Screen {
    /// Standard output as it is: no colour where it is no terminal, or where `NO_COLOR` is set.
    pub fn of_stdout() -> Screen {
        let terminal = std::io::stdout().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let width = match Term::stdout().size_checked() {
            Some((_, columns)) if terminal => usize::from(columns),
            _ => DEFAULT_WIDTH,
        };
        Screen { width: width.clamp(MIN_WIDTH, MAX_WIDTH), color: terminal && !refused }
    }

    /// For headings.
    pub fn bold(&self, text: impl Display) -> String {
        self.wrapped("1", text)
    }

    /// For what matters less.
    pub fn dim(&self, text: impl Display) -> String {
        self.wrapped("2", text)
    }

    /// For bars.
    pub fn bar(&self, text: impl Display) -> String {
        self.wrapped("36", text)
    }

    /// For bars that point the other way.
    pub fn opposite_bar(&self, text: impl Display) -> String {
        self.wrapped("33", text)
    }

    /// For what should not be missed.
    pub fn alarm(&self, text: impl Display) -> String {
        self.wrapped("31", text)
    }

    fn wrapped(&self, code: &str, text: impl Display) -> String {
        if self.color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}

/// `text` without control characters, which a file could use to play tricks on the terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// `text`, printable, in exactly `width` columns: cut with an ellipsis or filled with spaces.
pub fn padded(text: &str, width: usize) -> String {
    let text = printable(text);
    let text = console::truncate_str(&text, width, "…");
    let missing = width.saturating_sub(console::measure_text_width(&text));
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_play_tricks_on_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }

    #[test]
    fn padding_counts_columns_of_the_screen() {
        assert_eq!(padded("ab", 4), "ab  ");
        assert_eq!(padded("abcdef", 4), "abc…");
        assert_eq!(padded("日本", 5), "日本 ");
    }

    #[test]
    fn no_colour_means_no_escape_sequences() {
        let plain = Screen { width: 80, color: false };
        assert_eq!(plain.bold("x"), "x");
        assert_eq!(Screen { color: true, ..plain }.bold("x"), "\u{1b}[1mx\u{1b}[0m");
    }
}
