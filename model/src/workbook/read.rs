//! From the bytes of a file to a [`Workbook`].
//!
//! The archive's directory is checked, the root relationships lead to the workbook part, and that to styles,
//! shared strings, sheets and tables. Each part is streamed once; no document tree is ever held.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::cell_value::ValueReader;
use super::error::ReadError;
use super::formulas::BoundedFormulas;
use super::limits::Limits;
use super::package::Package;
use super::relationships::{self, Relationships};
use super::sheet::SheetReader;
use super::strings::{self, BoundedTexts};
use super::workbook_part::{self, WorkbookPart};
use super::xml::Events;
use super::{Workbook, file_kind, styles, tables};

/// Reads the workbook at `path` within the default [`Limits`].
pub fn open(path: &Path) -> Result<Workbook, ReadError> {
    read(File::open(path)?)
}

/// Reads the workbook in `source` within the default [`Limits`].
pub fn read<R: Read + Seek + Send>(source: R) -> Result<Workbook, ReadError> {
    read_within(source, &Limits::default())
}

/// Reads the workbook in `source` within `limits`. A second thread inflates the larger sheets while they are read.
pub fn read_within<R: Read + Seek + Send>(mut source: R, limits: &Limits) -> Result<Workbook, ReadError> {
    file_kind::expect_archive(&mut source)?;
    let package = Package::open(source, limits)?;
    WorkbookReader { package, limits }.read()
}

struct WorkbookReader<'l, R> {
    package: Package<'l, R>,
    limits: &'l Limits,
}

/// A part that holds a table, and the index of its sheet.
struct TablePart {
    name: String,
    sheet: u32,
}

/// Kinds of sheets that hold formulas of another kind, in the words of the warning about them. Chart sheets hold
/// none and need no warning.
const LEFT_ASIDE: [(&str, &str); 3] = [
    ("dialogsheet", "a dialog sheet"),
    ("xlMacrosheet", "a macro sheet"),
    ("xlIntlMacrosheet", "a macro sheet"),
];

