//! A look into the fleet's database, beside the fleet, and a journal of what happens to its jobs.

use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Decode, PgConnection, PgPool, Postgres, Row, Type, raw_sql,
};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime starts")
});

/// How often a state is looked at: each look is work for the database under test.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Every change of a job's state, and every write to a job that had ended: there must be none.
const JOURNAL: &str = "
create table journal (
    job uuid, kind text, before text, after text, worker text, epoch bigint, attempt integer, at double precision);
create function note_in_journal() returns trigger language plpgsql as $$
begin
    insert into journal values (new.id, new.kind, old.state, new.state, coalesce(new.worker, old.worker), new.epoch,
        new.attempt, extract(epoch from clock_timestamp()));
    return null;
end $$;
create trigger journal after update on jobs for each row
    when (old.state is distinct from new.state or old.state in ('succeeded', 'failed', 'cancelled'))
    execute function note_in_journal();
create index journal_by_job on journal (job);";

/// The database of a fleet, looked at over connections of its own.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    options: PgConnectOptions,
}

impl Database {
    /// At this address; nothing is connected yet.
    pub fn at(url: &str) -> Database {
        let options: PgConnectOptions = url.parse().expect("the harness gives an address");
        let options = options.application_name("observer");
        let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5));
        let _entered = RUNTIME.enter();
        Database { pool: pool.connect_lazy_with(options.clone()), options }
    }

    /// Its address by way of a proxy on another port.
    pub fn url_through(&self, port: u16) -> String {
        let name = self.options.get_database().expect("the harness names one");
        format!("postgres://postgres@127.0.0.1:{port}/{name}")
    }

    /// From now on every change of a job's state is noted.
    pub fn keep_journal(&self) {
        self.execute(JOURNAL);
    }

    /// Runs statements.
    pub fn execute(&self, statements: &str) {
        let run = async { raw_sql(AssertSqlSafe(statements)).execute(&self.pool).await };
        RUNTIME.block_on(run).unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// The rows of a query.
    pub fn rows(&self, query: &str) -> Vec<PgRow> {
        self.try_rows(query).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The rows of a query, unless the database is away.
    pub fn try_rows(&self, query: &str) -> sqlx::Result<Vec<PgRow>> {
        RUNTIME.block_on(async { raw_sql(AssertSqlSafe(query)).fetch_all(&self.pool).await })
    }

    /// The first column of the rows of a query.
    pub fn column<T>(&self, query: &str) -> Vec<T>
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        self.rows(query).iter().map(|row| row.get(0)).collect()
    }

    /// The one value that a query gives.
    pub fn value<T>(&self, query: &str) -> T
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        let [value] =
            <[T; 1]>::try_from(self.column(query)).unwrap_or_else(|_| panic!("not one row: {query}"));
        value
    }

    /// How many rows a query counts.
    pub fn count(&self, query: &str) -> i64 {
        self.value(query)
    }

    /// Waits until a query that asks for a truth says yes. A database that is away says nothing.
    pub fn wait_until(&self, what: &str, deadline: Duration, query: &str) {
        let started = Instant::now();
        loop {
            let said = self.try_rows(query).unwrap_or_default();
            if said.first().is_some_and(|row| row.get::<Option<bool>, _>(0) == Some(true)) {
                return;
            }
            assert!(started.elapsed() < deadline, "not within {deadline:?}: {what}");
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// Runs a statement in a transaction that stays open, and with it the locks that it took.
    pub fn hold(&self, statement: &str) -> Held {
        let held = RUNTIME.block_on(async {
            let mut connection = self.options.connect().await?;
            raw_sql("begin").execute(&mut connection).await?;
            let rows = raw_sql(AssertSqlSafe(statement)).fetch_all(&mut connection).await?.len();
            Ok::<_, sqlx::Error>(Held { connection, rows })
        });
        held.unwrap_or_else(|error| panic!("{statement}: {error}"))
    }
}

/// A transaction that is open, and rolled back by [`Held::release`].
pub struct Held {
    connection: PgConnection,
    /// How many rows its statement gave.
    pub rows: usize,
}

impl Held {
    /// Gives the locks back.
    pub fn release(self) {
        // It rolls back as the connection ends.
        RUNTIME.block_on(self.connection.close()).expect("the connection ends in order");
    }
}

/// Now, in the journal's seconds: everything is on one machine.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs_f64()
}
