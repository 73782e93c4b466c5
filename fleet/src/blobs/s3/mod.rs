//! Blobs in a bucket of S3, or of what is compatible with it.

mod client;
mod failure;
mod lifecycle;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{Delete, Object, ObjectIdentifier};
use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::{sleep, timeout};

use super::lifecycle::{Applied, LifecycleRule, Touch};
use super::measure::Measured;
use super::settings::{BlobSettings, Encryption};
use super::{BlobEntry, BlobError, BlobStream, PAGE, Page, Result};
use crate::reconnect::Pauses;

/// The service deletes at most so many at once.
const DELETED_AT_ONCE: usize = 1_000;
/// The pauses before a blob whose reading broke off is read again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The bucket, or the part of it below a prefix.
#[derive(Debug, Clone)]
pub struct Bucket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: Client,
    name: String,
    /// Empty, or with a slash at its end.
    prefix: String,
    encryption: Option<Encryption>,
    answer_within: Duration,
    attempts: u32,
}

impl Bucket {
    pub fn connect(place: &str, settings: &BlobSettings) -> Result<Self> {
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        if name.is_empty() {
            return Err(BlobError::Refused(format!("'{}' names no bucket", settings.url)));
        }
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        if !prefix.is_empty() {
            super::key::check(prefix.trim_end_matches('/'))?;
        }
        Ok(Bucket(Arc::new(Inner {
            client: client::client(settings)?,
            name: name.to_owned(),
            prefix,
            encryption: settings.encryption.clone(),
            answer_within: settings.answer_within,
            attempts: settings.attempts.max(1),
        })))
    }

    pub async fn put(&self, key: &str, source: &mut Measured<'_>) -> Result<()> {
        upload::upload(&self.0, key, source).await
    }

