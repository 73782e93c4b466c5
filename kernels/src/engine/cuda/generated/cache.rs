//! Machine code on disk, so that a plan is assembled once for each kind of GPU and driver.
//!
//! An entry is a file named by a hash of what it was made of. It holds all of that, the text of the kernel included, and is
//! believed only if it is the same: so a hash need not be a good one. A file that is cut short or damaged, by its
//! checksum, is as none. Files appear whole, under their name only once they are written; the oldest go when all of them
//! together are larger than a bound. Where there is no folder that can be written, nothing is kept.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

const MAGIC: &[u8] = b"fermiac machine code 1\n";
const MOST_BYTES: u64 = 64 << 20;
const EXTENSION: &str = "cubin";
const UNFINISHED: &str = "part";

/// Files in a folder.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
    most_bytes: u64,
}

/// What machine code is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source<'a> {
    /// The text.
    pub ptx: &'a str,
    /// What it is made for, as the GPU and the driver say it of themselves.
    pub target: &'a str,
}

impl Cache {
    /// The user's: `$XDG_CACHE_HOME/fermiac`, or `~/.cache/fermiac`.
    pub fn of_user() -> Cache {
        let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
        let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
        Cache { folder: caches.map(|caches| caches.join("fermiac")), most_bytes: MOST_BYTES }
    }

    /// That of another folder, of at most so many bytes.
    pub fn at(folder: &Path, most_bytes: u64) -> Cache {
        Cache { folder: Some(folder.to_owned()), most_bytes }
    }

    /// The machine code, if it is there.
    pub fn get(&self, source: &Source<'_>) -> Option<Vec<u8>> {
        let entry = fs::read(self.folder.as_ref()?.join(source.file())).ok()?;
        let (contents, checksum) = entry.split_last_chunk()?;
        if u64::from_le_bytes(*checksum) != hash(contents) {
            return None;
        }
        contents.strip_prefix(source.head().as_slice()).map(<[u8]>::to_vec)
    }

    /// Keeps it, if that is possible.
    pub fn put(&self, source: &Source<'_>, code: &[u8]) {
        let Some(folder) = &self.folder else { return };
        let mut entry = source.head();
        entry.extend_from_slice(code);
        entry.extend_from_slice(&hash(entry.as_slice()).to_le_bytes());
        // What cannot be kept is made again: a full disk, or a folder of somebody else's, is no reason to fail.
        let _ = fs::create_dir_all(folder);
        let unfinished = folder.join(unfinished_name(source));
        let written = fs::write(&unfinished, entry);
        if written.and_then(|()| fs::rename(&unfinished, folder.join(source.file()))).is_err() {
            let _ = fs::remove_file(unfinished);
        }
        self.shrink(folder);
    }

    /// The oldest go until the rest is within the bound, those among them that nobody finished.
    fn shrink(&self, folder: &Path) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        let known = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension == EXTENSION || extension == UNFINISHED)
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(known)
            .filter_map(|path| {
                let about = fs::metadata(&path).ok()?;
                Some((about.modified().ok()?, about.len(), path))
            })
            .collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, size, path) in files {
            if bytes <= self.most_bytes {
                return;
            }
            // Another process may have been first.
            let _ = fs::remove_file(path);
            bytes -= size;
        }
    }
}

impl Source<'_> {
    fn file(&self) -> String {
        format!("{:016x}.{EXTENSION}", hash(self))
    }

    /// What an entry begins with.
    fn head(&self) -> Vec<u8> {
        let sizes = [self.target.len(), self.ptx.len()].map(|bytes| (bytes as u64).to_le_bytes());
        [MAGIC, sizes.as_flattened(), self.target.as_bytes(), self.ptx.as_bytes()].concat()
    }
}

/// Of no other writer: threads have their own, and so have processes of one number in several containers.
fn unfinished_name(source: &Source<'_>) -> String {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let own = (std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed), now);
    format!("{:016x}-{:016x}.{UNFINISHED}", hash(source), hash(own))
}

fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Source<'_> = Source { ptx: ".entry", target: "sm_90" };

    /// A cache in a folder of its own.
    fn cache(name: &str, most_bytes: u64) -> (Cache, PathBuf) {
        let folder = std::env::temp_dir().join(format!("fermiac-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        (Cache::at(&folder, most_bytes), folder)
    }

    #[test]
    fn what_was_kept_comes_back_for_the_same_text_and_target_only() {
        let (cache, folder) = cache("same", 1 << 20);
        assert_eq!(cache.get(&SOURCE), None);
        cache.put(&SOURCE, b"code");
        assert_eq!(cache.get(&SOURCE).as_deref(), Some(b"code".as_slice()));
        assert_eq!(cache.get(&Source { target: "sm_75", ..SOURCE }), None);
        // An entry under the name of another is not believed.
        let other = Source { ptx: ".entrz", ..SOURCE };
        fs::copy(folder.join(SOURCE.file()), folder.join(other.file())).unwrap();
        assert_eq!(cache.get(&other), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_entry_is_as_none_and_is_replaced() {
        let (cache, folder) = cache("damaged", 1 << 20);
        cache.put(&SOURCE, b"code");
        let path = folder.join(SOURCE.file());
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 4;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get(&SOURCE), None, "byte {place}");
            fs::write(&path, &whole[..place]).unwrap();
            assert_eq!(cache.get(&SOURCE), None, "cut at {place}");
        }
        cache.put(&SOURCE, b"code");
        assert!(cache.get(&SOURCE).is_some());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many() {
        let (cache, folder) = cache("bound", 500);
        let texts: Vec<String> = (0..5).map(|number| format!("{number}")).collect();
        for (age, ptx) in texts.iter().enumerate() {
            let source = Source { ptx, ..SOURCE };
            cache.put(&source, &[7; 100]);
            if let Ok(file) = fs::File::options().write(true).open(folder.join(source.file())) {
                file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64))
                    .unwrap();
            }
        }
        let kept: Vec<bool> =
            texts.iter().map(|ptx| cache.get(&Source { ptx, ..SOURCE }).is_some()).collect();
        assert_eq!(kept, [false, false, true, true, true]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn where_nothing_can_be_kept_nothing_fails() {
        let none = Cache { folder: None, most_bytes: 1 };
        let closed = Cache::at(Path::new("/proc/fermiac"), 1);
        for cache in [none, closed] {
            cache.put(&SOURCE, b"code");
            assert_eq!(cache.get(&SOURCE), None);
        }
    }
}
