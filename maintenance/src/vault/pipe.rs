//! Between what blocks, a program's output or a cipher, and what does not, an upload or a download.
//!
//! A pipe holds a few pieces and no more. An end that is dropped is noticed by the other: the writer's next piece fails,
//! the reader's next one is an error, since a stream that ends without being finished is not whole.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};
use fermiac_fleet::hex::hex;
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

const PIECE_BYTES: usize = 128 << 10;
const PIECES: usize = 4;

/// A stream of pieces, and where to write them from a thread that may block.
pub fn pipe() -> (PipeWriter, impl Stream<Item = io::Result<Bytes>> + Send) {
    let (sender, receiver) = mpsc::channel::<Option<Bytes>>(PIECES);
    let pieces = stream::unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(Some(piece)) => Some((Ok(piece), Some(receiver))),
            Some(None) => None,
            None => Some((Err(io::Error::other("it broke off where it is written")), None)),
        }
    });
    (PipeWriter { sender, piece: BytesMut::new() }, pieces)
}

/// The end that is written to. Dropped without [`PipeWriter::finish`], it breaks the stream off.
pub struct PipeWriter {
    sender: mpsc::Sender<Option<Bytes>>,
    piece: BytesMut,
}

impl PipeWriter {
    /// Nothing comes any more: the stream is whole.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.send(None)
    }

    fn send(&self, piece: Option<Bytes>) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads it any more");
        self.sender.blocking_send(piece).map_err(gone)
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = self.piece.split().freeze();
        self.send(Some(piece))
    }
}

/// A stream as a thread that may block reads it, and the task that feeds it, which has to be run beside it.
pub fn reader<E: std::fmt::Display + Send>(
    mut pieces: impl Stream<Item = Result<Bytes, E>> + Send + Unpin,
) -> (PipeReader, impl Future<Output = ()> + Send) {
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    let feed = async move {
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| io::Error::other(error.to_string()));
            // Who has read enough takes no more.
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    };
    (PipeReader { receiver, piece: Bytes::new() }, feed)
}

/// The end that is read from.
pub struct PipeReader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for PipeReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let count = into.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}

/// Knows what went through it.
pub struct Hashed<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashed<T> {
    pub fn new(inner: T) -> Self {
        Hashed { inner, hash: Sha256::new(), bytes: 0 }
    }

    /// What it wraps, how many bytes went through, and their SHA-256.
    pub fn finish(self) -> (T, u64, String) {
        let sha256 = hex(&self.hash.finalize());
        (self.inner, self.bytes, sha256)
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.note(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.note(&into[..count]);
        Ok(count)
    }
}
