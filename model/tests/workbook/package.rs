//! Builds small workbooks out of the XML of their parts.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use fermiac_model::cell::Position;
use fermiac_model::workbook::{Cell, ReadError, Sheet, Workbook, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const RELATIONSHIP_TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// The parts of a package, by name.
#[derive(Debug, Clone)]
pub struct Package {
    parts: BTreeMap<String, String>,
    /// (name, kind) of each sheet.
    sheets: Vec<(String, &'static str)>,
    workbook_inside: String,
    links: String,
}

impl Package {
    /// A workbook with one sheet called `Model`; `rows` is the inside of its `<sheetData>`.
    pub fn with_rows(rows: &str) -> Package {
        Package::empty().sheet("Model", &format!("<sheetData>{rows}</sheetData>"))
    }

    /// A workbook without sheets.
    pub fn empty() -> Package {
        Package {
            parts: BTreeMap::new(),
            sheets: Vec::new(),
            workbook_inside: String::new(),
            links: String::new(),
        }
    }

    /// Adds a worksheet; `inside` is the inside of its `<worksheet>`.
    pub fn sheet(self, name: &str, inside: &str) -> Package {
        self.sheet_of_kind(name, "worksheet", &format!("<worksheet>{inside}</worksheet>"))
    }

    /// Adds a sheet of any kind.
    pub fn sheet_of_kind(mut self, name: &str, kind: &'static str, xml: &str) -> Package {
        self.sheets.push((name.to_owned(), kind));
        let part = format!("xl/worksheets/sheet{}.xml", self.sheets.len());
        self.part(&part, xml)
    }

    /// Adds to the inside of `<workbook>`, behind the sheets.
    pub fn workbook(mut self, xml: &str) -> Package {
        self.workbook_inside.push_str(xml);
        self
    }

    /// Adds a relationship of the workbook part.
    pub fn link(mut self, kind: &str, target: &str) -> Package {
        self.links.push_str(&relationship(&format!("x{}", self.links.len()), kind, target));
        self
    }

    /// Adds a shared string table; `items` is the inside of its `<sst>`.
    pub fn strings(self, items: &str) -> Package {
        self.link("sharedStrings", "sharedStrings.xml")
            .part("xl/sharedStrings.xml", &format!("<sst count=\"1\" uniqueCount=\"1\">{items}</sst>"))
    }

    /// Adds styles; `inside` is the inside of `<styleSheet>`.
    pub fn styles(self, inside: &str) -> Package {
        self.link("styles", "styles.xml").part("xl/styles.xml", &format!("<styleSheet>{inside}</styleSheet>"))
    }

    /// Adds or replaces a part.
    pub fn part(mut self, name: &str, xml: &str) -> Package {
        self.parts.insert(name.to_owned(), xml.to_owned());
        self
    }

    /// Every part with the generated ones, which [`Package::part`] may have replaced.
    pub fn parts(&self) -> BTreeMap<String, String> {
        let (mut sheets, mut links) = (String::new(), self.links.clone());
        for (index, (name, kind)) in self.sheets.iter().enumerate() {
            let number = index + 1;
            sheets.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"));
            links.push_str(&relationship(
                &format!("rId{number}"),
                kind,
                &format!("worksheets/sheet{number}.xml"),
            ));
        }
        let generated = [
            ("_rels/.rels", relationships(&relationship("rId1", "officeDocument", "xl/workbook.xml"))),
            (
                "xl/workbook.xml",
                format!("<workbook><sheets>{sheets}</sheets>{}</workbook>", self.workbook_inside),
            ),
            ("xl/_rels/workbook.xml.rels", relationships(&links)),
        ];
        let mut parts: BTreeMap<_, _> =
            generated.into_iter().map(|(name, xml)| (name.to_owned(), xml)).collect();
        parts.extend(self.parts.clone());
        parts
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> Vec<u8> {
        archive(self.parts().iter().map(|(name, xml)| (name.as_str(), xml.as_bytes())))
    }

    /// What the reader makes of it.
    pub fn read(&self) -> Result<Workbook, ReadError> {
        read(Cursor::new(self.bytes()))
    }

    /// The message with which the reader refuses it.
    pub fn refusal(&self) -> String {
        self.read().expect_err("the reader refuses this").to_string()
    }
}

/// The inside of a part of relationships.
pub fn relationships(inside: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships>{inside}</Relationships>")
}

/// One relationship.
pub fn relationship(id: &str, kind: &str, target: &str) -> String {
    format!("<Relationship Id=\"{id}\" Type=\"{RELATIONSHIP_TYPES}/{kind}\" Target=\"{target}\"/>")
}

/// A deflated archive of these entries.
pub fn archive<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        writer.start_file(name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The cell called `name`.
pub fn cell(sheet: &Sheet, name: &str) -> Cell {
    let index = sheet.cells.find(Position::parse(name).unwrap());
    sheet.cells.as_slice()[index.unwrap_or_else(|| panic!("{name} is empty"))]
}
