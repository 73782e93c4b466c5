//! Defined names of single cells, so that a name and an address of one cell are known to mean the same.

use std::collections::HashMap;

use super::cell_name::{CellName, plain};
use crate::workbook::{DefinedName, Workbook};

/// The defined names of a workbook by how they can be written.
pub(super) struct Names<'a>(HashMap<CellName, &'a DefinedName>);

impl<'a> Names<'a> {
    pub(super) fn of(workbook: &'a Workbook) -> Names<'a> {
        let named = workbook.names.iter().map(|name| {
            let sheet = name.scope.and_then(|scope| workbook.sheets.get(scope as usize));
            let sheet = sheet.map_or(String::new(), |sheet| sheet.name.to_lowercase());
            ((sheet, name.name.to_lowercase()), name)
        });
        Names(named.collect())
    }

    /// What all texts that mean the cell of `text` have in common, be they addresses or a name.
    pub(super) fn cell(&self, text: &str) -> CellName {
        let written = plain(text);
        match self.0.get(&written) {
            Some(name) => plain(name.text.trim().trim_start_matches('=')),
            None => written,
        }
    }

    /// The name that `text` is, spelled as in the workbook.
    pub(super) fn name(&self, text: &str) -> Option<String> {
        self.0.get(&plain(text)).map(|name| name.name.clone())
    }
}
