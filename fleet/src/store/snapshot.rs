//! All of a database at one instant: what a backup records of it, and what a restore is held to.
//!
//! A snapshot is a transaction that sees nothing of what others write meanwhile. Exported, a dump sees exactly the same,
//! so that the rows that are counted here are the rows that are in the dump.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, PgPool, Postgres, query_as, query_scalar};

use super::{Home, Store, StoreError};

/// A view of all rows as they were at one instant, for as long as it is kept. Postgres only.
#[derive(Debug)]
pub struct Snapshot {
    transaction: sqlx::Transaction<'static, Postgres>,
    taken_at: DateTime<Utc>,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDigest {
    /// Its name, with its schema's.
    pub table: String,
    /// How many rows it has.
    pub rows: i64,
    /// The sums of the two halves of the MD5 of each row as text: the same for the same rows in any order.
    pub digest: String,
}

impl Store {
    /// Begins to look at the database as it is now. One of the pool's connections is taken as long as it lasts.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        match &self.home {
            Home::Postgres(pool) => Snapshot::begin(pool).await,
            Home::Sqlite(_) => Err(StoreError::refused(
                "only a database of Postgres can be looked at as a whole: SQLite is for development, without backups",
            )),
        }
    }
}

impl Snapshot {
    async fn begin(pool: &PgPool) -> Result<Snapshot, StoreError> {
        let mut transaction = pool.begin_with("begin isolation level repeatable read read only").await?;
        let taken_at =
            query_scalar(ONE_WAY_OF_WRITING).persistent(false).fetch_one(&mut *transaction).await?;
        Ok(Snapshot { transaction, taken_at })
    }

    /// The instant; everything committed before it is seen.
    #[must_use]
    pub fn taken_at(&self) -> DateTime<Utc> {
        self.taken_at
    }

    /// The name by which another connection, such as `pg_dump`'s, sees the same.
    pub async fn export(&mut self) -> Result<String, StoreError> {
        Ok(query_scalar(EXPORT).persistent(false).fetch_one(&mut *self.transaction).await?)
    }

    /// The number of the newest migration, and the version of the server.
    pub async fn versions(&mut self) -> Result<(i64, String), StoreError> {
        Ok(query_as(VERSIONS).persistent(false).fetch_one(&mut *self.transaction).await?)
    }

    /// Every table of ours, by name.
    pub async fn tables(&mut self) -> Result<Vec<TableDigest>, StoreError> {
        let tables: Vec<(String, String)> =
            query_as(TABLES).persistent(false).fetch_all(&mut *self.transaction).await?;
        let mut digests = Vec::with_capacity(tables.len());
        for (table, statement) in tables {
            // The server has written it, with the names of its own tables quoted.
            let look = query_as(AssertSqlSafe(statement)).persistent(false);
            let (rows, digest) = look.fetch_one(&mut *self.transaction).await?;
            digests.push(TableDigest { table, rows, digest });
        }
        Ok(digests)
    }

    /// The keys of all blobs that rows need, in order.
    pub async fn blobs(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(query_scalar(BLOBS).persistent(false).fetch_all(&mut *self.transaction).await?)
    }

    /// How many simulations say that they succeeded and have no result.
    pub async fn lost_results(&mut self) -> Result<i64, StoreError> {
        Ok(query_scalar(LOST_RESULTS).persistent(false).fetch_one(&mut *self.transaction).await?)
    }
}

/// Rows as text are compared between servers: both write them alike.
const ONE_WAY_OF_WRITING: &str = "
-- name: begin snapshot
select now() from (select
    set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'iso_8601', true), set_config('bytea_output', 'hex', true),
    set_config('extra_float_digits', '3', true), set_config('statement_timeout', '0', true),
    set_config('idle_in_transaction_session_timeout', '0', true)) as settings";

const EXPORT: &str = "
-- name: export snapshot
select pg_export_snapshot()";

const VERSIONS: &str = "
-- name: look at versions
select (select max(version) from migrations), current_setting('server_version')";

const TABLES: &str = "
-- name: list tables
select format('%I.%I', schema.nspname, class.relname),
    format('select count(*), concat_ws('':'',
            coalesce(sum((''x'' || left(hash, 16))::bit(64)::bigint), 0),
            coalesce(sum((''x'' || right(hash, 16))::bit(64)::bigint), 0))
        from (select md5(one::text) as hash from %I.%I as one) as rows', schema.nspname, class.relname)
from pg_class as class join pg_namespace as schema on schema.oid = class.relnamespace
where class.relkind in ('r', 'p') and not class.relispartition
    and schema.nspname <> 'information_schema' and schema.nspname not like 'pg\\_%'
order by 1";

/// The parts of slices are needed until their simulation's root has ended well.
const BLOBS: &str = r#"
-- name: list blobs of rows
select key collate "C" from (
    select 'workbooks/' || hash as key from workbooks
    union
    select result_key from jobs
    where result_key is not null and (kind <> 'slice' or exists (
        select 1 from jobs as parent where parent.id = jobs.parent and parent.state not in ('succeeded', 'cancelled')))
    union
    select samples_key from jobs where samples_key is not null) as keys
order by 1"#;

const LOST_RESULTS: &str = "
-- name: count lost results
select count(*) from jobs
where state = 'succeeded' and kind in ('simulate', 'combine') and result is null and result_key is null";
