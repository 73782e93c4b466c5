//! Hears bells over a connection of its own, since a read that waits keeps a connection from everything else.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use redis::{FromRedisValue, RedisResult};
use tokio::time::{Instant, sleep_until};

use super::connector::Connector;
use super::{is_no_group, scripts};
use crate::job::{Bell, Label, Priority};
use crate::queue::{ConsumerName, EntryId, Result, Rung, keys};
use crate::reconnect::Pauses;

/// An answer that is later than it should be by more than this does not come.
const GRACE: Duration = Duration::from_secs(1);

/// Hears the bells of some streams.
#[derive(Debug)]
pub struct Listener {
    connector: Connector,
    longest_read: Duration,
    consumer: ConsumerName,
    streams: Streams,
    connection: Option<MultiplexedConnection>,
    pauses: Pauses,
    /// Not before this is a connection tried again that could not be made.
    next_try: Instant,
    /// Heard, but more than was asked for: a read gives up to one bell of each stream.
    left_over: VecDeque<Rung>,
}

/// What is listened to, the most urgent first.
#[derive(Debug)]
struct Streams {
    keys: Vec<String>,
    places: HashMap<String, (Label, Priority)>,
    /// Keys that one script may read: all of one label if there is but one, or else one at a time, so that what is urgent
    /// for one label comes before what is not for another.
    rounds: Vec<Vec<String>>,
}

impl Listener {
    pub fn new(
        connector: Connector,
        longest_read: Duration,
        environment: &str,
        labels: &[Label],
        consumer: ConsumerName,
    ) -> Self {
        Listener {
            connector,
            longest_read,
            consumer,
            streams: Streams::of(environment, labels),
            connection: None,
            pauses: Pauses::between_connections(),
            next_try: Instant::now(),
            left_over: VecDeque::new(),
        }
    }

    pub async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Rung>> {
        if !self.left_over.is_empty() {
            return Ok(self.left_over.drain(..max.min(self.left_over.len())).collect());
        }
        let deadline = Instant::now() + wait;
        loop {
            let error = match self.hear(max, deadline).await {
                Ok(rung) if rung.is_empty() && Instant::now() < deadline => continue,
                Ok(rung) => return Ok(rung),
                Err(error) => error,
            };
            self.next_try = Instant::now() + self.pauses.next_pause();
            if self.next_try >= deadline || !error.is_transient() {
                sleep_until(self.next_try.min(deadline)).await;
                return Err(error);
            }
            tracing::debug!(%error, "the queue is not heard; trying again");
        }
    }

    /// What rings now, or within one read. The connection is out of its place meanwhile: if this is dropped or fails, it
    /// is closed, and a read that still waits at the server with it.
    async fn hear(&mut self, max: usize, deadline: Instant) -> Result<Vec<Rung>> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                sleep_until(self.next_try).await;
                self.connector.connect(self.longest_read + GRACE).await?
            }
        };
        let rung = match self.read(&mut connection, max, deadline).await {
            Err(error) if is_no_group(&error) => {
                self.make_groups(&mut connection).await?;
                self.read(&mut connection, max, deadline).await
            }
            rung => rung,
        };
        let rung = rung?;
        self.connection = Some(connection);
        self.pauses.reset();
        Ok(rung)
    }

    async fn read(
        &mut self,
        connection: &mut MultiplexedConnection,
        max: usize,
        deadline: Instant,
    ) -> RedisResult<Vec<Rung>> {
        let rung = self.take(connection, max).await?;
        let wait = deadline.saturating_duration_since(Instant::now()).min(self.longest_read);
        // The server takes no wait at all for one without end.
        if !rung.is_empty() || wait < Duration::from_millis(1) {
            return Ok(rung);
        }
        let mut rung = self.wait_for_one(connection, wait).await?;
        self.left_over.extend(rung.split_off(max.min(rung.len())));
        Ok(rung)
    }

    async fn take(&self, connection: &mut MultiplexedConnection, max: usize) -> RedisResult<Vec<Rung>> {
        let mut rung: Vec<Rung> = Vec::new();
        for keys in &self.streams.rounds {
            if rung.len() < max {
                let heard = scripts::take(connection, keys, &self.consumer, max - rung.len()).await?;
                for (index, entry, job) in heard {
                    rung.extend(self.rung(connection, &keys[index - 1], &entry, &job).await?);
                }
            }
        }
        Ok(rung)
    }

    /// Waits at the server; it gives the first bell, and one of each other stream that rang in the same moment.
    async fn wait_for_one(
        &self,
        connection: &mut MultiplexedConnection,
        wait: Duration,
    ) -> RedisResult<Vec<Rung>> {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(keys::GROUP).arg(self.consumer.as_str()).arg("COUNT").arg(1);
        read.arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        read.arg("STREAMS").arg(&self.streams.keys).arg(vec![">"; self.streams.keys.len()]);
        let reply: Option<StreamReadReply> = read.query_async(connection).await?;
        let mut rung = Vec::new();
        for stream in reply.into_iter().flat_map(|reply| reply.keys) {
            for entry in stream.ids {
                let job = entry.map.get(keys::JOB).cloned().map(Vec::from_redis_value).transpose()?;
                rung.extend(self.rung(connection, &stream.key, &entry.id, &job.unwrap_or_default()).await?);
            }
        }
        Ok(rung)
    }

    /// An entry that is no bell, which somebody else must have added, is removed: it would come back for ever.
    async fn rung(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        entry: &str,
        job: &[u8],
    ) -> RedisResult<Option<Rung>> {
        let rung = self.streams.rung(key, entry, job);
        if rung.is_none() {
            tracing::warn!(stream = key, entry, "removed an entry that is no bell");
            scripts::answer(connection, key, &EntryId::parse(entry).into_iter().collect::<Vec<_>>()).await?;
        }
        Ok(rung)
    }

    /// The server is new, or has lost everything.
    async fn make_groups(&self, connection: &mut MultiplexedConnection) -> Result<()> {
        for key in &self.streams.keys {
            if scripts::make_group(connection, key).await? {
                tracing::info!(stream = key, "made the group of a stream");
            }
        }
        Ok(())
    }
}

impl Streams {
    fn of(environment: &str, labels: &[Label]) -> Self {
        let places =
            Priority::ALL.iter().flat_map(|&priority| labels.iter().map(move |&label| (label, priority)));
        let places: Vec<(String, (Label, Priority))> = places
            .map(|(label, priority)| (keys::bells(environment, label, priority), (label, priority)))
            .collect();
        let keys: Vec<String> = places.iter().map(|(key, _)| key.clone()).collect();
        let rounds = match labels.len() {
            1 => vec![keys.clone()],
            _ => keys.iter().map(|key| vec![key.clone()]).collect(),
        };
        Streams { keys, places: places.into_iter().collect(), rounds }
    }

    /// Nothing, if the entry is no bell.
    fn rung(&self, key: &str, entry: &str, job: &[u8]) -> Option<Rung> {
        let (label, priority) = *self.places.get(key)?;
        let job = str::from_utf8(job).ok()?.parse().ok()?;
        Some(Rung { bell: Bell { job, label, priority }, entry: EntryId::parse(entry)? })
    }
}
