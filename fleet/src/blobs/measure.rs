//! Measures a stream while it goes through: its length, against a bound, and its hash.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{BoxStream, StreamExt};
use sha2::{Digest, Sha256};

use super::{BlobError, Result, Stored};
use crate::hex::hex;

/// Whatever a stream fails with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A stream of which is known how much came, and what.
pub struct Measured<'a> {
    stream: BoxStream<'a, std::result::Result<Bytes, BoxError>>,
    key: &'a str,
    max_bytes: u64,
    bytes: u64,
    hash: Sha256,
    /// Came, and did not fit the last part.
    left_over: Bytes,
}

impl<'a> Measured<'a> {
    pub fn new(
        stream: BoxStream<'a, std::result::Result<Bytes, BoxError>>,
        key: &'a str,
        max_bytes: u64,
    ) -> Self {
        // Asked again after its end where the last part was not full, which not every stream bears.
        let stream = stream.fuse().boxed();
        Measured { stream, key, max_bytes, bytes: 0, hash: Sha256::new(), left_over: Bytes::new() }
    }

    /// What comes next, or nothing at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if !self.left_over.is_empty() {
            return Ok(Some(std::mem::take(&mut self.left_over)));
        }
        let piece = match self.stream.next().await {
            None => return Ok(None),
            Some(Ok(piece)) => piece,
            Some(Err(error)) => return Err(BlobError::BrokeOff { key: self.key.to_owned(), error }),
        };
        self.bytes += piece.len() as u64;
        if self.bytes > self.max_bytes {
            return Err(BlobError::TooLarge { key: self.key.to_owned(), max_bytes: self.max_bytes });
        }
        self.hash.update(&piece);
        Ok(Some(piece))
    }

    /// The next part, of so many bytes unless it is the last one.
    pub async fn next_part(&mut self, part_bytes: usize) -> Result<Bytes> {
        let mut part = BytesMut::new();
        while part.len() < part_bytes
            && let Some(mut piece) = self.next().await?
        {
            self.left_over = piece.split_off(piece.len().min(part_bytes - part.len()));
            part.extend_from_slice(&piece);
        }
        Ok(part.freeze())
    }

    /// What it was, up to now.
    pub fn stored(self) -> Stored {
        let sha256 = hex(&self.hash.finalize());
        Stored { bytes: self.bytes, sha256 }
    }
}
