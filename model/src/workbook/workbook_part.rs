//! `xl/workbook.xml`: sheets in tab order, defined names, date system, iteration.

use std::collections::HashSet;

use super::DefinedName;
use super::error::{ReadError, excerpt};
use super::escapes::unescape;
use super::limits::Limits;
use super::xml::Events;

/// Longer names of sheets (31 characters) and of names (255 characters) are no honest ones.
const NAME_BYTES: usize = 1_024;

/// What the workbook part says.
#[derive(Debug, Default)]
pub(super) struct WorkbookPart {
    /// In tab order, sheets of every kind.
    pub sheets: Vec<SheetEntry>,
    /// Scopes are indices of `sheets` here.
    pub names: Vec<DefinedName>,
    /// Serial 0 is 1904-01-01.
    pub dates_from_1904: bool,
    /// Iterative calculation is on.
    pub iterative: bool,
}

/// A sheet as the workbook part lists it.
#[derive(Debug)]
pub(super) struct SheetEntry {
    /// As the tab shows it.
    pub name: String,
    /// The relationship that leads to its part.
    pub relationship: String,
}

/// Reads the workbook part.
pub(super) fn read(events: &mut Events<'_>, limits: &Limits) -> Result<WorkbookPart, ReadError> {
    let mut part = WorkbookPart::default();
    let mut sheet_names = HashSet::new();
    events.expect_root("workbook")?;
    while events.next_child()? {
        match events.name() {
            "sheets" => {
                while events.next_child()? {
                    if events.name() == "sheet" {
                        let sheet = read_sheet(events)?;
                        if !sheet_names.insert(sheet.name.to_lowercase()) {
                            let shown = excerpt(&sheet.name);
                            return Err(events.damaged(format!("two sheets are called {shown:?}")));
                        }
                        part.sheets.push(sheet);
                        if part.sheets.len() as u64 > limits.sheets {
                            return Err(events.too_large("sheets", limits.sheets));
                        }
                    }
                    events.skip()?;
                }
            }
            "definedNames" => read_names(events, &mut part, limits)?,
            "workbookPr" => {
                part.dates_from_1904 = events.flag("date1904")?;
                events.skip()?;
            }
            "calcPr" => {
                part.iterative = events.flag("iterate")?;
                events.skip()?;
            }
            _ => events.skip()?,
        }
    }
    Ok(part)
}

fn read_sheet(events: &Events<'_>) -> Result<SheetEntry, ReadError> {
    let name = events.attribute("name")?.ok_or_else(|| events.damaged("a sheet has no name"))?;
    let name = unescape(&name).into_owned();
    let shown = excerpt(&name);
    if name.is_empty() || name.len() > NAME_BYTES {
        return Err(events.damaged(format!("the sheet name {shown:?} is empty or too long")));
    }
    match events.attribute("id")? {
        Some(relationship) => Ok(SheetEntry { name, relationship }),
        None => Err(events.damaged(format!("the sheet {shown:?} has no part"))),
    }
}

fn read_names(events: &mut Events<'_>, part: &mut WorkbookPart, limits: &Limits) -> Result<(), ReadError> {
    let mut bytes = 0;
    while events.next_child()? {
        if events.name() != "definedName" {
            events.skip()?;
            continue;
        }
        let name = events.attribute("name")?.ok_or_else(|| events.damaged("a defined name has no name"))?;
        let scope = match events.attribute("localSheetId")? {
            None => None,
            Some(index) => Some(index.parse().map_err(|_| {
                events.damaged(format!(
                    "the name {:?} belongs to sheet {:?}",
                    excerpt(&name),
                    excerpt(&index)
                ))
            })?),
        };
        let mut text = String::new();
        events.text_into(&mut text)?;
        let text = unescape(text.trim()).into_owned();
        if text.chars().count() as u64 > limits.formula_characters {
            return Err(events.too_large("characters in a defined name", limits.formula_characters));
        }
        bytes += (name.len() + text.len()) as u64;
        if bytes > limits.name_bytes {
            return Err(events.too_large("bytes of defined names", limits.name_bytes));
        }
        if part.names.len() as u64 >= limits.names {
            return Err(events.too_large("defined names", limits.names));
        }
        part.names.push(DefinedName { name, scope, text });
    }
    Ok(())
}
