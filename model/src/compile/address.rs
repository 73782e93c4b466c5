//! Cells across sheets: how a person names them, and the one name each has here.

use std::collections::HashMap;

use crate::cell::Position;
use crate::workbook::{DefinedName, Workbook};

/// A cell of a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Index of the sheet.
    pub sheet: u32,
    /// Place in it.
    pub position: Position,
}

/// Sheets and names of a workbook by their names, case ignored.
#[derive(Debug, Default)]
pub struct Directory {
    sheets: HashMap<String, u32>,
    names: HashMap<(Option<u32>, String), usize>,
    /// Names of the cells of a sheet without a name, as JSON models have.
    cells: HashMap<Position, usize>,
}

impl Directory {
    /// Of `workbook`.
    pub fn new(workbook: &Workbook) -> Directory {
        let sheets = workbook
            .sheets
            .iter()
            .zip(0..)
            .map(|(sheet, index)| (sheet.name.to_lowercase(), index))
            .collect();
        let names = workbook
            .names
            .iter()
            .enumerate()
            .map(|(index, name)| ((name.scope, name.name.to_lowercase()), index))
            .collect();
        let nameless = workbook.sheets.first().is_some_and(|sheet| sheet.name.is_empty());
        let cells = workbook
            .names
            .iter()
            .enumerate()
            .filter(|_| nameless)
            .filter_map(|(index, name)| Some((Position::parse(&name.text)?, index)))
            .collect();
        Directory { sheets, names, cells }
    }

    /// The sheet called `name`.
    pub fn sheet(&self, name: &str) -> Option<u32> {
        self.sheets.get(&name.to_lowercase()).copied()
    }

    /// The index of the defined name as seen from `sheet`: its own first, then the workbook's.
    pub fn name(&self, name: &str, sheet: u32) -> Option<usize> {
        let name = name.to_lowercase();
        let local = self.names.get(&(Some(sheet), name.clone()));
        local.or_else(|| self.names.get(&(None, name))).copied()
    }

    /// The cell that `text` names: `Sheet1!B2`, `'My sheet'!$B$2`, `B2` where there is one sheet, or a defined name
    /// of one cell.
    pub fn find(&self, workbook: &Workbook, text: &str) -> Result<Address, String> {
        let text = text.trim();
        if let Some((sheet_name, cell)) = split_sheet(text) {
            let sheet = self.sheet(&sheet_name).ok_or_else(|| self.no_sheet(workbook, &sheet_name))?;
            let position =
                Position::parse(cell).ok_or_else(|| format!("'{cell}' is not a cell such as B2"))?;
            return Ok(Address { sheet, position });
        }
        if let Some(index) = self.names.get(&(None, text.to_lowercase())) {
            return self.named_cell(&workbook.names[*index]);
        }
        match Position::parse(text) {
            Some(position) if workbook.sheets.len() == 1 && !workbook.sheets[0].name.is_empty() => {
                Ok(Address { sheet: 0, position })
            }
            Some(_) => Err(format!(
                "'{text}' does not say which sheet; write for example {}",
                self.example(workbook, text)
            )),
            None => Err(format!("there is no cell or defined name '{text}'")),
        }
    }

    fn named_cell(&self, name: &DefinedName) -> Result<Address, String> {
        let not_one = || format!("the name '{}' stands for {}, not for one cell", name.name, name.text);
        let (sheet, cell) = match split_sheet(&name.text) {
            Some((sheet, cell)) => (self.sheet(&sheet).ok_or_else(not_one)?, cell),
            None => (0, name.text.as_str()),
        };
        Ok(Address { sheet, position: Position::parse(cell).ok_or_else(not_one)? })
    }

    fn no_sheet(&self, workbook: &Workbook, name: &str) -> String {
        let known: Vec<&str> = workbook.sheets.iter().take(20).map(|sheet| sheet.name.as_str()).collect();
        format!("there is no sheet '{name}'; the sheets are: {}", known.join(", "))
    }

    fn example(&self, workbook: &Workbook, cell: &str) -> String {
        workbook
            .sheets
            .first()
            .map_or(cell.to_owned(), |sheet| format!("{}!{cell}", quote_sheet(&sheet.name)))
    }

    /// The one name of a cell: `Inputs!B1`, `'My sheet'!B1`, or its name in a JSON model.
    pub fn identity(&self, workbook: &Workbook, address: Address) -> String {
        let sheet = &workbook.sheets[address.sheet as usize].name;
        if sheet.is_empty()
            && let Some(index) = self.cells.get(&address.position)
        {
            return workbook.names[*index].name.clone();
        }
        format!("{}!{}", quote_sheet(sheet), address.position)
    }
}

/// `'My sheet'!B2` taken apart, quotes resolved.
pub fn split_sheet(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let mut end = 0;
        loop {
            end += quoted[end..].find('\'')?;
            if quoted[end + 1..].starts_with('\'') {
                end += 2;
                continue;
            }
            return Some((quoted[..end].replace("''", "'"), quoted[end + 1..].strip_prefix('!')?));
        }
    }
    let (sheet, cell) = text.rsplit_once('!')?;
    Some((sheet.to_owned(), cell))
}

/// A sheet's name as a formula writes it.
pub fn quote_sheet(name: &str) -> String {
    let plain = !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.')
        && Position::parse(name).is_none();
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_quoted_where_they_must_be() {
        for (name, quoted) in
            [("Inputs", "Inputs"), ("My sheet", "'My sheet'"), ("It's", "'It''s'"), ("A1", "'A1'")]
        {
            assert_eq!(quote_sheet(name), quoted);
            let text = format!("{quoted}!B2");
            assert_eq!(split_sheet(&text), Some((name.to_owned(), "B2")));
        }
    }
}
