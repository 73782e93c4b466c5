//! The scripts, each with one function: every step that a crash must not cut in two.

use std::sync::LazyLock;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};

use crate::queue::keys::GROUP;
use crate::queue::{ConsumerName, EntryId};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));
static MAKE_GROUP: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("make_group.lua")));
static ANSWER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("answer.lua")));
static RESCUE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("rescue.lua")));
static REMOVE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("remove_dead_consumers.lua")));

/// The consumer that holds what is rescued, for the time of one script.
const RESCUER: &str = "rescue";

/// Makes a stream and its group; whether it had to.
pub async fn make_group(connection: &mut MultiplexedConnection, stream: &str) -> RedisResult<bool> {
    MAKE_GROUP.key(stream).arg(GROUP).invoke_async(connection).await
}

/// A bell as the server gives it: the stream's index from 1, the entry, the job, which may be anything if somebody else
/// added the entry.
pub type Heard = (usize, String, Vec<u8>);

/// Hears at most `max` bells, from the first stream on.
pub async fn take(
    connection: &mut MultiplexedConnection,
    streams: &[String],
    consumer: &ConsumerName,
    max: usize,
) -> RedisResult<Vec<Heard>> {
    let mut call = TAKE.prepare_invoke();
    for stream in streams {
        call.key(stream);
    }
    call.arg(GROUP).arg(consumer.as_str()).arg(max).invoke_async(connection).await
}

/// Acknowledges and deletes; at most some thousands at once.
pub async fn answer(
    connection: &mut MultiplexedConnection,
    stream: &str,
    entries: &[EntryId],
) -> RedisResult<u64> {
    let mut call = ANSWER.key(stream);
    call.arg(GROUP);
    for entry in entries {
        call.arg(entry.to_string());
    }
    call.invoke_async(connection).await
}

/// From where in a stream's pending entries to look, and how far.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    pub stream: &'a str,
    pub idle: Duration,
    pub cursor: &'a str,
    pub limit: usize,
}

/// Rings again what is pending too long; gives the cursor to go on from and how many ring.
pub async fn rescue(
    connection: &mut MultiplexedConnection,
    search: &Search<'_>,
) -> RedisResult<(String, usize)> {
    let idle = u64::try_from(search.idle.as_millis()).unwrap_or(u64::MAX);
    let mut call = RESCUE.key(search.stream);
    call.arg(GROUP).arg(RESCUER).arg(idle).arg(search.cursor).arg(search.limit).invoke_async(connection).await
}

/// Removes the consumers that are not alive and have nothing pending.
pub async fn remove_dead_consumers(
    connection: &mut MultiplexedConnection,
    stream: &str,
    alive: &[ConsumerName],
) -> RedisResult<usize> {
    let mut call = REMOVE.key(stream);
    call.arg(GROUP);
    for name in alive {
        call.arg(name.as_str());
    }
    call.invoke_async(connection).await
}
