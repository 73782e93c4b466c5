//! Uploads: in one request if short, in parts otherwise, and aborted unless they came to their end.

use std::panic::resume_unwind;
use std::sync::Arc;

use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use tokio::runtime::Handle;
use tracing::Instrument;

use super::Inner;
use crate::blobs::measure::Measured;
use crate::blobs::{BlobError, Result};

/// The length of a part but the last, and the longest that goes in one request. Amazon's least is 5 MiB, and its most
/// parts are 10,000: up to 78 GiB.
const PART_BYTES: usize = 8 << 20;

pub async fn upload(bucket: &Arc<Inner>, key: &str, source: &mut Measured<'_>) -> Result<()> {
    let first = source.next_part(PART_BYTES).await?;
    if first.len() < PART_BYTES {
        return put(bucket, key, first).await;
    }
    let upload = InParts::begin(bucket, key).await?;
    let (mut parts, mut bytes) = (Vec::new(), 0);
    let mut part = first;
    while !part.is_empty() {
        bytes += part.len() as u64;
        parts.push(upload.send(parts.len(), part).await?);
        part = source.next_part(PART_BYTES).await?;
    }
    upload.complete(parts, bytes).await
}

async fn put(bucket: &Inner, key: &str, content: Bytes) -> Result<()> {
    let put = bucket.client.put_object().bucket(&bucket.name).key(bucket.full(key));
    let (encryption, managed_key) = bucket.encryption();
    let put = put.set_server_side_encryption(encryption).set_ssekms_key_id(managed_key);
    put.body(ByteStream::from(content)).send().await.map(drop).map_err(|error| bucket.failed(&error))
}

/// An upload that is not complete. Dropping it aborts it, so that its parts do not lie about, unseen and paid for.
struct InParts {
    bucket: Arc<Inner>,
    key: String,
    id: Option<String>,
}

impl InParts {
    /// In a task of its own, which is heard to its end: the service may have begun an upload whose client goes away before
    /// the answer comes, and only the answer says what to abort.
    async fn begin(bucket: &Arc<Inner>, key: &str) -> Result<Self> {
        let (bucket, key) = (Arc::clone(bucket), bucket.full(key));
        let begin = async move {
            let create = bucket.client.create_multipart_upload().bucket(&bucket.name).key(&key);
            let (encryption, managed_key) = bucket.encryption();
            let create = create.set_server_side_encryption(encryption).set_ssekms_key_id(managed_key);
            let created = create.send().await.map_err(|error| bucket.failed(&error))?;
            Ok(InParts { bucket, key, id: created.upload_id })
        };
        let begun = tokio::spawn(begin.in_current_span());
        begun.await.unwrap_or_else(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(BlobError::Unavailable(format!("an upload was not begun: {error}"))),
        })
    }

    /// The part after so many others.
    async fn send(&self, others: usize, content: Bytes) -> Result<CompletedPart> {
        let number = i32::try_from(others + 1).map_err(|error| BlobError::Refused(error.to_string()))?;
        let client = &self.bucket.client;
        let send =
            client.upload_part().bucket(&self.bucket.name).key(&self.key).set_upload_id(self.id.clone());
        let sent = send.part_number(number).body(ByteStream::from(content)).send().await;
        let sent = sent.map_err(|error| self.bucket.failed_on(&self.key, &error))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .set_checksum_crc32(sent.checksum_crc32)
            .build())
    }

    async fn complete(mut self, parts: Vec<CompletedPart>, bytes: u64) -> Result<()> {
        let client = &self.bucket.client;
        let before = self.state().await?;
        let complete = client.complete_multipart_upload().bucket(&self.bucket.name).key(&self.key);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = complete.set_upload_id(self.id.clone()).multipart_upload(parts);
        if let Err(error) = complete.send().await.map_err(|error| self.bucket.failed(&error)) {
            // The answer to a first try may have been lost on the way, and the second one refused because the upload is
            // no more: then the blob is there, and was not there before.
            let after = if error.is_transient() { None } else { self.state().await? };
            if after == before || after.is_none_or(|after| after.bytes != Some(bytes)) {
                return Err(error);
            }
        }
        self.id = None;
        Ok(())
    }

    /// What is under the key.
    async fn state(&self) -> Result<Option<Seen>> {
        let head = self.bucket.client.head_object().bucket(&self.bucket.name).key(&self.key).send().await;
        match head.map_err(|error| self.bucket.failed_on(&self.key, &error)) {
            Ok(head) => Ok(Some(Seen {
                bytes: head.content_length.and_then(|bytes| u64::try_from(bytes).ok()),
                tag: head.e_tag,
                last_modified: head.last_modified,
            })),
            Err(BlobError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What tells a blob from one that was there before.
#[derive(PartialEq)]
struct Seen {
    bytes: Option<u64>,
    tag: Option<String>,
    last_modified: Option<DateTime>,
}

impl Drop for InParts {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let bucket = Arc::clone(&self.bucket);
        let abort = bucket.client.abort_multipart_upload().bucket(&bucket.name).key(&self.key).upload_id(id);
        // Nobody is left to await it: the one who uploaded may be gone. It ends by the client's own bounds, and where it
        // fails, or the process ends before it, the bucket's rule for incomplete uploads has to do it.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = abort.send().await {
                    tracing::warn!(error = %bucket.failed(&error), "an upload in parts could not be aborted");
                }
            });
        }
    }
}
