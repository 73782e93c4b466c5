//! One transaction in either database, and how a statement that both understand is run in it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use super::columns::Instant;
use super::connect::LONGEST_SILENCE;
use super::{Home, Store, StoreError};

/// A transaction that is open. Dropped, it is rolled back.
pub(super) enum Transaction {
    /// In Postgres.
    Postgres(OnPostgres),
    /// In SQLite.
    Sqlite(OnSqlite),
}

/// In Postgres, where the instant of the manual clock, if there is one, goes before `now()`.
pub(super) struct OnPostgres {
    pub(super) connection: sqlx::Transaction<'static, Postgres>,
    /// Whether statements stay prepared: behind PgBouncer the next one may come to another server process.
    pub(super) persistent: bool,
    pub(super) instant: Option<Instant>,
}

/// In SQLite, where the process says what time it is.
pub(super) struct OnSqlite {
    pub(super) connection: sqlx::Transaction<'static, Sqlite>,
    pub(super) persistent: bool,
    pub(super) instant: Instant,
}

/// Runs a statement whose words are the same in both databases: `run!(transaction, query(TEXT).bind(..), fetch_one)`.
macro_rules! run {
    ($transaction:expr, $query:expr, execute) => {
        match $transaction {
            $crate::store::transaction::Transaction::Postgres(on) => $query
                .persistent(on.persistent)
                .execute(&mut *on.connection)
                .await
                .map(|done| done.rows_affected()),
            $crate::store::transaction::Transaction::Sqlite(on) => $query
                .persistent(on.persistent)
                .execute(&mut *on.connection)
                .await
                .map(|done| done.rows_affected()),
        }
    };
    ($transaction:expr, $query:expr, $how:ident) => {
        match $transaction {
            $crate::store::transaction::Transaction::Postgres(on) => {
                $query.persistent(on.persistent).$how(&mut *on.connection).await
            }
            $crate::store::transaction::Transaction::Sqlite(on) => {
                $query.persistent(on.persistent).$how(&mut *on.connection).await
            }
        }
    };
}
pub(super) use run;

impl Store {
    /// Opens a transaction that writes.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        self.open("begin immediate").await
    }

    /// Opens a transaction that only reads: on SQLite, such ones do not wait for the writer.
    pub(super) async fn begin_to_read(&self) -> Result<Transaction, StoreError> {
        self.open("begin deferred").await
    }

    async fn open(&self, on_sqlite: &'static str) -> Result<Transaction, StoreError> {
        match &self.home {
            Home::Postgres(pool) => Ok(Transaction::Postgres(self.open_postgres(pool).await?)),
            Home::Sqlite(pool) => Ok(Transaction::Sqlite(self.open_sqlite(pool, on_sqlite).await?)),
        }
    }

    async fn open_postgres(&self, pool: &PgPool) -> Result<OnPostgres, StoreError> {
        let mut connection = pool.begin().await?;
        let persistent = !self.settings.pooled_by_pgbouncer;
        if self.settings.pooled_by_pgbouncer {
            // PgBouncer refuses it as an option of the connection.
            sqlx::query(LIMIT_STATEMENTS)
                .bind(self.settings.statement_timeout.as_millis().to_string())
                .bind(LONGEST_SILENCE.as_millis().to_string())
                .persistent(false)
                .execute(&mut *connection)
                .await?;
        }
        Ok(OnPostgres { connection, persistent, instant: self.settings.clock.instant().map(Instant) })
    }

    async fn open_sqlite(&self, pool: &SqlitePool, begin: &'static str) -> Result<OnSqlite, StoreError> {
        let connection = pool.begin_with(begin).await?;
        let instant = Instant(self.settings.clock.instant().unwrap_or_else(Utc::now));
        Ok(OnSqlite { connection, persistent: true, instant })
    }
}

const LIMIT_STATEMENTS: &str = "
-- name: limit statements
select set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)";

const TELL_TIME: &str = "
-- name: tell time
select now()";

impl OnSqlite {
    /// The instant this long after now.
    pub(super) fn after(&self, span: Duration) -> Instant {
        let span = chrono::TimeDelta::from_std(span).unwrap_or(chrono::TimeDelta::MAX);
        Instant(self.instant.0.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }
}

impl Transaction {
    /// The instant that this transaction writes: one for all its statements.
    pub(super) async fn now(&mut self) -> Result<Instant, StoreError> {
        match self {
            Transaction::Postgres(OnPostgres { instant: Some(instant), .. }) => Ok(*instant),
            Transaction::Postgres(on) => {
                let query = sqlx::query_scalar(TELL_TIME).persistent(on.persistent);
                Ok(query.fetch_one(&mut *on.connection).await?)
            }
            Transaction::Sqlite(on) => Ok(on.instant),
        }
    }

    /// Makes it true.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Transaction::Postgres(on) => on.connection.commit().await?,
            Transaction::Sqlite(on) => on.connection.commit().await?,
        }
        Ok(())
    }
}
