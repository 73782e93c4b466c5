//! What a file is, told from its bytes: other kinds are refused by name, with what to do about them.

use std::io::{Read, Seek, SeekFrom};

use super::error::ReadError;

const ZIP: &[u8] = b"PK";
/// The compound files of Excel 97 and of encrypted packages.
const COMPOUND_FILE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// How much of a compound file is searched for the name of its streams.
const SEARCHED_BYTES: u64 = 64 << 10;

/// Refuses what is no archive at all.
pub(super) fn expect_archive(source: &mut (impl Read + Seek)) -> Result<(), ReadError> {
    let head = read_at(source, 0, 512)?;
    source.seek(SeekFrom::Start(0))?;
    if head.starts_with(ZIP) {
        return Ok(());
    }
    if head.is_empty() {
        return Err(other("the file is empty".into(), "export the workbook again as .xlsx"));
    }
    if head.starts_with(COMPOUND_FILE) {
        return Err(match is_encrypted(source, &head)? {
            true => other(
                "the workbook is encrypted with a password".into(),
                "open it in a spreadsheet program, remove the password and save it again",
            ),
            false => other(
                "the file is a workbook in the old .xls format".into(),
                "open it in a spreadsheet program and save it as .xlsx",
            ),
        });
    }
    let what = match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => "the file is an XML or HTML text, not a workbook",
        Some(b'{') => "the file looks like a JSON document, not a workbook",
        _ if head.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace()) => {
            "the file is a plain text (perhaps .csv), not a workbook"
        }
        _ => "the file is not a workbook",
    };
    Err(other(what.into(), "open it in a spreadsheet program and save it as .xlsx"))
}

/// Names an archive that holds no .xlsx workbook, from the names of its parts.
pub(super) fn not_a_workbook<'a>(names: impl Iterator<Item = &'a str>) -> ReadError {
    let (mut binary, mut open_document, mut word, mut slides) = (false, false, false, false);
    for name in names {
        binary |= name == "xl/workbook.bin";
        open_document |= name == "content.xml" || name == "meta-inf/manifest.xml";
        word |= name.starts_with("word/");
        slides |= name.starts_with("ppt/");
    }
    let what = match () {
        () if binary => "the file is a binary workbook (.xlsb)",
        () if open_document => "the file is an OpenDocument file (.ods)",
        () if word => "the file is a text document (.docx), not a workbook",
        () if slides => "the file is a presentation (.pptx), not a workbook",
        () => "the file is an archive without a workbook in it",
    };
    other(what.into(), "open it in a spreadsheet program and save it as .xlsx")
}

/// Both .xls files and encrypted packages are compound files; the latter have a stream of this name.
fn is_encrypted(source: &mut (impl Read + Seek), head: &[u8]) -> Result<bool, ReadError> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = |bytes: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    // The header says where the directory of streams begins.
    let field = |at: usize| {
        head.get(at..at + 4).map_or(0, |field| u32::from_le_bytes([field[0], field[1], field[2], field[3]]))
    };
    let sector_bytes = if field(30) as u16 == 12 { 4096 } else { 512 };
    let directory = (u64::from(field(48)) + 1) * sector_bytes;
    Ok(found(&read_at(source, 0, SEARCHED_BYTES)?) || found(&read_at(source, directory, SEARCHED_BYTES)?))
}

fn read_at(source: &mut (impl Read + Seek), start: u64, length: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(start))?;
    source.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn other(what: String, remedy: &'static str) -> ReadError {
    ReadError::NotXlsx { what, remedy }
}
