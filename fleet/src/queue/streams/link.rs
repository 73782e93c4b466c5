//! One connection that all operations share, made again when it breaks.

use std::sync::Arc;

use redis::RedisResult;
use redis::aio::MultiplexedConnection;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::connector::Connector;
use crate::queue::{QueueError, QueueSettings, Result};
use crate::reconnect::Pauses;

/// The connection. Clones share it.
#[derive(Debug, Clone)]
pub struct Link {
    connector: Connector,
    settings: Arc<QueueSettings>,
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    /// Counts connections, so that a failure ends the one that it happened on and not its successor.
    number: u64,
    connection: Option<MultiplexedConnection>,
}

impl Link {
    pub fn new(connector: Connector, settings: QueueSettings) -> Self {
        Link { connector, settings: Arc::new(settings), current: Arc::default() }
    }

    /// Does what can be done twice: after a broken connection it is done again on a new one, for as long as the settings
    /// have patience.
    pub async fn run<T, F>(&self, operation: impl Fn(MultiplexedConnection) -> F) -> Result<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let deadline = Instant::now() + self.settings.patience;
        let mut pauses = Pauses::between_connections();
        loop {
            let error = match self.run_once(&operation).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let pause = pauses.next_pause();
            let is_over = Instant::now() + pause >= deadline;
            if is_over || !matches!(error, QueueError::Unavailable(_)) {
                return Err(error);
            }
            tracing::debug!(%error, pause_ms = pause.as_millis() as u64, "the queue is tried again");
            sleep(pause).await;
        }
    }

    async fn run_once<T, F>(&self, operation: impl Fn(MultiplexedConnection) -> F) -> Result<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (number, connection) = self.connection().await?;
        match operation(connection).await {
            Ok(done) => Ok(done),
            Err(error) => {
                let error = QueueError::from(error);
                if matches!(error, QueueError::Unavailable(_)) {
                    self.give_up(number).await;
                }
                Err(error)
            }
        }
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection)> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((current.number, connection.clone()));
        }
        let connection = self.connector.connect(self.settings.answer_within).await?;
        current.number += 1;
        current.connection = Some(connection.clone());
        Ok((current.number, connection))
    }

    async fn give_up(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.connection = None;
        }
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Current").field("number", &self.number).finish_non_exhaustive()
    }
}
