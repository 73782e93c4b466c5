//! Opens what is to be simulated: a workbook or a JSON model, told apart by content, not by name.

use std::fmt::Display;
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;
use std::time::Instant;

use fermiac_model::compile::Selection;
use fermiac_model::workbook::{Content, Workbook};
use fermiac_model::{json_model, selection, workbook};

use crate::Failure;

/// How much of the beginning is looked at to tell what a file is.
const LOOKED_AT: u64 = 512;

/// A model as it was read.
#[derive(Debug)]
pub struct ModelFile {
    /// The cells.
    pub workbook: Workbook,
    /// The inputs and outputs that the model itself names.
    pub selection: Selection,
    /// How long reading took.
    pub load_ms: f64,
}

/// Reads the model at `path`.
pub fn load(path: &Path) -> Result<ModelFile, Failure> {
    let started = Instant::now();
    if is_json(path)? {
        let bytes = read_bounded(path)?;
        return ModelFile::of_json(&bytes, started).map_err(|reason| refused(path, reason));
    }
    ModelFile::of_workbook(load_workbook(path)?, started).map_err(|reason| refused(path, reason))
}

/// The text of the JSON model in `path`; nothing where it is a workbook.
pub fn json_text(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    if is_json(path)? { read_bounded(path).map(Some) } else { Ok(None) }
}

/// Reads the model in `bytes`, a workbook or a JSON model.
pub fn read(bytes: &[u8]) -> Result<ModelFile, Failure> {
    let started = Instant::now();
    let head = &bytes[..bytes.len().min(LOOKED_AT as usize)];
    if begins_as_json(head).map_err(Failure::refused)? {
        return ModelFile::of_json(bytes, started).map_err(Failure::Refused);
    }
    let workbook = workbook::read(Cursor::new(bytes)).map_err(Failure::refused)?;
    ModelFile::of_workbook(workbook, started).map_err(Failure::Refused)
}

impl ModelFile {
    fn of_json(bytes: &[u8], started: Instant) -> Result<ModelFile, String> {
        let (workbook, selection) = json_model::read(bytes).map_err(|error| error.to_string())?;
        Ok(ModelFile { workbook, selection, load_ms: milliseconds_since(started) })
    }

    fn of_workbook(mut workbook: Workbook, started: Instant) -> Result<ModelFile, String> {
        let selection = selection::take_sheet(&mut workbook).map_err(|error| error.to_string())?;
        Ok(ModelFile { workbook, selection, load_ms: milliseconds_since(started) })
    }

    /// How many cells hold something.
    pub fn cells(&self) -> usize {
        self.workbook.sheets.iter().map(|sheet| sheet.cells.len()).sum()
    }

    /// How many of them a formula fills.
    pub fn formulas(&self) -> usize {
        let cells = self.workbook.sheets.iter().flat_map(|sheet| sheet.cells.as_slice());
        cells.filter(|cell| cell.content != Content::Constant).count()
    }
}

/// Reads the workbook at `path` as it is, the sheet `fermiac` included.
pub fn load_workbook(path: &Path) -> Result<Workbook, Failure> {
    if is_json(path)? {
        return Err(refused(path, "this is a JSON model, which stores no values; name a workbook"));
    }
    workbook::open(path).map_err(|error| refused(path, error))
}

fn refused(path: &Path, reason: impl Display) -> Failure {
    Failure::Refused(format!("{}: {reason}", path.display()))
}

/// Milliseconds since `started`, to the microsecond.
pub(crate) fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_micros() as f64 / 1_000.0
}

fn is_json(path: &Path) -> Result<bool, Failure> {
    let mut head = Vec::new();
    open(path)?.take(LOOKED_AT).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
    begins_as_json(&head).map_err(|reason| refused(path, reason))
}

/// Whether the first thing is an opening brace, or a bracket, which a workbook never begins with.
fn begins_as_json(head: &[u8]) -> Result<bool, &'static str> {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if head.len() < LOOKED_AT as usize => Err("the file is empty"),
        first => Ok(matches!(first, Some(b'{' | b'['))),
    }
}

/// One byte more than is allowed, so that the reader of the model can refuse it in its own words.
fn read_bounded(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = json_model::MAX_BYTES as u64 + 1;
    open(path)?.take(limit).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(Failure::Refused(format!("{} is a folder; name a file in it", path.display())));
    }
    Ok(file)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    };
    refused(path, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, content: &[u8]) -> String {
        let folder = std::env::temp_dir().join(format!("fermiac-model-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        let failure = load(&path).unwrap_err();
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(failure, Failure::Refused(_)));
        let of_bytes = Failure::Refused(format!("{}: {}", path.display(), read(content).unwrap_err()));
        assert_eq!(failure, of_bytes, "a file and its bytes are refused in the same words");
        failure.to_string()
    }

    #[test]
    fn a_file_that_cannot_be_is_refused_in_words() {
        let message = load(Path::new("/nowhere/plan.xlsx")).unwrap_err().to_string();
        assert_eq!(message, "/nowhere/plan.xlsx: there is no such file");
        let message = load(&std::env::temp_dir()).unwrap_err().to_string();
        assert!(message.ends_with("is a folder; name a file in it"), "{message}");
    }

    #[test]
    fn content_decides_what_a_file_is() {
        let message = refusal("a.xlsx", b"\xef\xbb\xbf \n{\"cells\": 1}");
        assert!(message.contains("a.xlsx: cells: invalid type"), "{message}");
        let message = refusal("b.json", b"a,b\n1,2\n");
        assert!(message.contains("not a workbook"), "{message}");
        let message = refusal("c.json", b"[1, 2]");
        assert!(message.contains("expected an object with inputs"), "{message}");
        for content in [&b""[..], b" \n"] {
            let message = refusal("d.json", content);
            assert!(message.ends_with("d.json: the file is empty"), "{message}");
        }
    }

    #[test]
    fn a_json_model_is_no_workbook_to_check() {
        let path = std::env::temp_dir().join(format!("fermiac-check-{}.json", std::process::id()));
        std::fs::write(&path, "{}").unwrap();
        let message = load_workbook(&path).unwrap_err().to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(message.ends_with("this is a JSON model, which stores no values; name a workbook"));
    }
}
