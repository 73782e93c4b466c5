//! Blobs as files of a folder, for one machine.
//!
//! A blob is written under another name in `.incoming`, brought to the disk, and renamed.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::spawn_blocking;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::measure::Measured;
use super::{BlobEntry, BlobError, BlobStream, PAGE, Page, Result};

const INCOMING: &str = ".incoming";

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: Arc<Path>,
}

impl Folder {
    pub fn open(path: &str) -> Result<Self> {
        if path.is_empty() || path.contains("://") {
            return Err(BlobError::Refused(format!(
                "'{path}' is neither s3://bucket nor the path of a folder"
            )));
        }
        let root = Path::new(path);
        std::fs::create_dir_all(root.join(INCOMING))
            .map_err(|error| BlobError::Refused(format!("the folder '{path}' cannot be made: {error}")))?;
        Ok(Folder { root: root.into() })
    }

    pub fn place(&self) -> String {
        self.root.display().to_string()
    }

    pub async fn put(&self, key: &str, source: &mut Measured<'_>) -> Result<()> {
        let incoming = Incoming(self.root.join(INCOMING).join(Uuid::now_v7().to_string()));
        let mut file = File::create_new(&incoming.0).await.map_err(|error| failed(key, &error))?;
        while let Some(piece) = source.next().await? {
            file.write_all(&piece).await.map_err(|error| failed(key, &error))?;
        }
        // Through the file's own buffer, and on to the disk.
        file.flush().await.map_err(|error| failed(key, &error))?;
        file.sync_all().await.map_err(|error| failed(key, &error))?;
        let (from, to) = (incoming.0.clone(), self.path(key));
        on_disk(key, move || move_into_place(&from, &to)).await
    }

    /// The other key's blob is kept if there is one.
    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (source, target) = (self.path(from), self.path(to));
        on_disk(from, move || {
            if target.exists() { std::fs::remove_file(&source) } else { move_into_place(&source, &target) }
        })
        .await
    }

    pub async fn get(&self, key: &str, max_bytes: u64) -> Result<Bytes> {
        let (file, _) = self.open_blob(key).await?;
        let mut content = Vec::new();
        // One byte more, to see whether it goes on.
        let mut bounded = file.take(max_bytes.saturating_add(1));
        bounded.read_to_end(&mut content).await.map_err(|error| failed(key, &error))?;
        if content.len() as u64 > max_bytes {
            return Err(BlobError::TooLarge { key: key.to_owned(), max_bytes });
        }
        Ok(content.into())
    }

    pub async fn get_stream(&self, key: &str) -> Result<BlobStream> {
        let (file, bytes) = self.open_blob(key).await?;
        let key = key.to_owned();
        let pieces = ReaderStream::with_capacity(file, 64 << 10)
            .map(move |piece| piece.map_err(|error| failed(&key, &error)))
            .boxed();
        Ok(BlobStream { bytes, pieces })
    }

    pub async fn size(&self, key: &str) -> Result<u64> {
        let metadata = fs::metadata(self.path(key)).await.map_err(|error| failed(key, &error))?;
        if metadata.is_file() { Ok(metadata.len()) } else { Err(BlobError::not_found(key)) }
    }

    pub async fn delete(&self, keys: &[String]) -> Result<()> {
        for key in keys {
            match fs::remove_file(self.path(key)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(key, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page> {
        let (root, prefix, after) = (Arc::clone(&self.root), prefix.to_owned(), after.map(str::to_owned));
        on_disk("", move || page(&root, &prefix, after.as_deref())).await
    }

    pub async fn ping(&self) -> Result<()> {
        fs::metadata(self.root.join(INCOMING)).await.map(drop).map_err(|error| failed("", &error))
    }

    async fn open_blob(&self, key: &str) -> Result<(File, u64)> {
        let file = File::open(self.path(key)).await.map_err(|error| failed(key, &error))?;
        let metadata = file.metadata().await.map_err(|error| failed(key, &error))?;
        // A folder can be opened too.
        if metadata.is_file() { Ok((file, metadata.len())) } else { Err(BlobError::not_found(key)) }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }
}

/// A file that is being written; removed unless it was moved into place.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already, if all went well.
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn on_disk<T: Send + 'static>(
    key: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failed(key, &error)),
        Err(stopped) => Err(BlobError::Unavailable(stopped.to_string())),
    }
}

fn failed(key: &str, error: &io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => BlobError::not_found(key),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            BlobError::Refused(format!("'{key}': {error}"))
        }
        // A full disk too: somebody may make room.
        _ => BlobError::Unavailable(format!("'{key}': {error}")),
    }
}

/// The rename is on the disk when this ends.
fn move_into_place(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)?;
    std::fs::rename(from, to)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Looks at all files of the folder, for S3's order of keys is not the order of folders.
fn page(root: &Path, prefix: &str, after: Option<&str>) -> io::Result<Page> {
    let mut blobs = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let Some(key) = path.strip_prefix(root).ok().and_then(Path::to_str) else { continue };
            let is_wanted = key.starts_with(prefix) && after.is_none_or(|after| key > after);
            // A file may go while this looks.
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if metadata.is_dir() && key != INCOMING && (key.starts_with(prefix) || prefix.starts_with(key)) {
                folders.push(path);
            } else if metadata.is_file() && is_wanted {
                let last_modified = DateTime::<Utc>::from(metadata.modified()?);
                blobs.push(BlobEntry { key: key.to_owned(), bytes: metadata.len(), last_modified });
            }
        }
    }
    blobs.sort_by(|one, other| one.key.cmp(&other.key));
    let is_all = blobs.len() <= PAGE;
    blobs.truncate(PAGE);
    let next = if is_all { None } else { blobs.last().map(|last| last.key.clone()) };
    Ok(Page { blobs, next })
}
