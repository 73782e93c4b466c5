//! How far the database's log is archived. Postgres only.

use chrono::{DateTime, Utc};
use sqlx::{query_as, query_scalar};

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Store, StoreError};

/// What the archiver has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archiver {
    /// The last segment that it brought to the archive, and when.
    pub archived: Option<(String, DateTime<Utc>)>,
    /// How often it failed.
    pub failed: i64,
}

impl Store {
    /// The segment of the log in which the last commit stands.
    pub async fn log_segment(&self) -> Result<String, StoreError> {
        let mut transaction = self.begin_on_postgres().await?;
        let segment = run!(&mut transaction, query_scalar(SEGMENT), fetch_one)?;
        transaction.commit().await?;
        Ok(segment)
    }

    /// What the archiver has done.
    pub async fn archiver(&self) -> Result<Archiver, StoreError> {
        let mut transaction = self.begin_on_postgres().await?;
        let (segment, at, failed): (Option<String>, Option<Instant>, i64) =
            run!(&mut transaction, query_as(ARCHIVER), fetch_one)?;
        transaction.commit().await?;
        Ok(Archiver { archived: segment.zip(at.map(|at| at.0)), failed })
    }

    async fn begin_on_postgres(&self) -> Result<Transaction, StoreError> {
        match self.begin_to_read().await? {
            transaction @ Transaction::Postgres(_) => Ok(transaction),
            Transaction::Sqlite(_) => Err(StoreError::refused("SQLite archives no log")),
        }
    }
}

const SEGMENT: &str = "
-- name: look at log
select pg_walfile_name(pg_current_wal_insert_lsn())";

const ARCHIVER: &str = "
-- name: look at archiver
select last_archived_wal, last_archived_time, failed_count from pg_stat_archiver";
