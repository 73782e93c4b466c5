//! From the bytes of a file to a [`Workbook`].
//!
//! The archive's directory is checked, the root relationships lead to the workbook part, and that to styles,
//! shared strings, sheets and tables. Each part is streamed once; no document tree is ever held.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::error::ReadError;
use super::formulas::BoundedFormulas;
use super::limits::Limits;
use super::package::Package;
use super::relationships::{self, Relationship};
use super::sheet::SheetReader;
use super::strings::{self, BoundedTexts, SharedStrings};
use super::workbook_part::{self, SheetEntry, WorkbookPart};
use super::{DefinedName, Table, Workbook, file_kind, styles, tables};

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

/// A sheet that holds no cells, in the words of the warning about it.
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
        let document = root.into_iter().find(|relationship| relationship.kind == "officeDocument");
        let name = document.map_or("xl/workbook.xml".to_owned(), |document| document.target);
        let is_workbook = !name.ends_with(".bin") && !name.starts_with("word/") && !name.starts_with("ppt/");
        match is_workbook && self.package.contains(&name) {
            true => Ok(name),
            false => Err(file_kind::not_a_workbook(self.package.names())),
        }
    }

    /// The relationships of the part `name`; none where it has no part of them.
    fn relationships(&mut self, name: &str) -> Result<Vec<Relationship>, ReadError> {
        let limits = self.limits;
        let part = relationships::part_of(name);
        let found = self.package.read(&part, |events| relationships::read(events, name, limits))?;
        Ok(found.unwrap_or_default())
    }

    fn warnings(&self, related: &[Relationship]) -> Vec<String> {
        let mut warnings = Vec::new();
        let has_macros = self.package.names().any(|name| name.ends_with("vbaproject.bin"));
        if has_macros || related.iter().any(|relationship| relationship.kind == "vbaProject") {
            warnings.push("the workbook contains macros; they are ignored".to_owned());
        }
        let links = related.iter().filter(|relationship| relationship.kind == "externalLink").count();
        if links > 0 {
            warnings
                .push(format!("the workbook links to {links} other workbook(s); the links are not followed"));
        }
        warnings
    }

    /// Reads the sheets in tab order; says which table parts they have.
    fn read_sheets(
        &mut self,
        part: &WorkbookPart,
        related: &[Relationship],
        workbook: &mut Workbook,
    ) -> Result<Vec<(u32, String)>, ReadError> {
        let limits = self.limits;
        let mut texts = BoundedTexts::new(&mut workbook.texts, limits);
        let strings = self.read_strings(related, &mut texts)?;
        let formulas = BoundedFormulas::new(&mut workbook.formulas, limits);
        let mut reader = SheetReader::new(texts, formulas, limits);
        reader.strings = strings;
        reader.dates_from_1904 = part.dates_from_1904;
        if let Some(name) = target_of_kind(related, "styles") {
            reader.formats =
                self.package.read(name, |events| styles::read(events, limits))?.unwrap_or_default();
        }
        let mut tables = Vec::new();
        for entry in &part.sheets {
            let relationship = relationship_of(entry, related)?;
            if relationship.kind != "worksheet" {
                if let Some((_, what)) = LEFT_ASIDE.iter().find(|(kind, _)| *kind == relationship.kind) {
                    workbook.warnings.push(format!("the sheet {:?} is {what}; it is ignored", entry.name));
                }
                continue;
            }
            let read = self.package.read(&relationship.target, |events| reader.read(events, &entry.name))?;
            let (sheet, table_ids) = read.ok_or_else(|| missing(&entry.name, &relationship.target))?;
            let index = workbook.sheets.len() as u32;
            workbook.sheets.push(sheet);
            let names = self.table_parts(&relationship.target, &table_ids)?;
            tables.extend(names.into_iter().map(|name| (index, name)));
        }
        if reader.unknown_errors > 0 {
            let count = reader.unknown_errors;
            workbook
                .warnings
                .push(format!("{count} cell(s) hold an error of an unknown kind, taken as #VALUE!"));
        }
        Ok(tables)
    }

    fn read_strings(
        &mut self,
        related: &[Relationship],
        texts: &mut BoundedTexts<'_>,
    ) -> Result<SharedStrings, ReadError> {
        let limits = self.limits;
        let Some(name) = target_of_kind(related, "sharedStrings") else {
            return Ok(SharedStrings::default());
        };
        let read = self.package.read(name, |events| strings::read(events, texts, limits))?;
        Ok(read.unwrap_or_default())
    }

    /// The parts of the tables that the sheet part `sheet` names by their relationships.
    fn table_parts(&mut self, sheet: &str, ids: &[String]) -> Result<Vec<String>, ReadError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let related = self.relationships(sheet)?;
        let tables = related.into_iter().filter(|relationship| {
            relationship.kind == "table" && !relationship.external && ids.contains(&relationship.id)
        });
        let names: Vec<String> = tables.map(|relationship| relationship.target).collect();
        match names.len() >= ids.len() {
            true => Ok(names),
            false => Err(ReadError::damaged(sheet, "it has a table whose part is not named")),
        }
    }

    fn read_tables(&mut self, parts: Vec<(u32, String)>, workbook: &mut Workbook) -> Result<(), ReadError> {
        let limit = self.limits.table_columns;
        let mut left = limit;
        for (sheet, name) in parts {
            let read = self.package.read(&name, |events| tables::read(events, sheet, left, limit))?;
            let table: Table = read.ok_or_else(|| missing(&workbook.sheets[sheet as usize].name, &name))?;
            left -= table.columns.len() as u64;
            workbook.tables.push(table);
        }
        Ok(())
    }
}

/// Moves the names over, their scopes counted among the sheets that were read.
fn take_names(part: WorkbookPart, related: &[Relationship], workbook: &mut Workbook) {
    let mut kept = 0;
    let indices: Vec<Option<u32>> = part
        .sheets
        .iter()
        .map(|entry| {
            let is_worksheet = relationship_of(entry, related).is_ok_and(|found| found.kind == "worksheet");
            is_worksheet.then(|| {
                kept += 1;
                kept - 1
            })
        })
        .collect();
    let mut dropped = 0;
    for name in part.names {
        let scope = match name.scope {
            None => None,
            Some(sheet) => match indices.get(sheet as usize) {
                Some(Some(index)) => Some(*index),
                // The name of a chart sheet, which no cell can use.
                Some(None) => continue,
                None => {
                    dropped += 1;
                    continue;
                }
            },
        };
        workbook.names.push(DefinedName { scope, ..name });
    }
    if dropped > 0 {
        workbook
            .warnings
            .push(format!("{dropped} defined name(s) belong to sheets that do not exist; they are ignored"));
    }
}

fn relationship_of<'r>(
    entry: &SheetEntry,
    related: &'r [Relationship],
) -> Result<&'r Relationship, ReadError> {
    let found =
        related.iter().find(|relationship| relationship.id == entry.relationship && !relationship.external);
    found.ok_or_else(|| ReadError::damaged(format!("the sheet {:?}", entry.name), "its part is not named"))
}

fn target_of_kind<'r>(related: &'r [Relationship], kind: &str) -> Option<&'r str> {
    let found = related.iter().find(|relationship| relationship.kind == kind && !relationship.external);
    found.map(|relationship| relationship.target.as_str())
}

fn missing(sheet: &str, part: &str) -> ReadError {
    ReadError::damaged(format!("the sheet {sheet:?}"), format!("its part {part} is missing or used twice"))
}
