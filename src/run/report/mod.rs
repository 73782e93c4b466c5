//! One page that holds all a run came to, with charts, and needs no other file: `--report out.html`.

mod charts;
mod page;
mod tornado;

use std::io::Write;
use std::path::Path;

use super::Subject;
use crate::document;
use crate::failure::Failure;
use fermiac_simulation::outcome::Outcome;

/// Writes the page to `path`.
pub fn write(outcome: &Outcome, subject: &Subject, path: &Path) -> Result<(), Failure> {
    let page = page::page(outcome, subject)
        .map_err(|error| Failure::Failed(format!("cannot draw the charts of {}: {error}", path.display())))?;
    document::write_file(path, |writer| writer.write_all(page.as_bytes()))
}
