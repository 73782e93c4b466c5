//! The command line of Fermiac.

fn main() {}
