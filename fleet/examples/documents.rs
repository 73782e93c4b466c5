//! Writes the documents that are made from the code: `.env.example` and `docs/metrics.md`.
//! `cargo run -p fermiac-fleet --example documents`, in the root of the repository.

use fermiac_fleet::{profile, telemetry};

fn main() -> std::io::Result<()> {
    std::fs::write(".env.example", profile::env_example())?;
    std::fs::write("docs/metrics.md", telemetry::metrics::document())
}