impl<R: Read + Seek + Send> WorkbookReader<'_, R> {
    fn read(mut self) -> Result<Workbook, ReadError> {
        let limits = self.limits;
        let name = self.workbook_name()?;
        let part = self.package.read(&name, |events| workbook_part::read(events, limits))?;
        let part = part.ok_or_else(|| file_kind::not_a_workbook(self.package.names()))?;
        let related = self.relationships(&name)?;
        let mut workbook = Workbook {
            dates_from_1904: part.dates_from_1904,
            iterative: part.iterative,
            warnings: self.warnings(&related),
            ..Workbook::default()
        };
        let tables = self.read_sheets(&part, &related, &mut workbook)?;
        self.read_tables(tables, &mut workbook)?;
        take_names(part, &related, &mut workbook);
        Ok(workbook)
    }

    /// The name of the workbook part, to which the root relationships lead.
    fn workbook_name(&mut self) -> Result<String, ReadError> {
        let root = self.relationships("")?;
        let name = root.target_of_kind("officeDocument").unwrap_or("xl/workbook.xml");
        let is_workbook = !name.ends_with(".bin") && !name.starts_with("word/") && !name.starts_with("ppt/");
        match is_workbook && self.package.contains(name) {
            true => Ok(name.to_owned()),
            false => Err(file_kind::not_a_workbook(self.package.names())),
        }
    }

    /// The relationships of the part `name`; none where it has no part of them.
    fn relationships(&mut self, name: &str) -> Result<Relationships, ReadError> {
        let limits = self.limits;
        let part = relationships::part_of(name);
        let found = self.package.read(&part, |events| relationships::read(events, name, limits))?;
        Ok(found.unwrap_or_default())
    }

    fn warnings(&self, related: &Relationships) -> Vec<String> {
        let mut warnings = Vec::new();
        let has_macros = self.package.names().any(|name| name.ends_with("vbaproject.bin"));
        if has_macros || related.count_of_kind("vbaProject") > 0 {
            warnings.push("the workbook contains macros; they are ignored".to_owned());
        }
        let links = related.count_of_kind("externalLink");
        if links > 0 {
            let what = format!("the workbook links to {links} other workbook(s)");
            warnings.push(format!("{what}; the links are not followed"));
        }
        warnings
    }

    /// Reads the sheets in tab order; says which tables lie on them.
    fn read_sheets(
        &mut self,
        part: &WorkbookPart,
        related: &Relationships,
        workbook: &mut Workbook,
    ) -> Result<Vec<TablePart>, ReadError> {
        let limits = self.limits;
        let mut texts = BoundedTexts::new(&mut workbook.texts, limits);
        let strings =
            self.read_kind(related, "sharedStrings", |events| strings::read(events, &mut texts, limits))?;
        let formats = self.read_kind(related, "styles", |events| styles::read(events, limits))?;
        let values = ValueReader { texts, strings, dates_from_1904: part.dates_from_1904, unknown_errors: 0 };
        let formulas = BoundedFormulas::new(&mut workbook.formulas, limits);
        let mut reader = SheetReader::new(values, formats, formulas, limits);
        let mut tables = Vec::new();
        for entry in &part.sheets {
            let sheet_part = related.part(&entry.relationship).ok_or_else(|| {
                ReadError::damaged(format!("the sheet {:?}", entry.name), "its part is not named")
            })?;
            if sheet_part.kind != "worksheet" {
                if let Some((_, what)) = LEFT_ASIDE.iter().find(|(kind, _)| *kind == sheet_part.kind) {
                    workbook.warnings.push(format!("the sheet {:?} is {what}; it is ignored", entry.name));
                }
                continue;
            }
            let target = &sheet_part.target;
            let read = self.package.read(target, |events| reader.read(events, &entry.name))?;
            let (sheet, table_ids) = read.ok_or_else(|| missing(&entry.name, target))?;
            tables.extend(self.table_parts(target, &table_ids, workbook.sheets.len() as u32)?);
            workbook.sheets.push(sheet);
        }
        let unknown = reader.values.unknown_errors;
        if unknown > 0 {
            let what = format!("{unknown} cell(s) hold an error of an unknown kind");
            workbook.warnings.push(format!("{what}, taken as #VALUE!"));
        }
        Ok(tables)
    }

    /// Reads the part of this kind; nothing where there is none.
    fn read_kind<T: Default>(
        &mut self,
        related: &Relationships,
        kind: &str,
        parse: impl FnOnce(&mut Events<'_>) -> Result<T, ReadError>,
    ) -> Result<T, ReadError> {
        let Some(name) = related.target_of_kind(kind) else { return Ok(T::default()) };
        Ok(self.package.read(name, parse)?.unwrap_or_default())
    }

    /// The parts of the tables that the sheet part `part` names by their relationships.
    fn table_parts(&mut self, part: &str, ids: &[String], sheet: u32) -> Result<Vec<TablePart>, ReadError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let related = self.relationships(part)?;
        let table_part = |id: &String| match related.part(id) {
            Some(found) => Ok(TablePart { name: found.target.clone(), sheet }),
            None => Err(ReadError::damaged(part, "it has a table whose part is not named")),
        };
        ids.iter().map(table_part).collect()
    }

    fn read_tables(&mut self, parts: Vec<TablePart>, workbook: &mut Workbook) -> Result<(), ReadError> {
        let limit = self.limits.table_columns;
        let mut left = limit;
        for TablePart { name, sheet } in parts {
            let read = self.package.read(&name, |events| tables::read(events, sheet, left, limit))?;
            let table = read.ok_or_else(|| missing(&workbook.sheets[sheet as usize].name, &name))?;
            left -= table.columns.len() as u64;
            workbook.tables.push(table);
        }
        Ok(())
    }
}

/// Moves the names over, their scopes counted among the sheets that were read.
fn take_names(part: WorkbookPart, related: &Relationships, workbook: &mut Workbook) {
    let mut kept = 0;
    let mut indices = Vec::new();
    for entry in &part.sheets {
        let is_worksheet = related.part(&entry.relationship).is_some_and(|found| found.kind == "worksheet");
        indices.push(is_worksheet.then_some(kept));
        kept += u32::from(is_worksheet);
    }
    let mut dropped = 0;
    for mut name in part.names {
        if let Some(sheet) = name.scope {
            match indices.get(sheet as usize) {
                Some(Some(index)) => name.scope = Some(*index),
                // The name of a chart sheet, which no cell can use.
                Some(None) => continue,
                None => {
                    dropped += 1;
                    continue;
                }
            }
        }
        workbook.names.push(name);
    }
    if dropped > 0 {
        let what = format!("{dropped} defined name(s) belong to sheets that do not exist");
        workbook.warnings.push(format!("{what}; they are ignored"));
    }
}

fn missing(sheet: &str, part: &str) -> ReadError {
    ReadError::damaged(format!("the sheet {sheet:?}"), format!("its part {part} is missing or used twice"))
}
