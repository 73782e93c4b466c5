//! The schema: applied by `fermiac migrate`, checked by everything else.
//!
//! Migrations are part of the program. What was applied is written down with a hash of its text, so that a database
//! that is older, newer or altered is refused in words, as is one of another environment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::{query, query_as, query_scalar, raw_sql};

use super::columns::Instant;
use super::transaction::{Transaction, run};
use super::{Home, Store, StoreError};
use crate::audit::{Act, Action};

/// A step of the schema, in the words of both databases.
struct Migration {
    version: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        migration!("000", $version, $name)
    };
    ($zeros:literal, $version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            postgres: include_str!(concat!(
                "../../../migrations/postgres/",
                $zeros,
                $version,
                "_",
                $name,
                ".sql"
            )),
            sqlite: include_str!(concat!(
                "../../../migrations/sqlite/",
                $zeros,
                $version,
                "_",
                $name,
                ".sql"
            )),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    migration!(1, "installation"),
    migration!(2, "users"),
    migration!(3, "workbooks"),
    migration!(4, "simulations"),
    migration!(5, "jobs"),
    migration!(6, "workers"),
    migration!(7, "leaderships"),
    migration!(8, "schedules"),
    migration!(9, "backups"),
    migration!("00", 10, "synthetic_users"),
    migration!("00", 11, "audit"),
    migration!("00", 12, "jobs_alone"),
    migration!("00", 13, "read_only"),
];

/// A migration that was just applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub name: String,
}

/// A migration, and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Its number.
    pub version: i64,
    /// What it is about.
    pub name: String,
    /// How it stands.
    pub status: MigrationStatus,
}

/// How a migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationStatus {
    /// It waits for `fermiac migrate`.
    Pending,
    /// It is applied.
    Applied {
        /// When.
        at: DateTime<Utc>,
    },
    /// It was applied with another text than this program knows.
    Altered,
    /// It is applied, and this program does not know it: a newer one does.
    Unknown,
}

impl std::fmt::Display for MigrationStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MigrationStatus::Pending => formatter.write_str("pending"),
            MigrationStatus::Applied { at } => {
                write!(formatter, "applied on {}", at.format("%Y-%m-%d %H:%M:%S UTC"))
            }
            MigrationStatus::Altered => {
                formatter.write_str("applied with another text than this program has")
            }
            MigrationStatus::Unknown => formatter.write_str("applied by a newer program"),
        }
    }
}

impl Store {
    /// Brings the schema up to what this program speaks, in one transaction, and names the environment whose database
    /// this is from now on. Two at once wait for each other.
    pub async fn migrate(&self) -> Result<Vec<Applied>, StoreError> {
        let mut transaction = self.begin().await?;
        if let Transaction::Postgres(_) = transaction {
            run!(&mut transaction, query(WAIT_FOR_OTHERS), execute)?;
        }
        let create = if self.is_postgres() { POSTGRES_CREATE_MIGRATIONS } else { SQLITE_CREATE_MIGRATIONS };
        run!(&mut transaction, query(create), execute)?;
        let states = transaction.migration_state(self.is_postgres()).await?;
        refuse_strange(&states)?;
        let pending = |one: &&Migration| {
            states
                .iter()
                .any(|state| state.version == one.version && state.status == MigrationStatus::Pending)
        };
        let mut applied = Vec::new();
        for migration in MIGRATIONS.iter().filter(pending) {
            self.apply(&mut transaction, migration).await?;
            applied.push(Applied { version: migration.version, name: migration.name.to_owned() });
        }
        if let (Some(first), Some(last)) = (applied.first(), applied.last()) {
            let act = Act::on(Action::SchemaMigrated, format!("{} to {}", first.version, last.version));
            transaction.note(&self.actor, act).await?;
        }
        run!(&mut transaction, query(NAME_ENVIRONMENT).bind(&self.settings.environment), execute)?;
        self.check_environment(&mut transaction).await?;
        transaction.commit().await?;
        Ok(applied)
    }

