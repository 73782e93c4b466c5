//! The bytes of one part of the package, inflated chunk by chunk and counted.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::error::ReadError;
use super::limits::Limits;

const CHUNK_BYTES: usize = 128 << 10;
/// Chunks that may wait between the two threads: enough for each to work while the other is late.
const CHUNKS_IN_FLIGHT: usize = 4;

/// Where the chunks come from.
enum Source<'s> {
    /// Inflated when asked for, on this thread.
    Here(Box<dyn Read + 's>),
    /// Inflated ahead, on another thread; used chunks go back to it.
    Elsewhere { full: Receiver<io::Result<Vec<u8>>>, used: SyncSender<Vec<u8>> },
}

/// A part of the package as a bounded stream.
pub(super) struct PartReader<'s> {
    source: Source<'s>,
    chunk: Vec<u8>,
    at: usize,
    /// Bytes of all chunks so far.
    inflated: u64,
    /// Value of `inflated` past which the part is refused, and why.
    allowed: u64,
    token_start: u64,
    token_bytes: u64,
    refusal: Option<ReadError>,
    bounds: Bounds,
}

/// What a part may come to.
pub(super) struct Bounds {
    /// Its name, for messages.
    pub part: String,
    /// Its compressed size: real, since the entries do not overlap.
    pub compressed: u64,
    /// What other parts have used of [`Limits::inflated_bytes`].
    pub inflated_before: u64,
}

impl<'s> PartReader<'s> {
    /// Inflates on this thread.
    pub fn here(source: impl Read + 's, bounds: Bounds, limits: &Limits) -> PartReader<'s> {
        PartReader::new(Source::Here(Box::new(source)), bounds, limits)
    }

    /// A reader and the other end, which [`Inflater::run`] feeds on another thread.
    pub fn elsewhere(bounds: Bounds, limits: &Limits) -> (PartReader<'s>, Inflater) {
        let (full_sender, full) = sync_channel(CHUNKS_IN_FLIGHT);
        let (used, used_receiver) = sync_channel(CHUNKS_IN_FLIGHT);
        let reader = PartReader::new(Source::Elsewhere { full, used }, bounds, limits);
        (reader, Inflater { full: full_sender, used: used_receiver })
    }

    fn new(source: Source<'s>, bounds: Bounds, limits: &Limits) -> PartReader<'s> {
        let by_ratio = limits.ratio_free_bytes.max(bounds.compressed.saturating_mul(limits.ratio));
        let by_total = limits.inflated_bytes.saturating_sub(bounds.inflated_before);
        PartReader {
            source,
            chunk: Vec::new(),
            at: 0,
            inflated: 0,
            allowed: by_ratio.min(by_total),
            token_start: 0,
            token_bytes: limits.token_bytes,
            refusal: None,
            bounds,
        }
    }

    /// The bytes that came out so far.
    pub fn inflated(&self) -> u64 {
        self.inflated
    }

    /// Marks the place where a token begins; its length is bounded from here.
    #[inline]
    pub fn begin_token(&mut self) {
        self.token_start = self.inflated - (self.chunk.len() - self.at) as u64;
    }

    /// The inflated bytes that have not been read yet. More may follow where there are some.
    #[inline]
    pub fn ready(&self) -> &[u8] {
        &self.chunk[self.at..]
    }

    /// Why the stream stopped, where a bound stopped it.
    pub fn take_refusal(&mut self) -> Option<ReadError> {
        self.refusal.take()
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        if self.inflated - self.token_start > self.token_bytes {
            return self.refuse(format!("a single tag or text in {} is too long", self.bounds.part));
        }
        self.at = 0;
        match &mut self.source {
            Source::Here(source) => fill(source, &mut self.chunk)?,
            Source::Elsewhere { full, used } => {
                // The other thread may have ended already; then nobody wants the chunk.
                let _ = used.try_send(std::mem::take(&mut self.chunk));
                self.chunk = full.recv().unwrap_or_else(|_| Ok(Vec::new()))?;
            }
        }
        self.inflated += self.chunk.len() as u64;
        if self.inflated > self.allowed {
            return self.refuse(format!(
                "{} is {} bytes in the file and inflates to more than {}",
                self.bounds.part, self.bounds.compressed, self.allowed
            ));
        }
        Ok(())
    }

    fn refuse(&mut self, reason: String) -> io::Result<()> {
        self.chunk.clear();
        self.at = 0;
        self.refusal = Some(ReadError::hostile(reason));
        Err(io::Error::other("a bound was passed"))
    }
}

impl Read for PartReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for PartReader<'_> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.chunk.len() {
            self.next_chunk()?;
        }
        Ok(&self.chunk[self.at..])
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        self.at += count;
    }
}

/// The thread's end of a part that is inflated ahead.
pub(super) struct Inflater {
    full: SyncSender<io::Result<Vec<u8>>>,
    used: Receiver<Vec<u8>>,
}

impl Inflater {
    /// Inflates `source` until it ends, fails, or nobody reads any more.
    pub fn run(self, mut source: impl Read) {
        loop {
            let mut chunk = self.used.try_recv().unwrap_or_default();
            let filled = fill(&mut source, &mut chunk).map(|()| chunk);
            let ended = !matches!(&filled, Ok(chunk) if !chunk.is_empty());
            if self.full.send(filled).is_err() || ended {
                return;
            }
        }
    }
}

/// Fills `chunk` with the next bytes; it stays empty at the end.
fn fill(source: &mut impl Read, chunk: &mut Vec<u8>) -> io::Result<()> {
    chunk.resize(CHUNK_BYTES, 0);
    let mut filled = 0;
    while filled < CHUNK_BYTES {
        match source.read(&mut chunk[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    chunk.truncate(filled);
    Ok(())
}
