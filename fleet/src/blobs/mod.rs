//! Large objects under keys: workbooks by their hash, parts of simulations, results, samples.
//!
//! - A blob is there whole or not at all: what breaks off in the middle of a write leaves nothing that anyone sees.
//! - Streams go through in constant memory, of about two parts of 8 MiB, whatever their length.
//! - Every wait and every try again has a bound; what is still wrong then is an error that says whether later may do.
//!
//! Two homes keep these promises, and one suite of tests holds both to them: S3 and what is compatible with it, and a
//! folder.

mod error;
mod folder;
mod key;
mod lifecycle;
mod measure;
mod s3;
mod settings;
mod timed;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;

pub use error::BlobError;
pub use lifecycle::{Applied, LifecycleRule, StorageClass, Touch, Transition};
pub use settings::{Addressing, BlobSettings, Encryption, S3Keys};

use measure::{BoxError, Measured};
use timed::timed;

/// What an operation gives.
pub type Result<T> = std::result::Result<T, BlobError>;

/// A page of a list has at most so many blobs.
pub const PAGE: usize = 1_000;

/// Where blobs are. Cheap to clone: clones are the same place.
#[derive(Debug, Clone)]
pub struct Blobs(Home);

#[derive(Debug, Clone)]
enum Home {
    S3(s3::Bucket),
    Folder(folder::Folder),
}

/// What a stream turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// How long it was.
    pub bytes: u64,
    /// Its SHA-256, in 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// A blob to be read piece by piece.
pub struct BlobStream {
    /// How long it is.
    pub bytes: u64,
    /// Its pieces. An error ends it.
    pub pieces: BoxStream<'static, Result<Bytes>>,
}

/// A blob in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its key.
    pub key: String,
    /// How long it is.
    pub bytes: u64,
    /// When it was written, by the clock of its home.
    pub last_modified: DateTime<Utc>,
}

/// A part of a list, in the order of the keys' bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// At most [`PAGE`].
    pub blobs: Vec<BlobEntry>,
    /// The key to go on after, if there are more.
    pub next: Option<String>,
}

impl Blobs {
    /// Opens a place. A folder is made; of S3 nothing is asked yet.
    ///
    /// # Errors
    /// When the settings make no sense, or the folder cannot be made.
    pub fn connect(settings: &BlobSettings) -> Result<Blobs> {
        Ok(Blobs(match settings.url.strip_prefix("s3://") {
            Some(place) => Home::S3(s3::Bucket::connect(place, settings)?),
            None => Home::Folder(folder::Folder::open(&settings.url)?),
        }))
    }

