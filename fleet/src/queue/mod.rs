//! Bells: hints that a job may be claimed. The truth is in the store.
//!
//! ```text
//!  ring ──▶ stream of a label and a priority ──▶ listener.next ──▶ pending, under the listener's name ──▶ answer
//!                        ▲                                                     │
//!                        └──────────── rescue: unanswered too long ────────────┘
//! ```
//! - A bell that was rung is heard by one listener at a time, until it is answered.
//! - One that was heard and not answered, because its listener died or the connection broke, rings again by `rescue`.
//! - A queue may lose everything; whoever compares it with the store rings again. Ringing twice does no harm.
//! - A listener survives any restart of the server, and notices within seconds that a connection is dead.
//! - Answering says nothing about who may work on a job: that is fenced in the store.
//!
//! Two homes keep these promises, and one suite of tests holds both to them: streams of Redis, and this process.

mod consumer;
mod error;
mod in_process;
mod keys;
mod settings;
mod streams;

use std::fmt;
use std::time::Duration;

pub use consumer::ConsumerName;
pub use error::QueueError;
pub use settings::QueueSettings;

use crate::job::{Bell, Label, Priority};

/// What an operation gives.
pub type Result<T> = std::result::Result<T, QueueError>;

/// Where bells ring. Cheap to clone: clones are the same queue.
#[derive(Debug, Clone)]
pub struct Queue(Home);

#[derive(Debug, Clone)]
enum Home {
    Redis(streams::Streams),
    InProcess(in_process::InProcess),
}

/// A bell that a listener heard and has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rung {
    /// What rang.
    pub bell: Bell,
    /// Which ringing of it.
    pub entry: EntryId,
}

/// The name of one ringing within its stream: Redis gives `milliseconds-sequence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    /// When it rang, in milliseconds since 1970 by the server's clock.
    pub milliseconds: u64,
    /// Which one of that millisecond.
    pub sequence: u64,
}

/// What a rescue did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many bells ring again.
    pub rung_again: usize,
}

impl Queue {
    /// Streams of Redis, kept apart from those of other environments. No connection is opened yet: a server that is away
    /// is waited for by those who use the queue.
    ///
    /// # Errors
    /// When the URL is not one of `redis://` or `rediss://`.
    pub fn connect(url: &str, environment: &str, settings: &QueueSettings) -> Result<Queue> {
        streams::Streams::connect(url, environment, settings).map(|streams| Queue(Home::Redis(streams)))
    }

    /// A queue of this process, which ends with it.
    #[must_use]
    pub fn in_process() -> Queue {
        Queue(Home::InProcess(in_process::InProcess::default()))
    }

    /// Whether nobody but this process hears it.
    #[must_use]
    pub fn is_in_process(&self) -> bool {
        matches!(self.0, Home::InProcess(_))
    }

    /// Rings. After an error some of the bells may have rung; ringing all again does no harm.
    ///
    /// # Errors
    /// When the server is away or full.
    pub async fn ring(&self, bells: &[Bell]) -> Result<()> {
        match &self.0 {
            Home::Redis(streams) => streams.ring(bells).await,
            Home::InProcess(queue) => {
                queue.ring(bells);
                Ok(())
            }
        }
    }

    /// Listens for jobs of some labels, under a name that no other listener has.
    #[must_use]
    pub fn listen(&self, labels: &[Label], consumer: &ConsumerName) -> Listener {
        Listener(match &self.0 {
            Home::Redis(streams) => Ear::Redis(Box::new(streams.listen(labels, consumer))),
            Home::InProcess(queue) => Ear::InProcess(queue.listen(labels, consumer)),
        })
    }

    /// Answers bells: they ring no more. Answering one twice does no harm.
    ///
    /// # Errors
    /// When the server is away; the bells then ring again.
    pub async fn answer(&self, rung: &[Rung]) -> Result<()> {
        match &self.0 {
            Home::Redis(streams) => streams.answer(rung).await,
            Home::InProcess(queue) => {
                queue.answer(rung);
                Ok(())
            }
        }
    }

    /// Rings again, at the end of their streams, what was heard at least `idle` ago and not answered; at most `limit`
    /// bells. One call looks at a bounded part of what is pending, the next one goes on from there.
    ///
    /// # Errors
    /// When the server is away or full.
    pub async fn rescue(&self, idle: Duration, limit: usize) -> Result<Rescued> {
        match &self.0 {
            Home::Redis(streams) => streams.rescue(idle, limit).await,
            Home::InProcess(queue) => Ok(queue.rescue(idle, limit)),
        }
    }

    /// How many bells of a stream are not answered, whether heard or not.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn length(&self, label: Label, priority: Priority) -> Result<u64> {
        match &self.0 {
            Home::Redis(streams) => streams.length(label, priority).await,
            Home::InProcess(queue) => Ok(queue.length(label, priority)),
        }
    }

    /// Forgets the listeners that are not among the living and have nothing pending; says how many entries of listeners
    /// were removed, over all streams. One that was alive after all is known again with the next thing it hears.
    ///
    /// # Errors
    /// When the server is away.
    pub async fn remove_dead_consumers(&self, alive: &[ConsumerName]) -> Result<usize> {
        match &self.0 {
            Home::Redis(streams) => streams.remove_dead_consumers(alive).await,
            Home::InProcess(queue) => Ok(queue.remove_dead_consumers(alive)),
        }
    }

    /// Writes a value under a key of its own, reads it and deletes it: gives what was read.
    ///
    /// # Errors
    /// When the server is away, full, or does not take it.
    pub async fn round_trip(&self, value: &str) -> Result<String> {
        match &self.0 {
            Home::Redis(streams) => streams.round_trip(value).await,
            Home::InProcess(_) => Ok(value.to_owned()),
        }
    }

    /// Whether the queue answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        match &self.0 {
            Home::Redis(streams) => streams.ping().await,
            Home::InProcess(_) => Ok(()),
        }
    }
}

/// Hears bells, over a connection of its own.
#[derive(Debug)]
pub struct Listener(Ear);

#[derive(Debug)]
enum Ear {
    Redis(Box<streams::Listener>),
    InProcess(in_process::Listener),
}

impl Listener {
    /// The next bells, the most urgent first, at most `max`; waits for the first one as long as `wait`, and then gives
    /// none. A connection that breaks is made again meanwhile, as often as it takes.
    ///
    /// The future may be dropped; what it was hearing just then rings again by a rescue.
    ///
    /// # Errors
    /// When there is no connection at the end of `wait`. Calling again goes on trying.
    pub async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Rung>> {
        match &mut self.0 {
            Ear::Redis(listener) => listener.next(max, wait).await,
            Ear::InProcess(listener) => Ok(listener.next(max, wait).await),
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.milliseconds, self.sequence)
    }
}

impl EntryId {
    /// Reads `milliseconds-sequence`.
    #[must_use]
    pub fn parse(text: &str) -> Option<EntryId> {
        let (milliseconds, sequence) = text.split_once('-')?;
        Some(EntryId { milliseconds: milliseconds.parse().ok()?, sequence: sequence.parse().ok()? })
    }
}
