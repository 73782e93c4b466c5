//! Why a file was refused, in words for the person who brought it.

use std::io;

/// A file that could not be read as a workbook. The variants differ in what can be done about it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The bytes could not be had: try again, or look at the path and its permissions.
    #[error("the file could not be read: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file: convert it.
    #[error("{what}; {remedy}")]
    NotXlsx {
        /// What the file is.
        what: String,
        /// What to do with it.
        remedy: &'static str,
    },
    /// A broken file: open it in a spreadsheet program and save it again.
    #[error(
        "the workbook is damaged at {place}: {reason}; open it in a spreadsheet program and save it again as .xlsx"
    )]
    Damaged {
        /// The part of the package, or the sheet and cell.
        place: String,
        /// What is wrong there.
        reason: String,
    },
    /// More than the reader's [`super::Limits`] allow: make the workbook smaller.
    #[error(
        "the workbook is too large at {place}: it has more than {limit} {what}; remove what the model does not need"
    )]
    TooLarge {
        /// The part of the package, or the sheet and cell.
        place: String,
        /// What there is too much of, in the plural.
        what: &'static str,
        /// How many are allowed.
        limit: u64,
    },
    /// Built in a way that no spreadsheet program builds files, and that attacks do.
    #[error(
        "the file is refused because it looks like an attack: {reason}; \
         if you trust it, open it in a spreadsheet program and save it again as .xlsx"
    )]
    Unsafe {
        /// What is wrong.
        reason: String,
    },
}

impl ReadError {
    /// A broken file, at `place`.
    pub(super) fn damaged(place: impl Into<String>, reason: impl Into<String>) -> ReadError {
        ReadError::Damaged { place: place.into(), reason: reason.into() }
    }

    /// A hostile file.
    pub(super) fn hostile(reason: impl Into<String>) -> ReadError {
        ReadError::Unsafe { reason: reason.into() }
    }
}

/// At most `limit` characters of `text`, for a message: what a hostile file says must not fill the screen.
pub(super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 60;
    let mut short: String = text.chars().take(CHARACTERS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