    /// Which place it is: `s3://bucket/prefix`, or the path of a folder. Nothing of it is secret.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.0 {
            Home::S3(bucket) => bucket.place(),
            Home::Folder(folder) => folder.place(),
        }
    }

    /// Writes a blob, over one that may be there.
    ///
    /// # Errors
    /// When the home is away or refuses.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<Stored> {
        let max_bytes = content.len() as u64;
        let once = futures_util::stream::iter([Ok::<_, BoxError>(content)]);
        self.put_stream(key, once, max_bytes).await
    }

    /// Writes a blob from a stream, in constant memory. Nothing is there unless the stream came to its end.
    ///
    /// # Errors
    /// When the stream is longer than `max_bytes` or breaks off, and when the home is away or refuses.
    pub async fn put_stream<S, E>(&self, key: &str, stream: S, max_bytes: u64) -> Result<Stored>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: Into<BoxError>,
    {
        key::check(key)?;
        let stream = stream.map(|piece| piece.map_err(Into::into));
        let mut source = Measured::new(Box::pin(stream), key, max_bytes);
        timed("put", async {
            match &self.0 {
                Home::S3(bucket) => bucket.put(key, &mut source).await,
                Home::Folder(folder) => folder.put(key, &mut source).await,
            }
        })
        .await?;
        Ok(source.stored())
    }

    /// Writes a blob whose key, `prefix` with its SHA-256, is known only at its end; says what it was. One that is there
    /// already is kept.
    ///
    /// # Errors
    /// When the stream is longer than `max_bytes` or breaks off, and when the home is away or refuses.
    pub async fn put_by_hash<S, E>(&self, prefix: &str, stream: S, max_bytes: u64) -> Result<Stored>
    where
        S: Stream<Item = std::result::Result<Bytes, E>> + Send,
        E: Into<BoxError>,
    {
        let upload = format!("uploads/{}", Uuid::now_v7());
        let stored = self.put_stream(&upload, stream, max_bytes).await?;
        let key = format!("{prefix}{}", stored.sha256);
        key::check(&key)?;
        self.rename(&upload, &key).await?;
        Ok(stored)
    }

    /// Gives a blob another key. One that is there already is kept.
    ///
    /// # Errors
    /// When there is none, or the home is away or refuses.
    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        timed("rename", async {
            match &self.0 {
                Home::S3(bucket) => bucket.rename(from, to).await,
                Home::Folder(folder) => folder.rename(from, to).await,
            }
        })
        .await
    }

    /// Reads a blob whole.
    ///
    /// # Errors
    /// When there is none, it is longer than `max_bytes`, or the home is away or refuses.
    pub async fn get(&self, key: &str, max_bytes: u64) -> Result<Bytes> {
        key::check(key)?;
        timed("get", async {
            match &self.0 {
                Home::S3(bucket) => bucket.get(key, max_bytes).await,
                Home::Folder(folder) => folder.get(key, max_bytes).await,
            }
        })
        .await
    }

    /// Reads a blob piece by piece.
    ///
    /// # Errors
    /// When there is none, or the home is away or refuses.
    pub async fn get_stream(&self, key: &str) -> Result<BlobStream> {
        key::check(key)?;
        timed("get", async {
            match &self.0 {
                Home::S3(bucket) => bucket.get_stream(key).await,
                Home::Folder(folder) => folder.get_stream(key).await,
            }
        })
        .await
    }

    /// How long a blob is.
    ///
    /// # Errors
    /// When there is none, or the home is away or refuses.
    pub async fn size(&self, key: &str) -> Result<u64> {
        key::check(key)?;
        timed("size", async {
            match &self.0 {
                Home::S3(bucket) => bucket.size(key).await,
                Home::Folder(folder) => folder.size(key).await,
            }
        })
        .await
    }

    /// Whether there is a blob.
    ///
    /// # Errors
    /// When the home is away or refuses.
    pub async fn exists(&self, key: &str) -> Result<bool> {
        match self.size(key).await {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes blobs. One that is not there is as good as deleted.
    ///
    /// # Errors
    /// When the home is away or refuses; some may be deleted then.
    pub async fn delete(&self, keys: &[String]) -> Result<()> {
        keys.iter().try_for_each(|key| key::check(key))?;
        timed("delete", async {
            match &self.0 {
                Home::S3(bucket) => bucket.delete(keys).await,
                Home::Folder(folder) => folder.delete(keys).await,
            }
        })
        .await
    }

    /// The blobs whose keys begin with `prefix`, from the one behind `after` on.
    ///
    /// # Errors
    /// When the home is away or refuses.
    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page> {
        timed("list", async {
            match &self.0 {
                Home::S3(bucket) => bucket.list(prefix, after).await,
                Home::Folder(folder) => folder.list(prefix, after).await,
            }
        })
        .await
    }

    /// Has the home follow these rules, in place of those whose ids begin with `owner`; each of these does so.
    ///
    /// # Errors
    /// When the home is away or refuses. One that knows of no rules is no error.
    pub async fn follow(&self, owner: &str, rules: &[LifecycleRule], touch: Touch) -> Result<Applied> {
        if let Some(rule) = rules.iter().find(|rule| !rule.id.starts_with(owner)) {
            return Err(BlobError::Refused(format!("the rule {:?} is not one of {owner:?}", rule.id)));
        }
        timed("lifecycle", async {
            match &self.0 {
                Home::S3(bucket) => bucket.follow(owner, rules, touch).await,
                Home::Folder(_) => Ok(Applied::Unsupported("a folder follows no rules".to_owned())),
            }
        })
        .await
    }

    /// Rules as the tools of S3 take them, with the keys that they are about in full; none for a folder.
    #[must_use]
    pub fn lifecycle_document(&self, rules: &[LifecycleRule]) -> Option<serde_json::Value> {
        match &self.0 {
            Home::S3(bucket) => Some(lifecycle::document(bucket.prefix(), rules)),
            Home::Folder(_) => None,
        }
    }

    /// Whether the home answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        timed("ping", async {
            match &self.0 {
                Home::S3(bucket) => bucket.ping().await,
                Home::Folder(folder) => folder.ping().await,
            }
        })
        .await
    }
}

impl std::fmt::Debug for BlobStream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("BlobStream").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
