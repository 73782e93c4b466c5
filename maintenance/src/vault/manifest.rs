//! What a backup consists of. It is written last: what has no manifest is no backup.
//!
//! It stands in the clear, so that what there is can be listed and its hashes checked without the key that opens the
//! rest. It holds names of tables and blobs, counts and hashes, and nothing that a user wrote.

use chrono::{DateTime, Utc};
use fermiac_fleet::backup::UploadedBackup;
use fermiac_fleet::store::TableDigest;
use serde::{Deserialize, Serialize};

/// The shape of the manifests that this program writes and reads.
pub const FORMAT: u32 = 1;

/// A backup, as it lies in its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// What it is called.
    pub label: String,
    /// Whose it is.
    pub environment: String,
    /// The instant whose data it holds.
    pub taken_at: DateTime<Utc>,
    /// The number of the newest migration.
    pub schema_version: i64,
    /// The version of the server that it was taken from.
    pub server_version: String,
    /// Whom it is sealed for.
    pub recipient: String,
    /// The dump of `pg_dump -Fc`.
    pub database: Sealed,
    /// Every table, as it was at that instant.
    pub tables: Vec<TableDigest>,
    /// The settings that were in force, without what is secret.
    pub configuration: Sealed,
    /// Every blob that a row needed.
    pub blobs: Vec<SealedBlob>,
}

/// An object of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Its key in the bucket of the backups.
    pub key: String,
    /// How long it is as it lies there.
    pub bytes: u64,
    /// The SHA-256 of it as it lies there: checked without opening it.
    pub sha256: String,
    /// How long it is when it is opened.
    pub content_bytes: u64,
    /// The SHA-256 of what it is then.
    pub content_sha256: String,
}

/// A blob, which later backups that need it too share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBlob {
    /// Its key among the blobs of the data.
    pub blob: String,
    /// The backup that it came with.
    pub since: String,
    /// Where it is.
    #[serde(flatten)]
    pub sealed: Sealed,
}

impl Manifest {
    /// All of its objects.
    pub fn objects(&self) -> impl Iterator<Item = &Sealed> {
        [&self.database, &self.configuration].into_iter().chain(self.blobs.iter().map(|blob| &blob.sealed))
    }

    /// How large it is in the bucket, blobs that it shares included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects().map(|object| object.bytes).sum()
    }

    /// What the catalogue writes down of it, with the SHA-256 of this manifest and whether a second place has all too.
    #[must_use]
    pub fn uploaded(&self, sha256: String, is_copied: bool) -> UploadedBackup {
        UploadedBackup {
            taken_at: self.taken_at,
            bytes: self.bytes(),
            manifest_sha256: Some(sha256),
            is_copied,
            needs: None,
        }
    }
}
