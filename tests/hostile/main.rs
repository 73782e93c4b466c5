//! Models made to exhaust or mislead the program: each is refused with exit code 2 and a message, or computed, and
//! none takes more than 300 MB.
//!
//! `cargo test --release --test hostile -- --nocapture --test-threads 1` prints what each case takes.

mod archives;
mod child;
mod formulas;
mod json_models;
mod lookups;
mod package;
