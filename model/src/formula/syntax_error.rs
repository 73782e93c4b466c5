//! Why a text is no formula.

/// A formula that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {offset} of the formula)")]
pub struct SyntaxError {
    /// What is wrong, in words.
    pub message: String,
    /// Where: bytes after the `=`, in the formula as [`super::Formulas::text`] shows it in the first cell that
    /// it was met in.
    pub offset: usize,
}

impl SyntaxError {
    pub(super) fn new(offset: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), offset }
    }
}
