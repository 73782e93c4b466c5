//! The archive around a workbook: its entries, checked before any of them is inflated.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};
use std::thread;

use zip::result::ZipError;
use zip::{CompressionMethod, ZipReadOptions};

use super::error::{ReadError, excerpt};
use super::limits::{Limits, Usage};
use super::part::{Bounds, PartReader};
use super::xml::Events;

type Entry = zip::read::ZipFileEntry<'static>;

/// Parts of this compressed size are inflated on a thread of their own.
const OWN_THREAD_FROM: u64 = 256 << 10;
/// Fixed part of the header in front of each entry's data.
const LOCAL_HEADER_BYTES: usize = 30;

/// An archive whose directory has been found sound.
pub(super) struct Package<'l, R> {
    source: R,
    /// By part name in lower case, as names are compared without case. Each is read once and taken out.
    entries: HashMap<String, Entry>,
    limits: &'l Limits,
    usage: Usage,
}

impl<'l, R: Read + Seek + Send> Package<'l, R> {
    /// Reads and checks the directory.
    pub fn open(mut source: R, limits: &'l Limits) -> Result<Package<'l, R>, ReadError> {
        let config = zip::read::Config { archive_offset: zip::read::ArchiveOffset::Known(0) };
        let mut directory =
            zip::unstable::read::ZipIterable::try_new(&mut source, config).map_err(not_an_archive)?;
        if directory.len() as u64 > limits.entries {
            return Err(ReadError::hostile(format!("its archive has more than {} entries", limits.entries)));
        }
        let mut entries = HashMap::new();
        let mut ranges = Vec::new();
        let mut first_header = None;
        for entry in directory.files().map_err(not_an_archive)? {
            let entry = entry.map_err(not_an_archive)?;
            let start = *first_header.get_or_insert(entry.central_header_start());
            if entry.central_header_start() - start > limits.directory_bytes {
                return Err(ReadError::hostile("the directory of its archive is too long"));
            }
            let name = checked_name(&entry)?;
            ranges.push((entry.header_start(), entry.compressed_size()));
            if entries.insert(name, entry).is_some() {
                return Err(ReadError::hostile("two entries of its archive have the same name"));
            }
        }
        refuse_overlaps(&mut source, ranges)?;
        Ok(Package { source, entries, limits, usage: Usage::default() })
    }

    /// Whether the archive holds the part `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(&name.to_ascii_lowercase())
    }

    /// The names of all parts not read yet, in lower case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Reads the part `name`, once: `None` where there is no such part, or none any more.
    pub fn read<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&mut Events<'_>) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let Some(entry) = self.entries.remove(&name.to_ascii_lowercase()) else { return Ok(None) };
        let compressed = entry.compressed_size();
        let bounds = Bounds { part: name.to_owned(), compressed, inflated_before: self.usage.inflated_bytes };
        let data = entry
            .with_reader(&mut self.source, ZipReadOptions::new())
            .map_err(|error| ReadError::damaged(name, error.to_string()))?;
        let (limits, usage) = (self.limits, &mut self.usage);
        let parse = |source: PartReader<'_>| {
            let mut events = Events::new(source, name, usage.events, limits);
            let parsed = parse(&mut events)?;
            events.finish()?;
            usage.events = events.events();
            usage.inflated_bytes += events.inflated();
            Ok(Some(parsed))
        };
        if compressed < OWN_THREAD_FROM {
            return parse(PartReader::here(data, bounds, limits));
        }
        thread::scope(|scope| {
            let (reader, inflater) = PartReader::elsewhere(bounds, limits);
            scope.spawn(move || inflater.run(data));
            parse(reader)
        })
    }
}

/// The name an entry is known by, where the entry is one that a workbook may have.
fn checked_name(entry: &Entry) -> Result<String, ReadError> {
    let name = entry.name().map_err(not_an_archive)?.replace('\\', "/").to_ascii_lowercase();
    let shown = excerpt(&name);
    if name.starts_with('/')
        || name.split('/').any(|step| step == ".." || step == ".")
        || name.contains([':', '\0'])
    {
        return Err(ReadError::hostile(format!("an entry of its archive is called {shown:?}")));
    }
    if entry.encrypted() {
        return Err(ReadError::NotXlsx {
            what: format!("the entry {shown:?} of the file is encrypted"),
            remedy: "save the workbook without a password",
        });
    }
    match entry.compression() {
        CompressionMethod::Stored | CompressionMethod::Deflated => Ok(name),
        _ => Err(ReadError::damaged(shown, "it is packed in a way that no workbook uses")),
    }
}

/// Refuses an archive in which one byte belongs to two entries: a small file can then unpack to a huge one
/// without any single entry standing out.
fn refuse_overlaps(source: &mut (impl Read + Seek), mut entries: Vec<(u64, u64)>) -> Result<(), ReadError> {
    entries.sort_unstable();
    let mut free_from = 0;
    for (header_start, compressed) in entries {
        if header_start < free_from {
            return Err(ReadError::hostile("two entries of its archive overlap"));
        }
        let mut header = [0; LOCAL_HEADER_BYTES];
        source.seek(SeekFrom::Start(header_start))?;
        source
            .read_exact(&mut header)
            .map_err(|_| ReadError::damaged("its archive", "an entry is cut off"))?;
        let variable = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let data_start = header_start + LOCAL_HEADER_BYTES as u64 + variable(26) + variable(28);
        free_from = data_start.saturating_add(compressed);
    }
    Ok(())
}

fn not_an_archive(error: ZipError) -> ReadError {
    match error {
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => ReadError::Io(error),
        other => ReadError::damaged("its archive", format!("the file is cut off or altered ({other})")),
    }
}
