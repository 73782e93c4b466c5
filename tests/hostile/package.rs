//! Workbooks out of the XML of their parts, and the folder that they stand in for one test.

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::child::{Ended, fermiac};

const TYPES: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A folder with one model in it, gone when the test ends.
pub struct Model {
    folder: PathBuf,
    file: PathBuf,
}

impl Model {
    /// A file called `name` that holds `bytes`.
    pub fn new(name: &str, bytes: &[u8]) -> Model {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("fermiac-hostile-{}-{number}", std::process::id()));
        fs::create_dir(&folder).expect("the folder for temporary files can be written");
        let file = folder.join(name);
        fs::write(&file, bytes).expect("the folder is ours");
        Model { folder, file }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `fermiac COMMAND MODEL MORE`.
    pub fn run(&self, case: &str, command: &str, more: &[&str]) -> Ended {
        let file = self.file.to_str().expect("paths of tests are UTF-8");
        fermiac(case, &self.folder, &[&[command, file], more].concat())
    }

    /// Asserts that `fermiac run` refuses the model and says all of `words`.
    pub fn is_refused(&self, case: &str, more: &[&str], words: &[&str]) {
        let ended = self.run(case, "run", more);
        assert_eq!(ended.code, Some(2), "{case}: {}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.stdout, "", "{case}: a refusal prints no result");
        assert!(ended.stderr.len() < 100_000, "{case}: {} bytes of message", ended.stderr.len());
        assert!(ended.stderr.starts_with("fermiac: "), "{case}: {}", ended.stderr);
        for word in words {
            assert!(ended.stderr.contains(word), "{case}: {word:?} is not in {}", ended.stderr);
        }
    }

    /// Asserts that `fermiac run` takes the model, and gives the mean of its only output.
    pub fn mean(&self, case: &str, more: &[&str]) -> f64 {
        let ended = self.run(case, "run", &[&["--json", "--trials", "100", "--threads", "2"], more].concat());
        assert_eq!(ended.code, Some(0), "{case}: {}", ended.stderr);
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).expect("--json prints JSON");
        let outputs = document["outputs"].as_object().expect("a result has its outputs");
        let output = outputs.values().next().expect("there is an output");
        output["mean"].as_f64().unwrap_or_else(|| panic!("{case}: {output}"))
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // What cannot be removed is left to whoever cleans the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The parts of a workbook with one sheet called `S`.
#[derive(Default)]
pub struct Parts {
    /// The inside of `<worksheet>`.
    pub sheet: String,
    /// The inside of `<workbook>`, behind the sheets.
    pub workbook: String,
    /// Any other parts, which replace the generated ones.
    pub other: Vec<(String, Vec<u8>)>,
    /// Whether the parts are stored, which is the fastest, or deflated.
    pub deflated: bool,
}

impl Parts {
    /// A workbook whose `<sheetData>` holds `rows`.
    pub fn with_rows(rows: &str) -> Parts {
        Parts { sheet: format!("<sheetData>{rows}</sheetData>"), ..Parts::default() }
    }

    /// A workbook of these cells, row by row: a formula where the text begins with `=`, else a number.
    pub fn with_cells<Row: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = Row>) -> Parts {
        let mut xml = String::new();
        for row in rows {
            xml.push_str("<row>");
            for cell in row {
                match cell.strip_prefix('=') {
                    Some(formula) => write!(xml, "<c><f>{}</f><v>0</v></c>", escaped(formula)),
                    None => write!(xml, "<c><v>{cell}</v></c>"),
                }
                .expect("a string takes all");
            }
            xml.push_str("</row>");
        }
        Parts::with_rows(&xml)
    }

    /// With defined names.
    pub fn names<'a>(mut self, names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Parts {
        self.workbook.push_str("<definedNames>");
        for (name, text) in names {
            write!(self.workbook, "<definedName name=\"{name}\">{}</definedName>", escaped(text))
                .expect("a string takes all");
        }
        self.workbook.push_str("</definedNames>");
        self
    }

    /// With one more part, or another in its place.
    pub fn part(mut self, name: &str, content: impl Into<Vec<u8>>) -> Parts {
        self.other.push((name.to_owned(), content.into()));
        self
    }

    /// The bytes of the file.
    pub fn bytes(self) -> Vec<u8> {
        let sheet = format!("<worksheet>{}</worksheet>", self.sheet);
        let workbook = format!(
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets>{}</workbook>",
            self.workbook
        );
        let mut parts = vec![
            ("_rels/.rels".to_owned(), links(&[("officeDocument", "xl/workbook.xml")])),
            ("xl/workbook.xml".to_owned(), workbook.into_bytes()),
            (
                "xl/_rels/workbook.xml.rels".to_owned(),
                links(&[("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")]),
            ),
            ("xl/worksheets/sheet1.xml".to_owned(), sheet.into_bytes()),
        ];
        for (name, content) in self.other {
            parts.retain(|(known, _)| *known != name);
            parts.push((name, content));
        }
        let method = if self.deflated { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        archive(parts.iter().map(|(name, content)| (name.as_str(), content.as_slice())), method)
    }

    /// The file in a folder of its own.
    pub fn model(self) -> Model {
        Model::new("model.xlsx", &self.bytes())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A part of relationships: rId1, rId2, ...
pub fn links(links: &[(&str, &str)]) -> Vec<u8> {
    let link = |(number, (kind, target)): (usize, &(&str, &str))| {
        format!("<Relationship Id=\"rId{}\" Type=\"{TYPES}/{kind}\" Target=\"{target}\"/>", number + 1)
    };
    let links: String = links.iter().enumerate().map(link).collect();
    format!("<Relationships>{links}</Relationships>").into_bytes()
}

/// An archive of these entries.
pub fn archive<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])>, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in entries {
        writer.start_file(name, options).expect("it is written to memory");
        writer.write_all(content).expect("it is written to memory");
    }
    writer.finish().expect("it is written to memory").into_inner()
}
