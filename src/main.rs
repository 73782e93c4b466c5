//! The binary `fermiac`: every role is a subcommand, and every subcommand lives in the library.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    fermiac::command_line()
}
