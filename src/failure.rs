//! How a command ends when it does not succeed.

use std::process::ExitCode;

pub use fermiac_simulation::Failure;

/// The exit code that tells whose turn it is: 2 whoever typed, 1 whoever runs it.
pub fn exit_code(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Refused(_) => ExitCode::from(2),
        Failure::Failed(_) | Failure::Device(_) | Failure::Cancelled => ExitCode::from(1),
    }
}