    /// The other key's blob is kept if there is one. Within the service: nothing comes here.
    pub async fn rename(&self, from: &str, to: &str) -> Result<()> {
        match self.size(to).await {
            Ok(_) => {}
            Err(BlobError::NotFound { .. }) => self.copy(from, to).await?,
            // Nobody knows whether it is there, and the blob at hand may be the only one.
            Err(error) => return Err(error),
        }
        self.delete(&[from.to_owned()]).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<()> {
        let source = format!("{}/{}", self.0.name, self.0.full(from));
        let copy = self.0.client.copy_object().bucket(&self.0.name).key(self.0.full(to)).copy_source(source);
        let (encryption, managed_key) = self.0.encryption();
        let copy = copy.set_server_side_encryption(encryption).set_ssekms_key_id(managed_key);
        copy.send().await.map(drop).map_err(|error| self.0.failed_on(from, &error))
    }

    pub async fn get(&self, key: &str, max_bytes: u64) -> Result<Bytes> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut attempt = 1;
        loop {
            // Requests are tried again by the client; this is for bodies that break off.
            match self.get_once(key, max_bytes).await {
                Err(error) if error.is_transient() && attempt < self.0.attempts => {
                    tracing::debug!(%error, key, attempt, "a blob is read again");
                    sleep(pauses.next_pause()).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    async fn get_once(&self, key: &str, max_bytes: u64) -> Result<Bytes> {
        let mut blob = self.get_stream(key).await?;
        let too_large = || BlobError::TooLarge { key: key.to_owned(), max_bytes };
        if blob.bytes > max_bytes {
            return Err(too_large());
        }
        let mut content = BytesMut::new();
        while let Some(piece) = blob.pieces.try_next().await? {
            if (content.len() + piece.len()) as u64 > max_bytes {
                return Err(too_large());
            }
            content.extend_from_slice(&piece);
        }
        Ok(content.freeze())
    }

    pub async fn get_stream(&self, key: &str) -> Result<BlobStream> {
        let get = self.0.client.get_object().bucket(&self.0.name).key(self.0.full(key));
        let answer = get.send().await.map_err(|error| self.0.failed_on(key, &error))?;
        let bytes = answer.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        Ok(BlobStream { bytes, pieces: pieces(answer, key.to_owned(), self.0.answer_within).boxed() })
    }

    pub async fn size(&self, key: &str) -> Result<u64> {
        let head = self.0.client.head_object().bucket(&self.0.name).key(self.0.full(key));
        let answer = head.send().await.map_err(|error| self.0.failed_on(key, &error))?;
        Ok(answer.content_length().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0))
    }

    pub async fn delete(&self, keys: &[String]) -> Result<()> {
        for keys in keys.chunks(DELETED_AT_ONCE) {
            let objects = keys.iter().map(|key| ObjectIdentifier::builder().key(self.0.full(key)).build());
            let objects: std::result::Result<Vec<_>, _> = objects.collect();
            let delete =
                objects.and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build());
            let delete = delete.map_err(|error| BlobError::Refused(error.to_string()))?;
            let answer = self.0.client.delete_objects().bucket(&self.0.name).delete(delete).send().await;
            let answer = answer.map_err(|error| self.0.failed(&error))?;
            if let Some(error) = answer.errors().first() {
                let (key, words) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
                return Err(BlobError::Unavailable(format!("'{key}' could not be deleted: {words}")));
            }
        }
        Ok(())
    }

    pub async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page> {
        let list = self.0.client.list_objects_v2().bucket(&self.0.name).prefix(self.0.full(prefix));
        let list = list.max_keys(PAGE as i32).set_start_after(after.map(|after| self.0.full(after)));
        let answer = list.send().await.map_err(|error| self.0.failed(&error))?;
        let blobs: Vec<BlobEntry> =
            answer.contents().iter().filter_map(|object| entry(object, &self.0.prefix)).collect();
        let is_more = answer.is_truncated().unwrap_or(false);
        let next = if is_more { blobs.last().map(|last| last.key.clone()) } else { None };
        Ok(Page { blobs, next })
    }

    pub async fn follow(&self, owner: &str, rules: &[LifecycleRule], touch: Touch) -> Result<Applied> {
        lifecycle::apply(&self.0, owner, rules, touch).await
    }

    pub fn place(&self) -> String {
        format!("s3://{}/{}", self.0.name, self.0.prefix).trim_end_matches('/').to_owned()
    }

    /// What all keys begin with: nothing, or words with a slash at their end.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub async fn ping(&self) -> Result<()> {
        let answer = self.0.client.head_bucket().bucket(&self.0.name).send().await;
        match answer.map_err(|error| self.0.failed_on(&self.0.name, &error)) {
            Err(BlobError::NotFound { .. }) => Err(self.0.is_not_there()),
            answer => answer.map(drop),
        }
    }
}

impl Inner {
    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

fn entry(object: &Object, prefix: &str) -> Option<BlobEntry> {
    let last_modified = object.last_modified()?;
    Some(BlobEntry {
        key: object.key()?.strip_prefix(prefix)?.to_owned(),
        bytes: u64::try_from(object.size()?).ok()?,
        last_modified: DateTime::from_timestamp(last_modified.secs(), last_modified.subsec_nanos())?,
    })
}

/// A body that stops coming is an error, not a wait without end.
fn pieces(
    answer: GetObjectOutput,
    key: String,
    patience: Duration,
) -> impl futures_util::Stream<Item = Result<Bytes>> + Send {
    stream::try_unfold((answer.body, key), move |(mut body, key)| async move {
        match timeout(patience, body.try_next()).await {
            Ok(Ok(Some(piece))) => Ok(Some((piece, (body, key)))),
            Ok(Ok(None)) => Ok(None),
            Ok(Err(error)) => {
                Err(BlobError::Unavailable(format!("'{key}' broke off: {}", DisplayErrorContext(error))))
            }
            Err(_) => Err(BlobError::Unavailable(format!(
                "'{key}' stopped coming for {} s",
                patience.as_secs_f64()
            ))),
        }
    })
}
