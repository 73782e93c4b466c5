//! The switch that makes the service read-only: what is there can be read, and nothing changes but what keeps it safe.
//!
//! While it is on, requests that write are refused, nothing is claimed but backups, nothing is emitted by the clock but
//! backups, and nothing is deleted. What workers hold already they finish, and write down.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{query, query_as};

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Store, StoreError};
use crate::audit::{Act, Action};

/// A reason has at most so many bytes.
const MAX_REASON_BYTES: usize = 500;

/// That the service is read-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReadOnly {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Who made it so.
    pub actor: String,
    /// Why, for those whose requests are refused.
    pub reason: String,
}

impl ReadOnly {
    /// The type of the problem that an API answers to what writes.
    pub const PROBLEM: &str = "urn:fermiac:problem:read-only";
}

impl Store {
    /// Whether the service is read-only.
    pub async fn read_only(&self) -> Result<Option<ReadOnly>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let read_only = transaction.read_only().await?;
        transaction.commit().await?;
        Ok(read_only)
    }

    /// Refuses, while the service is read-only.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin_to_read().await?;
        transaction.check_writable().await?;
        transaction.commit().await
    }

    /// Makes the service read-only. One that is already gets another reason.
    pub async fn make_read_only(&self, reason: &str) -> Result<ReadOnly, StoreError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON_BYTES || reason.contains('\0') {
            return Err(StoreError::refused(format!(
                "a reason to be read-only has 1 to {MAX_REASON_BYTES} bytes and no zero byte"
            )));
        }
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let row: (Instant, String, String) =
            run!(&mut transaction, query_as(SET).bind(now).bind(&*self.actor).bind(reason), fetch_one)?;
        transaction.note(&self.actor, Act::on(Action::ServiceReadOnly, "service").saying(reason)).await?;
        transaction.commit().await?;
        Ok(ReadOnly::of(row))
    }

    /// Ends that the service is read-only; says what ended, if it was.
    pub async fn make_writable(&self) -> Result<Option<ReadOnly>, StoreError> {
        let mut transaction = self.begin().await?;
        let was = transaction.read_only().await?;
        if was.is_some() {
            run!(&mut transaction, query(CLEAR), execute)?;
            transaction.note(&self.actor, Act::on(Action::ServiceWritable, "service")).await?;
        }
        transaction.commit().await?;
        Ok(was)
    }
}

impl ReadOnly {
    fn of((since, actor, reason): (Instant, String, String)) -> ReadOnly {
        ReadOnly { since: since.0, actor, reason }
    }
}

impl std::fmt::Display for ReadOnly {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.since.format("%Y-%m-%d %H:%M UTC");
        write!(formatter, "the service is read-only since {since}: {}", self.reason)
    }
}

impl Transaction {
    pub(super) async fn read_only(&mut self) -> Result<Option<ReadOnly>, StoreError> {
        let row = run!(self, query_as(LOOK), fetch_optional)?;
        Ok(row.map(ReadOnly::of))
    }

    /// Refuses what changes or deletes while the service is read-only.
    pub(super) async fn check_writable(&mut self) -> Result<(), StoreError> {
        match self.read_only().await? {
            Some(read_only) => Err(StoreError::ReadOnly { reason: read_only.to_string() }),
            None => Ok(()),
        }
    }
}

const LOOK: &str = "
-- name: look whether the service is read-only
select since, actor, reason from read_only";

const SET: &str = "
-- name: make the service read-only
insert into read_only (only_one, since, actor, reason) values (true, $1, $2, $3)
on conflict (only_one) do update set reason = excluded.reason
returning since, actor, reason";

const CLEAR: &str = "
-- name: make the service writable
delete from read_only";
