//! Where blobs are, and how long to wait for them.

use std::fmt;
use std::time::Duration;

/// A place for blobs.
#[derive(Debug, Clone)]
pub struct BlobSettings {
    /// `s3://bucket` or `s3://bucket/prefix`, or else the path of a folder.
    pub url: String,
    /// Where the server is, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// Where the bucket is.
    pub region: String,
    /// How buckets are addressed.
    pub addressing: Addressing,
    /// Who asks. S3 needs them.
    pub keys: Option<S3Keys>,
    /// How the server encrypts what it keeps, if the bucket does not say.
    pub encryption: Option<Encryption>,
    /// One try of a request, the sending of a part of 8 MiB included, may take so long, and so may each wait for the next
    /// piece of a blob that is read.
    pub answer_within: Duration,
    /// How often a request is tried.
    pub attempts: u32,
}

impl BlobSettings {
    /// The usual waits, for a place that needs nothing else said.
    #[must_use]
    pub fn at(url: impl Into<String>) -> Self {
        BlobSettings {
            url: url.into(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            addressing: Addressing::HostStyle,
            keys: None,
            encryption: None,
            answer_within: Duration::from_secs(30),
            attempts: 4,
        }
    }
}

/// Where in an address the bucket's name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// In the host: `bucket.server/key`, as Amazon wants it.
    HostStyle,
    /// In the path: `server/bucket/key`, as many compatible servers do.
    PathStyle,
}

/// The keys of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// Its public half.
    pub access_key: String,
    /// Its secret half; never printed.
    pub secret_key: String,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("S3Keys").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// What the server encrypts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// A key of its own, AES-256.
    ServerKey,
    /// A key of the account's key service.
    ManagedKey {
        /// Which one; none for the account's own.
        id: Option<String>,
    },
}
