//! Where a finished document goes: standard output, or a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::failure::Failure;

/// Prints `text` on standard output. A reader that has gone away (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints `document` as JSON, indented, with a line feed at its end.
pub fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(document)
        .map_err(|error| Failure::Failed(format!("cannot write the result as JSON: {error}")))?;
    text.push('\n');
    print(&text)
}

/// Writes the file `path` through `fill`. It appears under its name only once it is complete.
pub fn write_file(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Failure> {
    let unfinished = unfinished_name(path);
    let written = File::create(&unfinished).and_then(|file| {
        let mut writer = BufWriter::new(file);
        fill(&mut writer)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&unfinished, path)
    });
    written.map_err(|error| {
        // What is left of the file is of no use; that it may not exist at all is no second failure.
        let _ = fs::remove_file(&unfinished);
        Failure::Failed(format!("cannot write {}: {error}", path.display()))
    })
}

/// Whether a file could be written in the folder of `path`: by trying, since rights do not tell all.
pub fn try_writing(path: &Path) -> io::Result<()> {
    let unfinished = unfinished_name(path);
    File::create(&unfinished)?;
    fs::remove_file(&unfinished)
}

/// In the folder of `path`, since a rename across file systems is no rename.
fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.unfinished", std::process::id()));
    path.with_file_name(name)
}

/// Serializes pairs as an object whose keys stand in the order of the pairs.
pub fn as_object<S: Serializer, K: Serialize, V: Serialize>(
    pairs: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        object.serialize_entry(key, value)?;
    }
    object.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_fails_half_way_leaves_nothing_behind() {
        let folder = std::env::temp_dir().join(format!("fermiac-document-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.html");
        write_file(&path, |writer| writer.write_all(b"first")).unwrap();
        let failed = write_file(&path, |writer| {
            writer.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().ends_with("report.html: the disk is full"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
