//! Where a finished document goes: standard output, or a file that is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fermiac_simulation::document;
use serde::Serialize;

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

/// Prints `result` as JSON.
pub fn print_json(result: &impl Serialize) -> Result<(), Failure> {
    print(&document::json(result)?)
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
