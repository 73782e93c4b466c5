//! How a command ends when it does not succeed.

use std::process::ExitCode;

/// What went wrong, told apart by whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// What was asked for cannot be: the arguments or the model have to change. Exit code 2.
    #[error("{0}")]
    Refused(String),
    /// It was tried and did not work out, or was interrupted. Exit code 1.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    /// A refusal in the words of `reason`.
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
    pub fn refused(reason: impl ToString) -> Failure {
        Failure::Refused(reason.to_string())
    }

    /// The exit code the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Failure::Refused(_) => ExitCode::from(2),
            Failure::Failed(_) => ExitCode::from(1),
        }
    }
}