    /// Every migration that this program or this database knows, and how it stands.
    pub async fn migration_state(&self) -> Result<Vec<MigrationState>, StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let states = transaction.migration_state(self.is_postgres()).await?;
        transaction.commit().await?;
        Ok(states)
    }

    /// Refuses a database whose schema is not the one that this program speaks, or that is another environment's.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin_to_read().await?;
        let states = transaction.migration_state(self.is_postgres()).await?;
        refuse_strange(&states)?;
        let pending = states.iter().filter(|state| state.status == MigrationStatus::Pending).count();
        if pending > 0 {
            let reason = format!("the database's schema lacks {pending} migrations: run `fermiac migrate`");
            return Err(StoreError::schema(reason));
        }
        self.check_environment(&mut transaction).await?;
        transaction.commit().await
    }

    async fn apply(&self, transaction: &mut Transaction, migration: &Migration) -> Result<(), StoreError> {
        match transaction {
            Transaction::Postgres(on) => {
                raw_sql(migration.postgres).execute(&mut *on.connection).await.map(drop)?;
            }
            Transaction::Sqlite(on) => {
                raw_sql(migration.sqlite).execute(&mut *on.connection).await.map(drop)?;
            }
        }
        let now = transaction.now().await?;
        run!(
            transaction,
            query(WRITE_DOWN)
                .bind(migration.version)
                .bind(migration.name)
                .bind(migration.hash(self.is_postgres()))
                .bind(now),
            execute
        )?;
        Ok(())
    }

    async fn check_environment(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        let environment: Option<String> = run!(transaction, query_scalar(ENVIRONMENT), fetch_optional)?;
        let ours = &self.settings.environment;
        match environment {
            Some(theirs) if theirs == *ours => Ok(()),
            Some(theirs) => Err(StoreError::schema(format!(
                "this is the database of the environment {theirs}, and this program runs in {ours}: check DATABASE_URL"
            ))),
            None => Err(StoreError::schema("the database names no environment: run `fermiac migrate`")),
        }
    }

    fn is_postgres(&self) -> bool {
        matches!(self.home, Home::Postgres(_))
    }
}

impl Transaction {
    async fn migration_state(&mut self, postgres: bool) -> Result<Vec<MigrationState>, StoreError> {
        let exists = if postgres { POSTGRES_HAS_MIGRATIONS } else { SQLITE_HAS_MIGRATIONS };
        let exists: bool = run!(self, query_scalar(exists), fetch_one)?;
        let mut written: BTreeMap<i64, (String, Vec<u8>, Instant)> = BTreeMap::new();
        if exists {
            let rows: Vec<(i64, String, Vec<u8>, Instant)> = run!(self, query_as(WRITTEN_DOWN), fetch_all)?;
            written.extend(rows.into_iter().map(|(version, name, hash, at)| (version, (name, hash, at))));
        }
        let mut states = Vec::new();
        for migration in MIGRATIONS {
            let status = match written.remove(&migration.version) {
                None => MigrationStatus::Pending,
                Some((_, hash, at)) if hash == migration.hash(postgres) => {
                    MigrationStatus::Applied { at: at.0 }
                }
                Some(_) => MigrationStatus::Altered,
            };
            states.push(MigrationState {
                version: migration.version,
                name: migration.name.to_owned(),
                status,
            });
        }
        let unknown = |(version, (name, ..)): (i64, (String, Vec<u8>, Instant))| MigrationState {
            version,
            name,
            status: MigrationStatus::Unknown,
        };
        states.extend(written.into_iter().map(unknown));
        Ok(states)
    }
}

impl Migration {
    fn hash(&self, postgres: bool) -> Vec<u8> {
        Sha256::digest(if postgres { self.postgres } else { self.sqlite }).to_vec()
    }
}

fn refuse_strange(states: &[MigrationState]) -> Result<(), StoreError> {
    for MigrationState { version, name, status } in states {
        match status {
            MigrationStatus::Pending | MigrationStatus::Applied { .. } => {}
            MigrationStatus::Altered => {
                return Err(StoreError::schema(format!(
                    "migration {version} ({name}) was applied with another text: this database was made by another program"
                )));
            }
            MigrationStatus::Unknown => {
                return Err(StoreError::schema(format!(
                    "the database's schema is newer than this program: it has migration {version} ({name}); run a newer fermiac"
                )));
            }
        }
    }
    Ok(())
}

/// A lock of the transaction, not of the session, which PgBouncer would lose. The number is this program's own.
const WAIT_FOR_OTHERS: &str = "
-- name: wait for other migrations
select pg_advisory_xact_lock(4694187365820140)";

const POSTGRES_CREATE_MIGRATIONS: &str = "
-- name: create migrations
create table if not exists migrations (
    version    bigint primary key,
    name       text not null,
    hash       bytea not null,
    applied_at timestamptz not null)";

const SQLITE_CREATE_MIGRATIONS: &str = "
-- name: create migrations
create table if not exists migrations (
    version    integer primary key not null,
    name       text not null,
    hash       blob not null,
    applied_at integer not null)";

const POSTGRES_HAS_MIGRATIONS: &str = "
-- name: look for migrations
select to_regclass('migrations') is not null";

const SQLITE_HAS_MIGRATIONS: &str = "
-- name: look for migrations
select exists (select 1 from sqlite_schema where type = 'table' and name = 'migrations')";

const WRITTEN_DOWN: &str = "
-- name: list migrations
select version, name, hash, applied_at from migrations order by version";

const WRITE_DOWN: &str = "
-- name: write down migration
insert into migrations (version, name, hash, applied_at) values ($1, $2, $3, $4)";

const NAME_ENVIRONMENT: &str = "
-- name: name environment
insert into installation (environment) values ($1) on conflict do nothing";

const ENVIRONMENT: &str = "
-- name: look at environment
select environment from installation";
