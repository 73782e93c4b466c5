//! Bodies on the disk: whatever may be large is never held in memory.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use fermiac_simulation::Failure;
use futures_util::{Stream, StreamExt};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use crate::error::ApiError;

/// A file that goes with the value.
#[derive(Debug)]
pub struct Spool {
    file: NamedTempFile,
    /// How much is in it.
    pub bytes: u64,
}

impl Spool {
    /// Writes a body into one, as long as it keeps coming and stays within bounds.
    pub async fn of_body(body: Body, at_most: u64, idle: Duration) -> Result<Spool, ApiError> {
        let mut frames = body.into_data_stream();
        let (mut spool, mut file) = Spool::begin().await?;
        loop {
            let frame = match tokio::time::timeout(idle, frames.next()).await {
                Err(_) => return Err(ApiError::TimedOut),
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(ApiError::Malformed("the body broke off".to_owned())),
                Ok(Some(Ok(frame))) => frame,
            };
            spool.bytes += frame.len() as u64;
            if spool.bytes > at_most {
                return Err(ApiError::TooLarge(at_most));
            }
            file.write_all(&frame).await?;
        }
        file.flush().await?;
        Ok(spool)
    }

    /// Writes what comes from the storage into one.
    pub async fn of_stream<E>(stream: impl Stream<Item = Result<Bytes, E>>) -> Result<Spool, ApiError>
    where
        ApiError: From<E>,
    {
        let mut stream = std::pin::pin!(stream);
        let (mut spool, mut file) = Spool::begin().await?;
        while let Some(frame) = stream.next().await {
            let frame = frame?;
            spool.bytes += frame.len() as u64;
            file.write_all(&frame).await?;
        }
        file.flush().await?;
        Ok(spool)
    }

    async fn begin() -> Result<(Spool, tokio::fs::File), ApiError> {
        let file = tokio::task::spawn_blocking(|| NamedTempFile::with_prefix("fermiac-"));
        let file = file.await.map_err(|error| ApiError::Broken { reason: error.to_string() })??;
        let writer = tokio::fs::File::from_std(file.reopen()?);
        Ok((Spool { file, bytes: 0 }, writer))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// A failure of reading it, without the name of a file that nobody gave.
    pub fn unnamed(&self, failure: Failure) -> Failure {
        let prefix = format!("{}: ", self.path().display());
        match failure {
            Failure::Refused(reason) => Failure::Refused(reason.replace(&prefix, "")),
            other => other,
        }
    }
}
