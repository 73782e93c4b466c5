//! Bells in streams of Redis: one stream for each label and priority, one consumer group for all workers.

mod connector;
mod link;
mod listener;
mod scripts;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};

use self::connector::Connector;
use self::link::Link;
pub use self::listener::Listener;
use self::scripts::Search;
use super::{ConsumerName, EntryId, QueueSettings, Rescued, Result, Rung, keys};
use crate::job::{Bell, Label, Priority};

/// So many bells go out in one pipeline, and come back answered in one script.
const BATCH: usize = 1_000;
/// A step of a rescue claims at most so many bells, and looks at ten times as many pending ones.
const RESCUE_STEP: usize = 100;
/// A rescue takes at most so many steps in one stream: it looks at 100,000 pending bells.
const RESCUE_STEPS: usize = 100;
/// A key of a round trip lasts so long, if it is not deleted.
const ROUND_TRIP_SECONDS: u64 = 60;
/// Where a search through pending entries begins, and what it gives at the end.
const BEGINNING: &str = "0-0";

/// The streams of an environment. Clones are the same.
#[derive(Debug, Clone)]
pub struct Streams {
    link: Link,
    connector: Connector,
    environment: Arc<str>,
    longest_read: Duration,
    /// Where the next rescue goes on in a stream. Without it, bells that are overdue would not be found behind others
    /// that are not.
    cursors: Arc<Mutex<HashMap<(Label, Priority), String>>>,
}

impl Streams {
    pub fn connect(url: &str, environment: &str, settings: &QueueSettings) -> Result<Self> {
        let connector = Connector::new(url, settings)?;
        Ok(Streams {
            link: Link::new(connector.clone(), settings.clone()),
            connector,
            environment: environment.into(),
            longest_read: settings.longest_read,
            cursors: Arc::default(),
        })
    }

    pub async fn ring(&self, bells: &[Bell]) -> Result<()> {
        for bells in bells.chunks(BATCH) {
            let mut pipeline = redis::pipe();
            for bell in bells {
                let job = bell.job.0.hyphenated().to_string();
                let stream = self.key(bell.label, bell.priority);
                pipeline.cmd("XADD").arg(stream).arg("*").arg(keys::JOB).arg(job).ignore();
            }
            let pipeline = &pipeline;
            self.link
                .run(|mut connection| async move { pipeline.query_async::<()>(&mut connection).await })
                .await?;
        }
        Ok(())
    }

    pub fn listen(&self, labels: &[Label], consumer: &ConsumerName) -> Listener {
        Listener::new(self.connector.clone(), self.longest_read, &self.environment, labels, consumer.clone())
    }

    pub async fn answer(&self, rung: &[Rung]) -> Result<()> {
        let mut by_stream: HashMap<(Label, Priority), Vec<EntryId>> = HashMap::new();
        for rung in rung {
            by_stream.entry((rung.bell.label, rung.bell.priority)).or_default().push(rung.entry);
        }
        for ((label, priority), entries) in by_stream {
            let stream = &self.key(label, priority);
            for entries in entries.chunks(BATCH) {
                self.link
                    .run(|mut connection| async move { scripts::answer(&mut connection, stream, entries).await })
                    .await?;
            }
        }
        Ok(())
    }

    pub async fn rescue(&self, idle: Duration, limit: usize) -> Result<Rescued> {
        let mut rung_again = 0;
        for (label, priority) in all_streams() {
            for _ in 0..RESCUE_STEPS {
                if rung_again >= limit {
                    return Ok(Rescued { rung_again });
                }
                let (is_end, count) =
                    self.rescue_step((label, priority), idle, RESCUE_STEP.min(limit - rung_again)).await?;
                rung_again += count;
                if is_end {
                    break;
                }
            }
        }
        Ok(Rescued { rung_again })
    }

    /// Whether that was the last step through the stream, and how many bells ring again.
    async fn rescue_step(
        &self,
        place: (Label, Priority),
        idle: Duration,
        limit: usize,
    ) -> Result<(bool, usize)> {
        let cursor = self.cursor(place);
        let search = &Search { stream: &self.key(place.0, place.1), idle, cursor: &cursor, limit };
        let found =
            self.link
                .run(|mut connection| async move {
                    unless_no_group(scripts::rescue(&mut connection, search).await)
                })
                .await?;
        let (cursor, count) = found.unwrap_or_else(|| (BEGINNING.to_owned(), 0));
        let is_end = cursor == BEGINNING;
        self.keep_cursor(place, cursor);
        Ok((is_end, count))
    }

    pub async fn length(&self, label: Label, priority: Priority) -> Result<u64> {
        let stream = &self.key(label, priority);
        self.link
            .run(|mut connection| async move {
                redis::cmd("XLEN").arg(stream).query_async(&mut connection).await
            })
            .await
    }

    pub async fn remove_dead_consumers(&self, alive: &[ConsumerName]) -> Result<usize> {
        let mut removed = 0;
        for (label, priority) in all_streams() {
            let stream = &self.key(label, priority);
            let gone = self.link.run(|mut connection| async move {
                unless_no_group(scripts::remove_dead_consumers(&mut connection, stream, alive).await)
            });
            removed += gone.await?.unwrap_or(0);
        }
        Ok(removed)
    }

    pub async fn ping(&self) -> Result<()> {
        let ping = |mut connection: MultiplexedConnection| async move {
            redis::cmd("PING").query_async::<()>(&mut connection).await
        };
        self.link.run(ping).await
    }

    /// In one transaction; and the key ends by itself, should the server break off in the middle.
    pub async fn round_trip(&self, value: &str) -> Result<String> {
        let key = keys::round_trip(&self.environment, value);
        let mut pipeline = redis::pipe();
        pipeline.atomic().cmd("SET").arg(&key).arg(value).arg("EX").arg(ROUND_TRIP_SECONDS).ignore();
        pipeline.cmd("GET").arg(&key).cmd("DEL").arg(&key).ignore();
        let pipeline = &pipeline;
        let (read,): (String,) = self
            .link
            .run(|mut connection| async move { pipeline.query_async(&mut connection).await })
            .await?;
        Ok(read)
    }

    fn key(&self, label: Label, priority: Priority) -> String {
        keys::bells(&self.environment, label, priority)
    }

    fn cursor(&self, place: (Label, Priority)) -> String {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.get(&place).cloned().unwrap_or_else(|| BEGINNING.to_owned())
    }

    fn keep_cursor(&self, place: (Label, Priority), cursor: String) {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).insert(place, cursor);
    }
}

fn all_streams() -> impl Iterator<Item = (Label, Priority)> {
    Label::ALL.iter().flat_map(|&label| Priority::ALL.iter().map(move |&priority| (label, priority)))
}

/// Nothing, where nobody ever listened, or the server has lost everything: there is no stream, or no group.
fn unless_no_group<T>(reply: RedisResult<T>) -> RedisResult<Option<T>> {
    match reply {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_no_group(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_no_group(error: &RedisError) -> bool {
    error.code() == Some("NOGROUP") || error.detail().is_some_and(|detail| detail.contains("no such key"))
}
