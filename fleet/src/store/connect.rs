//! Where a store is, and how many may talk to it at once.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, PgConnection, PgPool, SqlitePool};
use tokio::time::timeout;

use super::clock::StoreClock;
use super::transaction::run;
use super::{Home, Store, StoreError};

/// A transaction whose client says nothing for so long is ended by the server, and its locks with it: a process that is
/// stopped in the middle of one must not hold up the rescue of its own jobs past their leases.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(5);

/// How the standard library begins when a name does not resolve.
const UNRESOLVED: &str = "failed to lookup address information";

/// A connection that waited for work answers within this time, or its other end is gone.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// How a store is spoken to.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The environment that the database must belong to.
    pub environment: String,
    /// How many connections are open at most.
    pub max_connections: u32,
    /// How long a call waits for one.
    pub acquire_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// Whether PgBouncer stands between, in transaction mode: then nothing is kept on a connection.
    pub pooled_by_pgbouncer: bool,
    /// Whose time counts.
    pub clock: StoreClock,
}

impl StoreSettings {
    /// Settings that serve a small process of this environment.
    #[must_use]
    pub fn of(environment: &str) -> Self {
        StoreSettings {
            environment: environment.to_owned(),
            max_connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            pooled_by_pgbouncer: false,
            clock: StoreClock::Database,
        }
    }
}

impl Store {
    /// Opens the store at `postgres://..`, `sqlite:path` or `sqlite::memory:`, and says at once if it is away. The
    /// schema is another question: [`Store::check_schema`].
    pub async fn connect(url: &str, settings: &StoreSettings) -> Result<Store, StoreError> {
        let home = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Home::Postgres(connect_postgres(url, settings).await?)
        } else if url.starts_with("sqlite:") {
            Home::Sqlite(connect_sqlite(url, settings).await?)
        } else {
            return Err(StoreError::refused(
                "the database's address must begin with postgres://, postgresql:// or sqlite:",
            ));
        };
        Ok(Store { home, settings: Arc::new(settings.clone()), actor: Arc::from("fermiac") })
    }

    /// Closes every connection, after the calls that are under way.
    pub async fn close(&self) {
        match &self.home {
            Home::Postgres(pool) => pool.close().await,
            Home::Sqlite(pool) => pool.close().await,
        }
    }
}

async fn connect_postgres(url: &str, settings: &StoreSettings) -> Result<PgPool, StoreError> {
    let mut options =
        PgConnectOptions::from_str(url).map_err(|error| refuse_address(&error))?.application_name("fermiac");
    if settings.pooled_by_pgbouncer {
        options = options.statement_cache_capacity(0).extra_float_digits(None);
    } else {
        options = options.options([
            ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", LONGEST_SILENCE.as_millis().to_string()),
        ]);
    }
    let pool = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .max_lifetime(Duration::from_secs(30 * 60))
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(answers(connection)))
        .connect_with(options.clone())
        .await;
    pool.map_err(|error| unanswered(error, &options, settings.acquire_timeout))
}

/// Why the door stayed shut, by the names that stand in the settings; never the password.
fn unanswered(error: sqlx::Error, options: &PgConnectOptions, waited: Duration) -> StoreError {
    let (host, user) = (options.get_host(), options.get_username());
    let place = match options.get_socket() {
        Some(folder) => format!("in {}", folder.display()),
        None => format!("at {host}:{}", options.get_port()),
    };
    match &error {
        sqlx::Error::Database(said) => match said.code().as_deref() {
            Some("28P01") => {
                let reason = format!("the database {place} refuses the user '{user}' with this password");
                StoreError::NoAccess { reason }
            }
            Some("3D000") => {
                let name = options.get_database().unwrap_or(user);
                StoreError::NoAccess { reason: format!("the server {place} has no database '{name}'") }
            }
            Some(code) if code.starts_with("28") => {
                let reason = format!("the database {place} refuses the user '{user}': {}", said.message());
                StoreError::NoAccess { reason }
            }
            _ => error.into(),
        },
        sqlx::Error::PoolTimedOut => {
            let reason = format!("nobody answered {place} within {} s", waited.as_secs_f64());
            StoreError::Unavailable { reason }
        }
        // The standard library has no kind for a name that does not resolve.
        sqlx::Error::Io(io) if io.to_string().contains(UNRESOLVED) => {
            StoreError::Unavailable { reason: format!("its host '{host}' cannot be found: {io}") }
        }
        sqlx::Error::Io(io) => StoreError::Unavailable { reason: format!("{place}: {io}") },
        _ => error.into(),
    }
}

/// An error has the connection closed, and the next one tried. The driver's own test would wait for one whose other end
/// is gone until nothing is left of the caller's time.
async fn answers(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match timeout(ANSWERS_WITHIN, connection.ping()).await {
        Ok(answer) => answer.map(|()| true),
        Err(_) => Err(sqlx::Error::WorkerCrashed),
    }
}

/// Readers beside one writer. What is committed is on the disk, as on Postgres.
async fn connect_sqlite(url: &str, settings: &StoreSettings) -> Result<SqlitePool, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| refuse_address(&error))?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(settings.acquire_timeout);
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    let (options, connections) = if in_memory {
        // A second connection would open a second database.
        (options, 1)
    } else {
        let durable = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        (durable, settings.max_connections.clamp(1, 4))
    };
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(settings.acquire_timeout)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(options)
        .await?;
    Ok(pool)
}

fn refuse_address(error: &sqlx::Error) -> StoreError {
    StoreError::refused(format!("the database's address cannot be read: {error}"))
}

/// How full a store's pool of connections is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolGauges {
    /// Connections that are open.
    pub open: u32,
    /// Those of them that wait for work.
    pub idle: u32,
    /// How many may be open.
    pub most: u32,
}

const PING: &str = "
-- name: ping
select 1";

impl Store {
    /// Whether the database answers, by a statement of its own.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin_to_read().await?;
        run!(&mut transaction, sqlx::query(PING), execute)?;
        transaction.commit().await
    }

    /// How full the pool of connections is.
    #[must_use]
    pub fn pool_gauges(&self) -> PoolGauges {
        let (open, idle, most) = match &self.home {
            Home::Postgres(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            Home::Sqlite(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
        };
        PoolGauges { open, idle: u32::try_from(idle).unwrap_or(u32::MAX), most }
    }
}
